"""A simulated market with planted faults in a data folder, taken in and assessed by the embedded system."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from suyuan.eventlog.log import Log, Records
from suyuan.publishing.keys import keys_and_ids
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.settings import load
from suyuan.schemas.events import encode_event
from suyuan.schemas.topics import TOPICS
from suyuan.schemas.validation import parse_event

BATCH = 20_000


def assess(folder: Path, events: Iterable[Mapping[str, Any]]) -> None:
    """Publish these events into an empty folder, and run until every chain is in the tables."""
    remaining = iter(events)
    with Log.open(folder, "publish", "interval") as log:
        for topic in TOPICS:
            if topic.value == "event":
                log.create_topic(topic.name, 1)
        while batch := list(islice(remaining, BATCH)):
            _append(log, batch)
    asyncio.run(_drain(folder))


def _append(log: Log, events: Iterable[Mapping[str, Any]]) -> None:
    of_kind: defaultdict[str, list[Any]] = defaultdict(list)
    for event in events:
        parsed = parse_event(json.dumps(event).encode())
        of_kind[parsed.kind].append(parsed.event)
    for kind, many in of_kind.items():
        keys, ids = keys_and_ids(kind, many)
        values = [encode_event(kind, event) for event in many]
        log.append_many({(f"in.{kind}", 0): Records(keys, values)}, {(f"in.{kind}", 0): ids})


async def _drain(folder: Path) -> None:
    run = EmbeddedRun(load(data=folder, fsync=False), once=True)
    await run.start()
    try:
        await run.wait_drained()
    finally:
        await run.stop()
