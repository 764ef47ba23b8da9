"""Words in which the table of gaps is written: expressions over the columns of `joined.py`."""

from __future__ import annotations

import polars as pl

col = pl.col


def text(pattern: str, *columns: str | pl.Expr) -> pl.Expr:
    """`pl.format` that shows an absent value as nothing instead of being null as a whole."""
    shown = [col(column) if isinstance(column, str) else column for column in columns]
    return pl.format(pattern, *(value.cast(pl.String).fill_null("") for value in shown))


def events(*columns: str | pl.Expr) -> pl.Expr:
    """Expression for the list of those of the given event ids that are not null."""
    return pl.concat_list(*columns).list.drop_nulls()


def field(struct: str, name: str) -> pl.Expr:
    """A field of a struct column."""
    return col(struct).struct.field(name)


def first(structs: str, name: str) -> pl.Expr:
    """A field of the first of a list of structs, null when the list is empty."""
    return col(structs).list.first().struct.field(name)


def evidence_of(structs: str) -> pl.Expr:
    """The evidence of each of a list of structs; each event once."""
    return col(structs).list.eval(pl.element().struct.field("evidence")).list.unique(maintain_order=True)


def lot_name(structs: str) -> pl.Expr:
    """producer/gtin/lot of the first of a list of lots."""
    return pl.concat_str(first(structs, "producer_code"), first(structs, "gtin"), first(structs, "lot"), separator="/")


def has(struct: str, field: str) -> pl.Expr:
    """Expression for whether a struct column is there, by a field that is never null in it."""
    return pl.col(struct).struct.field(field).is_not_null()
