"""Explanations: text with {column} placeholders, filled with the values that triggered the rule."""

from __future__ import annotations

from functools import lru_cache
from string import Formatter
from typing import TYPE_CHECKING

from suyuan.domain.identifiers.spoilt import looks_spoilt
from suyuan.domain.rules.columns import COLUMNS
from suyuan.domain.rules.errors import RuleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Value = str | int | Sequence[str | None] | None

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


def explanation(template: str, values: Mapping[str, Value], spoilt: str = SPOILT_EN) -> str:
    """The template filled with a listing's values of its columns; an absent value is shown as a dash, a list as its
    items joined by commas. `spoilt`: text to put behind a code, GTIN or lot that looks like a spreadsheet's damage,
    which is not fraud.
    """
    text, names = _printf(template)
    return text % tuple([_shown(name, values[name], spoilt) for name in names])


def _shown(name: str, value: Value, spoilt: str) -> str:
    if isinstance(value, str):
        return value + spoilt if name in _CELLS and looks_spoilt(value) else value
    if value is None:
        return ABSENT
    if isinstance(value, int):
        return str(value)
    return ", ".join([each for each in value if each is not None])


@lru_cache(maxsize=1024)
def _printf(template: str) -> tuple[str, tuple[str, ...]]:
    """The template with %s for each placeholder, and the names of these."""
    parts = list(_parts(template))
    text = "".join(text.replace("%", "%%") + ("%s" if name is not None else "") for text, name in parts)
    return text, tuple(name for _, name in parts if name is not None)


def _parts(template: str) -> Iterator[tuple[str, str | None]]:
    for text, name, _, _ in Formatter().parse(template):
        yield text, name
