"""Which field each column of a table is: by the fields' own names, by the table of words (columns.toml), or as told."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from suyuan.errors import SuyuanError
from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.schemas.text_rows import Words

KIND = "kind"
REASON, OTHER_REASON = "reason", "why_refused"
"""the column of refused rows that says why; the other one where the kind has a field of that name"""

_TABLE = Path(__file__).with_name("columns.toml")
_NOTE = re.compile(r"\((?:必填|选填|可选|\*)\)$|\*")
_UNIT = re.compile(r"(?P<name>.+?)[(\[【/,:_-](?:单位:)?(?:人民币)?(?P<unit>万元|元|分|rmb|cny)(?:/[^)\]】]*)?[)\]】]?")
_FEN = {"分": Decimal(1), "元": Decimal(100), "rmb": Decimal(100), "cny": Decimal(100), "万元": Decimal(1_000_000)}
_MONEY = re.compile(r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?")
_CURRENCY = re.compile(r"^[¥￥]\s*|\s*元$")


@dataclass(frozen=True, slots=True)
class Money:
    """A column whose header says its unit. `fen`: to the unit."""

    unit: str
    fen: Decimal


@dataclass(frozen=True, slots=True)
class Column:
    """`fields`: those that it gives, none for one that is left aside."""

    header: str
    fields: tuple[str, ...] = ()
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class OwnWords:
    """What a person says about the columns of a file: header → fields, and values for fields that no column has."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)


class WrongColumns(SuyuanError):
    """The header cannot be understood; says why."""


def read_own_words(path: Path) -> OwnWords:
    """The file of --columns, TOML: [columns] with header = "field" or ["field", …], [values] with field = "text".
    Raises OSError, ValueError.
    """
    given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    if unknown := given.keys() - {"columns", "values"}:
        raise ValueError(f"{', '.join(sorted(unknown))}: only [columns] and [values] are known")
    known = {KIND} | {each.name for kind in KINDS for each in event_schema(kind).fields}
    fields = {}
    for header, named in given.get("columns", {}).items():
        names = tuple(named) if isinstance(named, list) else (named,)
        if wrong := [name for name in names if name != "" and name not in known]:
            raise ValueError(f"{header}: {wrong[0]!r} is no field of any kind")
        fields[_plain(header)] = tuple(name for name in names if name)
    values = given.get("values", {})
    if wrong := [name for name, value in values.items() if name not in known or not isinstance(value, str)]:
        raise ValueError(f"{wrong[0]}: no field of any kind, or its value is no text")
    return OwnWords(fields, values)


def columns_of(kind: str | None, header: Sequence[str], own: OwnWords) -> list[Column]:
    """What each column of a kind is, None: of a table whose rows name their kind. Raises WrongColumns."""
    columns = [_column(kind, name, own) for name in header]
    given: dict[str, str] = {}
    for column in columns:
        for name in column.fields:
            if name in given:
                raise WrongColumns(_twice(name, given[name], column.header))
            given[name] = column.header
    return columns


def known_columns(kind: str | None, header: Sequence[str], own: OwnWords) -> int:
    """How many columns of a row, taken for a header, are understood."""
    kinds = (kind,) if kind else KINDS
    return max(sum(bool(_column(each, name, own).fields) for name in header) for each in kinds)


def words_of(kind: str) -> Words:
    """What words in cells mean, by field."""
    return _words()[1].get(kind, {})


def in_fen(text: str, money: Money) -> str:
    """The cell of a column of money, as a whole number of fen in digits. Raises ValueError with the reason."""
    bare = _CURRENCY.sub("", text.strip())
    try:
        fen = Decimal(bare.replace(",", "")) * money.fen if _MONEY.fullmatch(bare) else None
    except InvalidOperation:
        fen = None
    if fen is None:
        raise ValueError(f"{text[:40]!r} is no amount in {money.unit}: write digits, as 12.50")
    if fen != fen.to_integral_value():
        raise ValueError(f"{text[:40]!r} {money.unit} is no whole number of fen")
    return str(int(fen))


def nearest(kind: str | None, header: str) -> str | None:
    """The field that a column which is left aside may be meant for."""
    plain = _plain(header)
    if not plain:
        return None
    bare = re.sub(r"[_\-.]", "", plain)
    names = {name.replace("_", ""): name for name in _fields(kind)}
    if bare in names:
        return names[bare]
    for name, words in _raw()["near"].items():
        if name in names.values() and (plain in words or bare in words):
            return str(name)
    words = _words()[0][kind]
    close = get_close_matches(bare, [*names, *words], 1, 0.7)
    return names.get(close[0]) or words[close[0]] if close else None


def needed(kind: str) -> set[str]:
    """Fields that a table of the kind must have a column for."""
    return {each.name for each in event_schema(kind).fields if not each.optional and each.type != "array"}


def table() -> Mapping[str, Mapping[str, Sequence[str]]]:
    """The table of words as it stands in its file, by kind (and `every`), then by field."""
    return {name: fields for name, fields in _raw().items() if name not in {"near", "values"}}


def values_table() -> Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]:
    """Words of cells as they stand in the file: kind → field → value → words."""
    values: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]] = _raw()["values"]
    return values


def _column(kind: str | None, header: str, own: OwnWords) -> Column:
    plain = _plain(header)
    if plain in own.fields:
        return Column(header, own.fields[plain], _money(plain, own.fields[plain]))
    names = _fields(kind)
    if header in names:
        return Column(header, (header,))
    words = _words()[0][kind]
    if plain in words:
        return Column(header, (words[plain],))
    if (match := _UNIT.fullmatch(plain)) is not None:
        name = words.get(match["name"], match["name"])
        if name in names and name.endswith("_fen"):
            return Column(header, (name,), Money(match["unit"], _FEN[match["unit"]]))
    return Column(header)


def _money(plain: str, fields: tuple[str, ...]) -> Money | None:
    match = _UNIT.fullmatch(plain)
    return Money(match["unit"], _FEN[match["unit"]]) if match and fields and fields[0].endswith("_fen") else None


def _twice(name: str, one: str, other: str) -> str:
    if one == other:
        return f"the header has columns twice: {one}"
    return f"the columns {one} and {other} would both be {name}: take one out, or say with --columns which is meant"


@cache
def _fields(kind: str | None) -> frozenset[str]:
    kinds = (kind,) if kind else KINDS
    return frozenset({KIND} | {each.name for one in kinds for each in event_schema(one).fields})


@cache
def _raw() -> Any:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))


@cache
def _words() -> tuple[Mapping[str | None, Mapping[str, str]], Mapping[str, Words]]:
    raw = _raw()
    headers: dict[str | None, dict[str, str]] = {}
    for kind in (None, *KINDS):
        headers[kind] = {
            _plain(word): name
            for part in ("every", kind)
            for name, words in raw.get(part, {}).items()
            for word in words
            if name in _fields(kind)
        }
    values = {
        kind: {name: {word: value for value, words in each.items() for word in words} for name, each in fields.items()}
        for kind, fields in raw["values"].items()
    }
    return headers, values


def _plain(header: str) -> str:
    """A header in the form in which headers are compared."""
    return _NOTE.sub("", "".join(unicodedata.normalize("NFKC", header).casefold().split()))
