"""Identifiers of events as the rest of the system compares them, by column and one by one.

What normal form is: `identifiers/normal_form.py`. What is absent in it becomes null where it may be absent, and stays
the empty text elsewhere (`acceptance.py` refuses it, but for a listing's seller_code).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import polars as pl

from suyuan.domain.event_kind import EVERY_CODE, EVERY_NUMBER, EventKind
from suyuan.domain.identifiers.gtin import checked_gtins, gtin_columns
from suyuan.domain.identifiers.normal_form_columns import (
    CODE,
    DIGITS,
    NUMBER,
    TEXT,
    ColumnForm,
    code_forms,
    formed,
    not_plain,
    text_expr,
    text_forms,
)


def normalise(kind: EventKind, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with their identifiers in normal form; with a GTIN also `gtin_valid` (null where absent). `rows`:
    columns of the kind's fields.
    """
    forms = _forms(kind)
    columns = {name: formed(rows[name], forms[name]) for name in not_plain(rows, forms)}
    for name in kind.gtins:
        columns[name], columns["gtin_valid"] = checked_gtins(columns[name] if name in columns else rows[name])
    columns |= {name: _lists(rows[name]) for name in kind.text_lists}
    if kind.name == "lot":
        columns["inputs"] = _inputs(rows["inputs"])
    for name in kind.required:
        column = columns[name] if name in columns else rows[name]
        if column.null_count():
            columns[name] = column.fill_null("")
    return rows.with_columns(column.alias(name) for name, column in columns.items())


@cache
def _forms(kind: EventKind) -> dict[str, ColumnForm]:
    """Those of a kind's texts."""
    return {
        **dict.fromkeys((*EVERY_CODE, *kind.codes), CODE),
        **dict.fromkeys(kind.texts, TEXT),
        **dict.fromkeys(kind.gtins, DIGITS),
        **dict.fromkeys((*EVERY_NUMBER, *kind.numbers), NUMBER),
    }


def normal_event(kind: EventKind, event: Mapping[str, Any]) -> dict[str, str | None]:
    """The identifiers of one event in normal form, without its lists; None: absent."""
    return {name: form(event[name]) for name, form in kind.identifiers.items()}


def _lists(lists: pl.Series) -> pl.Series:
    """Lists of texts in normal form, without items that stand for nothing."""
    items = lists.explode()
    if text_forms(items) is items:
        return lists
    form = pl.col(lists.name).list.eval(text_expr(pl.element()).drop_nulls())
    return lists.to_frame().select(form).to_series()


def _inputs(inputs: pl.Series) -> pl.Series:
    """A lot's inputs, list of {producer_code, gtin, lot, quantity}, each named in normal form; what names nothing is
    kept as the text that it is, which no lot has.
    """
    flat = inputs.to_frame("inputs").with_row_index("row").explode("inputs").drop_nulls("inputs").unnest("inputs")
    if flat.is_empty():
        return inputs
    forms = [code_forms(flat["producer_code"]), gtin_columns(flat["gtin"])[0], text_forms(flat["lot"])]
    named = flat.with_columns(form.fill_null(flat[form.name]) if form.null_count() else form for form in forms)
    packed = named.group_by("row", maintain_order=True).agg(inputs=pl.struct(pl.exclude("row")))
    rows = pl.DataFrame({"row": pl.int_range(len(inputs), dtype=pl.get_index_type(), eager=True)})
    joined = rows.join(packed, on="row", how="left", maintain_order="left")
    return joined.select(pl.col("inputs").cast(inputs.dtype).fill_null(pl.lit([], dtype=inputs.dtype))).to_series()
