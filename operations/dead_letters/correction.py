"""A corrected message for a dead letter, from the contents of a file."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from suyuan.domain.keys import partition_of
from suyuan.errors import SuyuanError
from suyuan.operations.dead_letters.place import Place
from suyuan.operations.dead_letters.replay import Correction
from suyuan.publishing.checking import refuse
from suyuan.publishing.door import Door
from suyuan.publishing.keys import business_keys
from suyuan.schemas.events import decode_event, encode_event
from suyuan.schemas.framing import UnreadableEvent
from suyuan.schemas.validation import InvalidEvent, parse_event


def correction(place: Place, data: bytes, partitions: int, door: Door) -> Correction:
    """The message to send instead. `data`: the event as a JSON object (as `suyuan publish` takes it; its kind is
    known), or a framed Avro message. `door`: that it comes in by.

    The key is that of the corrected event. Raises SuyuanError for what is still no event of the topic's kind.
    """
    kind = place.topic.removeprefix("in.")
    try:
        value = encode_event(kind, _parsed(kind, data)) if data.lstrip().startswith(b"{") else data
        event: Mapping[str, Any]
        written, event = decode_event(value, kind)
        if written == kind:
            admitted = door.admit(kind, event)
            if admitted is not event:
                event, value = admitted, encode_event(kind, admitted)
            refuse(kind, event, time.time())
    except (InvalidEvent, UnreadableEvent, ValueError) as error:
        raise SuyuanError(f"the correction of {place} is not a {kind} event: {error}; nothing was sent") from None
    if written != kind:
        raise SuyuanError(f"the correction of {place} is a {written} event, not a {kind}; nothing was sent")
    (key,) = business_keys(kind, [event])
    return Correction(key, partition_of(key, partitions), value)


def _parsed(kind: str, data: bytes) -> dict[str, object]:
    try:
        given = json.loads(data)
        line = json.dumps({"kind": kind} | given, ensure_ascii=False).encode()
    except RecursionError:
        raise InvalidEvent("", "not JSON: nested too deeply") from None
    parsed = parse_event(line)
    if parsed.kind != kind:
        raise InvalidEvent("kind", f"{parsed.kind}, not {kind}")
    return parsed.event
