"""Whether what a platform hands over is an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from suyuan.schemas.validation import InvalidEvent, ParsedEvent, parse_event

_BINARY = (bytes, bytearray, memoryview)


def checked(event: Mapping[str, Any] | msgspec.Struct, kind: str | None = None) -> ParsedEvent:
    """The event, as strictly read as a line of JSONL; dates and times may also be `datetime.date` and aware
    `datetime.datetime`. `kind`: of an event that does not name its own. Raises InvalidEvent.
    """
    fields: Mapping[str, Any] | msgspec.Struct
    if isinstance(event, Mapping):
        fields = event if kind is None else {"kind": kind, **event}
    elif kind is None:
        fields = event
    else:
        fields = {"kind": kind, **msgspec.structs.asdict(event)}
    if isinstance(fields, Mapping):
        for name, value in fields.items():
            if isinstance(value, _BINARY):
                raise InvalidEvent(str(name), "bytes, not text")
    try:
        line = msgspec.json.encode(fields)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidEvent("", f"cannot be written as JSON: {error}") from None
    return parse_event(line)
