"""Checks whether what a platform publishes is an event, and one that is accepted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from suyuan.domain.acceptance import refusal
from suyuan.publishing.door import Door
from suyuan.schemas.kinds import EVENT_KINDS
from suyuan.schemas.validation import InvalidEvent, ParsedEvent, parse_event

_BINARY = (bytes, bytearray, memoryview)


def checked(
    event: Mapping[str, Any] | msgspec.Struct, kind: str | None = None, door: Door | None = None
) -> ParsedEvent:
    """The event, read as strictly as a line of JSONL, as the door admits it; dates and times may also be
    `datetime.date` and aware `datetime.datetime`. `kind`: of an event that does not name its own; `door`: None for one
    that has no key. Raises InvalidEvent.
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
    parsed = parse_event(line)
    admitted = (door or Door()).admit(parsed.kind, parsed.event)
    refuse(parsed.kind, admitted, time.time())
    return parsed if admitted is parsed.event else replace(parsed, event=dict(admitted))


def refuse(kind: str, event: Mapping[str, Any], now: float) -> None:
    """Raise InvalidEvent for an event that the rules of acceptance refuse, as intake would once it is in the log.
    `now`: seconds since the epoch, when the log is about to take it.
    """
    refused = refusal(EVENT_KINDS[kind], event, int(now * 1000))
    if refused is not None:
        raise InvalidEvent(refused.field, refused.reason)
