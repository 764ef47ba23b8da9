"""Events as rows of text, as CSV and workbooks give them: cells typed by the kind's schema, an empty one absent.

Cells: integers in digits; true, false, 1, 0, 是, 否; dates and occurred_at as in JSON or as offices write them (see
`instants`); lists of texts as a JSON array or separated by ; ； 、 ， or line ends (an empty cell is the empty list);
lists of records as a JSON array of objects. `="…"` and a leading apostrophe, which only spreadsheets write, are taken
off.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NoReturn

import msgspec

from suyuan.domain.identifiers.normal_form import text_form
from suyuan.schemas.fields import Field
from suyuan.schemas.instants import instant_in_china, office_day
from suyuan.schemas.kinds import KINDS, PERSONAL, event_schema
from suyuan.schemas.limits import one_of
from suyuan.schemas.validation import InvalidEvent, ParsedEvent, parse_value

Words = Mapping[str, Mapping[str, str]]
"""field → a word that offices write → the value that it means"""

_NO_WORDS: Words = MappingProxyType({})
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_BOOLEANS = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False}
_FORMULA = re.compile(r'="((?:[^"]|"")*)"')
_BETWEEN = re.compile(r"[;；、，\r\n\u2028\u2029]")
_BETWEEN_NAMES = re.compile(r"[;；、，,\r\n\u2028\u2029]")
"""of items that have no comma of their own, which lots may have; a word for nothing is no item of them"""
_NO_END = frozenset({"长期", "长期有效", "永久", "永久有效", "无期限", "无固定期限"})
"""what an optional date says when there is none, beside the words for nothing"""


def event_from_text(kind: str, row: Mapping[str, str], words: Words = _NO_WORDS) -> ParsedEvent:
    """The event of a row, column → cell; cells are trimmed. Raises InvalidEvent."""
    if kind not in KINDS:
        raise InvalidEvent("kind", one_of(KINDS))
    event: dict[str, Any] = {}
    assumed: list[str] = []
    for name, field in _fields(kind):
        cell = row.get(name)
        text = cell.strip() if cell else ""
        if text and text[0] in "='":
            text = _unwrapped(field, text)
        if text:
            if field.type == "string" and not field.values and text.isascii():
                event[name] = text  # most cells
            else:
                event[name] = _from_cell(kind, field, text, words, assumed)
        elif field.optional:
            event[name] = None
        elif cell is not None and field.type == "array":
            event[name] = []
        else:
            raise InvalidEvent(name, "is empty: fill it in" if cell is not None else "missing: add such a column")
    if len(row) == len(event) and row.keys() == event.keys():
        return ParsedEvent(kind, event, (), tuple(assumed))
    return ParsedEvent(kind, event, tuple(name for name in row if name not in event and name != "kind"), tuple(assumed))


@cache
def _fields(kind: str) -> tuple[tuple[str, Field], ...]:
    return tuple((field.name, field) for field in event_schema(kind).fields)


def _from_cell(kind: str, field: Field, text: str, words: Words, assumed: list[str]) -> Any:
    """The value of a cell. `assumed`: gets the field's name where China time was assumed."""
    try:
        return _typed(field, text, words, assumed)
    except InvalidEvent:
        raise
    except ValueError as error:
        # no reason quotes a cell that may name a person
        raise InvalidEvent(field.name, f"is {error}" if kind in PERSONAL else f"{text[:40]!r} is {error}") from None


def _unwrapped(field: Field, text: str) -> str:
    if (formula := _FORMULA.fullmatch(text)) is not None:
        return formula[1].replace('""', '"').strip()
    return text if text[0] == "=" or _is_free(field) else text[1:].strip()


def _is_free(field: Field) -> bool:
    """Whether a field is free text, which may begin with an apostrophe of its own."""
    return field.form == "free" and field.items is None


def _typed(field: Field, text: str, words: Words, assumed: list[str]) -> Any:
    if field.items is not None:
        return _array(field, field.items, text)
    if field.type == "date":
        return None if field.optional and (text in _NO_END or text_form(text) is None) else office_day(text)
    if field.type == "timestamp-millis":
        moment, in_china = instant_in_china(int(text) if _INTEGER.fullmatch(text) else text)
        if in_china:
            assumed.append(field.name)
        return moment
    if field.values:
        return _one_of(field, words.get(field.name, {}).get(text, text))
    value: Any = text
    if field.type == "long":
        value = _integer(text, money=field.name.endswith("_fen"))
    elif field.type == "boolean":
        value = _boolean(text)
    elif field.type == "string":
        _encodable(text)
    return value


def _one_of(field: Field, text: str) -> str | int:
    value: str | int = int(text) if field.type == "long" and _INTEGER.fullmatch(text) else text
    if value not in field.values:
        raise ValueError(one_of(field.values))
    return value


def _integer(text: str, *, money: bool) -> int:
    if not _INTEGER.fullmatch(text):
        remedy = "fen (1250 for 12.50 yuan), or yuan under a header such as 价格(元)" if money else "digits and no more"
        raise ValueError(f"not an integer: write {remedy}")
    value = int(text)
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError("outside the range of 64-bit integers")
    return value


def _boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise ValueError(one_of(tuple(_BOOLEANS)))
    return value


def _encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("not valid Unicode") from None


def _array(field: Field, item: Field, text: str) -> list[Any]:
    if item.type == "string" and not text.startswith("["):
        _encodable(text)
        if field.form != "lot":
            return [part for part in map(str.strip, _BETWEEN_NAMES.split(text)) if part and text_form(part) is not None]
        return [part for part in map(str.strip, _BETWEEN.split(text)) if part]
    try:
        value: list[Any] = parse_value(field, text)
    except msgspec.MsgspecError as error:
        _not_such_an_array(field, error)
    return value


def _not_such_an_array(field: Field, error: msgspec.MsgspecError) -> NoReturn:
    raise InvalidEvent(field.name, f"not such a JSON array: {error}".replace("`", "")) from None
