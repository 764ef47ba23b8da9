"""Events as the messages that a publisher makes of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from suyuan.domain.keys import partition_of
from suyuan.publishing.keys import keys_and_ids
from suyuan.schemas.events import encode_event
from suyuan.schemas.validation import ParsedEvent, parse_event


def event_messages(events: Iterable[Mapping[str, Any]], partitions: int) -> Iterator[tuple[str, int, bytes, bytes]]:
    """(topic, partition, key, value) of each, in order. Of those that are refused too: not every publisher asks."""
    parsed = list(map(parsed_whenever, events))
    of_kind = defaultdict(list)
    for each in parsed:
        of_kind[each.kind].append(each.event)
    # of all events of a kind at once: one at a time costs as long as a thousand
    keys = {kind: iter(keys_and_ids(kind, many)[0]) for kind, many in of_kind.items()}
    for each in parsed:
        key = next(keys[each.kind])
        yield f"in.{each.kind}", partition_of(key, partitions), key, encode_event(each.kind, each.event)


def parsed_whenever(event: Mapping[str, Any]) -> ParsedEvent:
    """As it is read, but for its time: that may be any number of ms."""
    at = event["occurred_at"]
    if not isinstance(at, int):
        return parse_event(json.dumps(event).encode())
    parsed = parse_event(json.dumps({**event, "occurred_at": 1_700_000_000_000}).encode())
    return ParsedEvent(parsed.kind, {**parsed.event, "occurred_at": at})
