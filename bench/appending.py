"""Events appended to an embedded log as a publisher has them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from suyuan.eventlog.log import Log, Records
from suyuan.publishing.keys import keys_and_ids
from suyuan.schemas.events import encode_event
from suyuan.schemas.validation import parse_event


def append_events(log: Log, events: Iterable[Mapping[str, Any]]) -> None:
    """Append events of any kinds, as JSON objects, to the one partition of their topics; what was there is left out."""
    of_kind: defaultdict[str, list[Any]] = defaultdict(list)
    for event in events:
        parsed = parse_event(json.dumps(event).encode())
        of_kind[parsed.kind].append(parsed.event)
    for kind, many in of_kind.items():
        keys, ids = keys_and_ids(kind, many)
        values = [encode_event(kind, event) for event in many]
        log.append_many({(f"in.{kind}", 0): Records(keys, values)}, {(f"in.{kind}", 0): ids})
