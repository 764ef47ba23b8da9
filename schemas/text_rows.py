"""Events as rows of text, as CSV gives them: cells typed by the kind's schema, an empty one absent.

Cells: integers in digits; true, false, 1, 0, 是, 否; dates YYYY-MM-DD; lists of texts as a JSON array or
separated by ";" (an empty cell is the empty list); lists of records as a JSON array of objects; occurred_at
as in JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

import msgspec

from suyuan.schemas.fields import Field
from suyuan.schemas.instants import day, instant
from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.schemas.limits import one_of
from suyuan.schemas.validation import InvalidEvent, ParsedEvent, parse_value
from suyuan.schemas.withheld import PERSONAL

_EMPTY = "is empty"
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_BOOLEANS = {"true": True, "1": True, "是": True, "false": False, "0": False, "否": False}


def event_from_text(kind: str, row: Mapping[str, str]) -> ParsedEvent:
    """The event of a row, column → cell; cells are trimmed. Raises InvalidEvent."""
    if kind not in KINDS:
        raise InvalidEvent("kind", one_of(KINDS))
    fields = event_schema(kind).fields
    event = {field.name: _from_cell(field, row.get(field.name), shown=kind not in PERSONAL) for field in fields}
    known = {"kind", *event}
    return ParsedEvent(kind, event, tuple(name for name in row if name not in known))


def _from_cell(field: Field, cell: str | None, *, shown: bool) -> Any:
    """`shown`: whether a reason may quote the cell."""
    text = "" if cell is None else cell.strip()
    if not text:
        if field.optional:
            return None
        if cell is not None and field.type == "array":
            return []
        raise InvalidEvent(field.name, _EMPTY if cell is not None else "missing")
    try:
        return _typed(field, text)
    except InvalidEvent:
        raise
    except ValueError as error:
        raise InvalidEvent(field.name, f"{text[:40]!r} is {error}" if shown else f"is {error}") from None


def _typed(field: Field, text: str) -> Any:
    if field.items is not None:
        return _array(field, field.items, text)
    if field.type == "date":
        return day(text)
    if field.type == "timestamp-millis":
        return instant(int(text) if _INTEGER.fullmatch(text) else text)
    value: Any = text
    if field.type == "long":
        value = _integer(text)
    elif field.type == "boolean":
        value = _boolean(text)
    elif field.type == "string":
        _encodable(text)
    if field.values and value not in field.values:
        raise ValueError(one_of(field.values))
    return value


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("not an integer")
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
        return [part.strip() for part in text.split(";") if part.strip()]
    try:
        value: list[Any] = parse_value(field, text)
    except msgspec.MsgspecError as error:
        _not_such_an_array(field, error)
    return value


def _not_such_an_array(field: Field, error: msgspec.MsgspecError) -> NoReturn:
    raise InvalidEvent(field.name, f"not such a JSON array: {error}".replace("`", "")) from None
