"""Events as the messages that a publisher makes of them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from suyuan.domain.keys import partition_of
from suyuan.publishing.keys import keys_and_ids
from suyuan.schemas.events import encode_event
from suyuan.schemas.validation import parse_event


def event_messages(events: Iterable[Mapping[str, Any]], partitions: int) -> Iterator[tuple[str, int, bytes, bytes]]:
    """(topic, partition, key, value) of each, in order."""
    parsed = [parse_event(json.dumps(event).encode()) for event in events]
    of_kind = defaultdict(list)
    for each in parsed:
        of_kind[each.kind].append(each.event)
    # of all events of a kind at once: one at a time costs as long as a thousand
    keys = {kind: iter(keys_and_ids(kind, many)[0]) for kind, many in of_kind.items()}
    for each in parsed:
        key = next(keys[each.kind])
        yield f"in.{each.kind}", partition_of(key, partitions), key, encode_event(each.kind, each.event)
