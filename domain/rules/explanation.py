"""Explanations: text with {column} placeholders, filled with the values that triggered the rule."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

import polars as pl

from suyuan.domain.rules.columns import COLUMNS, Kind
from suyuan.domain.rules.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator

ABSENT = "–"


def check_template(rule: str, template: str) -> None:
    """Raises RuleError unless every placeholder is a bare column name."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise RuleError(rule, f"bad explanation template ({error})", template) from error
    for _, name, form, conversion in parts:
        if name is not None and (name not in COLUMNS or form or conversion):
            raise RuleError(rule, "the explanation has a placeholder that is not a column", f"{{{name}}}")


def placeholders(template: str) -> frozenset[str]:
    """Columns that a template shows."""
    return frozenset(name for _, name in _parts(template) if name is not None)


def explanation(template: str) -> pl.Expr:
    """The filled text per row; an absent value is shown as a dash, a list as its items joined by commas."""
    shown: list[pl.Expr] = []
    for text, name in _parts(template):
        shown.append(pl.lit(text))
        if name is not None:
            shown.append(_shown(name).fill_null(ABSENT))
    return pl.concat_str(shown)


def _shown(name: str) -> pl.Expr:
    if COLUMNS[name].kind is Kind.TEXTS:
        return pl.col(name).list.join(", ")
    return pl.col(name).cast(pl.String)


def _parts(template: str) -> Iterator[tuple[str, str | None]]:
    for text, name, _, _ in Formatter().parse(template):
        yield text, name
