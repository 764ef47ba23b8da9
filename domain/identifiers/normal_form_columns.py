"""Normal form by column: the same as `normal_form`, for blocks of thousands of rows.

Most columns need nothing done, which one look through all their texts in a row shows; else most rows need nothing
done, and what the others need is worked out for them alone.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import polars as pl

from suyuan.domain.identifiers.normal_form import BLANKS_AND_DASHES, LINE_END, NOTHING, UNSEEN

_NOTHING = NOTHING | {""}
_LONGEST_WORD = max(len(word.encode()) for word in NOTHING)
_CAPITALS = list(string.ascii_lowercase), list(string.ascii_uppercase)
_HAN = "\u4e00-\u9fff"
_HAN_ALONE = re.compile(f"[{_HAN}]*")


@dataclass(frozen=True)
class ColumnForm:
    """A normal form of texts. `ascii`: those of its characters that it leaves as they are, in a class of a regular
    expression; `han`: whether it leaves the common Chinese characters, too; `words`: whether those for nothing are
    nothing in it; `expr`: all its steps.
    """

    ascii: str
    han: bool
    words: bool
    expr: Callable[[pl.Expr], pl.Expr]

    @cached_property
    def beyond(self) -> str:
        """Regular expression for the characters that it may change."""
        return f"[^{self.ascii}{_HAN if self.han else ''}]"

    @cached_property
    def kept(self) -> bytes:
        """The characters of `ascii`."""
        return bytes(byte for byte in range(128) if re.match(f"[{self.ascii}]", chr(byte)))


def not_plain(rows: pl.DataFrame, forms: Mapping[str, ColumnForm]) -> list[str]:
    """The columns of which some text may not be in its normal form; all others are as they are."""
    found = iter(rows.select(_looks(tuple(forms))).row(0))
    return [
        name
        for (name, form), joined, least in zip(forms.items(), found, found, strict=True)
        if not (_leaves(form, joined) and _are_something(rows[name], form, least))
    ]


@lru_cache(64)
def _looks(names: tuple[str, ...]) -> list[pl.Expr]:
    """Of each column all its texts in a row, and the bytes of the shortest."""
    return [
        look
        for name in names
        for look in (
            pl.col(name).str.join("").cast(pl.Binary),
            pl.col(name).str.len_bytes().min().alias(f"{name} size"),
        )
    ]


def _leaves(form: ColumnForm, joined: bytes) -> bool:
    rest = joined.translate(None, form.kept)
    return not rest or (form.han and _HAN_ALONE.fullmatch(rest.decode()) is not None)


def _are_something(texts: pl.Series, form: ColumnForm, least: int | None) -> bool:
    if not form.words:
        return least != 0
    return least is None or least > _LONGEST_WORD or _NOTHING.isdisjoint(texts.to_list())


def text_forms(texts: pl.Series) -> pl.Series:
    """`text_form` of each text; null: absent."""
    return formed(texts, TEXT)


def code_forms(codes: pl.Series) -> pl.Series:
    """`code_form` of each text; null: absent."""
    return formed(codes, CODE)


def compact_forms(numbers: pl.Series) -> pl.Series:
    """`compact_form` of each text; null: absent. For columns that hold digits."""
    return formed(numbers, DIGITS)


def number_forms(numbers: pl.Series) -> pl.Series:
    """`number_form` of each text; null: absent."""
    return formed(numbers, NUMBER)


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
    return pl.when(~text.is_in(sorted(_NOTHING))).then(text)


def formed(texts: pl.Series, form: ColumnForm) -> pl.Series:
    """The texts in normal form. What needs something done is found row by row, and done for those alone."""
    if not not_plain(texts.to_frame("text"), {"text": form}):
        return texts
    rows = texts.str.contains(form.beyond).arg_true()
    if len(rows):
        formed = texts.gather(rows).to_frame("text").select(form.expr(pl.col("text"))).to_series()
        texts = texts.clone().scatter(rows, formed)
    rows = texts.is_in(sorted(_NOTHING) if form.words else [""]).arg_true()
    return texts.clone().scatter(rows, None) if len(rows) else texts


CODE = ColumnForm("0-9A-Z", han=False, words=True, expr=code_expr)
TEXT = ColumnForm("!-~", han=True, words=True, expr=text_expr)
DIGITS = ColumnForm("0-9", han=False, words=True, expr=compact_expr)
NUMBER = ColumnForm("!-~", han=True, words=False, expr=number_expr)
