"""Normal form by column: the same as `normal_form`, for blocks of thousands of rows.

Most columns need nothing done, which one search through all their texts in a row shows; else most rows need nothing
done, and what the others need is worked out for them alone.
"""

from __future__ import annotations

import string
from collections.abc import Callable

import polars as pl

from suyuan.domain.identifiers.normal_form import BLANKS_AND_DASHES, LINE_END, NOTHING, UNSEEN

_NOTHING = sorted(NOTHING)
_LONGEST_WORD = max(len(word.encode()) for word in NOTHING)
_CAPITALS = list(string.ascii_lowercase), list(string.ascii_uppercase)
_BEYOND_DIGITS = "[^0-9]"
_BEYOND_CAPITALS = "[^0-9A-Z]"
_BEYOND_PLAIN = r"[^!-~\u4e00-\u9fff]"


def text_forms(texts: pl.Series) -> pl.Series:
    """`text_form` of each text; null: absent."""
    return _without_nothing(_formed(texts, _BEYOND_PLAIN, text_expr))


def code_forms(codes: pl.Series) -> pl.Series:
    """`code_form` of each text; null: absent."""
    return _without_nothing(_formed(codes, _BEYOND_CAPITALS, code_expr))


def compact_forms(numbers: pl.Series) -> pl.Series:
    """`compact_form` of each text; null: absent. For columns that hold digits."""
    return _without_nothing(_formed(numbers, _BEYOND_DIGITS, compact_expr))


def number_forms(numbers: pl.Series) -> pl.Series:
    """`number_form` of each text; null: absent."""
    return _without_empty(_formed(numbers, _BEYOND_PLAIN, number_expr))


def text_expr(text: pl.Expr) -> pl.Expr:
    """`text_form` as an expression, for few rows: it does every step for each."""
    plain = text.str.replace_all(LINE_END, " ").str.replace_all(UNSEEN, "").str.normalize("NFKC").str.strip_chars()
    return _unless_nothing(plain)


def compact_expr(text: pl.Expr) -> pl.Expr:
    """`compact_form` as an expression, for few rows."""
    return _unless_nothing(text_expr(text).str.replace_all(BLANKS_AND_DASHES, "").str.normalize("NFKC"))


def code_expr(text: pl.Expr) -> pl.Expr:
    """`code_form` as an expression, for few rows."""
    return compact_expr(text).str.replace_many(*_CAPITALS).str.normalize("NFKC")


def number_expr(text: pl.Expr) -> pl.Expr:
    """`number_form` as an expression, for few rows."""
    seen = text.str.replace_all(UNSEEN, "").str.strip_chars()
    return pl.when(seen != "").then(seen)


def _unless_nothing(text: pl.Expr) -> pl.Expr:
    return pl.when((text != "") & ~text.is_in(_NOTHING)).then(text)


def _formed(texts: pl.Series, beyond: str, form: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """The texts, of which those with a character `beyond` the plain ones are brought into normal form."""
    if not texts.str.join("").str.contains(beyond).item():
        return texts
    rows = texts.str.contains(beyond).arg_true()
    formed = texts.gather(rows).to_frame("text").select(form(pl.col("text"))).to_series()
    return texts.clone().scatter(rows, formed)


def _without_nothing(texts: pl.Series) -> pl.Series:
    least = texts.str.len_bytes().min()
    if least is None or least > _LONGEST_WORD:  # type: ignore[operator]
        return texts
    rows = (texts.is_in(_NOTHING) | (texts == "")).arg_true()
    return texts if rows.is_empty() else texts.clone().scatter(rows, None)


def _without_empty(texts: pl.Series) -> pl.Series:
    if texts.str.len_bytes().min() != 0:
        return texts
    return texts.clone().scatter((texts == "").arg_true(), None)
