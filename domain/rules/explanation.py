"""Explanations: text with {column} placeholders, filled with the values that triggered the rule."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING

import polars as pl

from suyuan.domain.identifiers.spoilt import looks_spoilt
from suyuan.domain.rules.columns import COLUMNS, Kind
from suyuan.domain.rules.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator

ABSENT = "–"
SPOILT_ZH = "（该单元格疑似被电子表格改坏）"
SPOILT_EN = " (the cell looks spoilt by a spreadsheet)"

_CELLS = frozenset({"platform_code", "seller_code", "producer_code", "gtin", "lot"})
"""columns that hold what somebody typed or exported"""


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


def explanation(template: str, spoilt: str = SPOILT_EN) -> pl.Expr:
    """Expression for the filled text of each row; an absent value is shown as a dash, a list as its items joined by
    commas. `spoilt`: text to put behind a code, GTIN or lot that looks like a spreadsheet's damage, which is not fraud.
    """
    shown: list[pl.Expr] = []
    for text, name in _parts(template):
        shown.append(pl.lit(text))
        if name is not None:
            shown.append(_shown(name, spoilt).fill_null(ABSENT))
    return pl.concat_str(shown)


def _shown(name: str, spoilt: str) -> pl.Expr:
    column = pl.col(name)
    if COLUMNS[name].kind is Kind.TEXTS:
        return column.list.join(", ")
    if name in _CELLS:
        return pl.when(looks_spoilt(column)).then(pl.concat_str(column, pl.lit(spoilt))).otherwise(column)
    return column.cast(pl.String)


def _parts(template: str) -> Iterator[tuple[str, str | None]]:
    for text, name, _, _ in Formatter().parse(template):
        yield text, name
