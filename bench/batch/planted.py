"""A simulated market with planted faults in a data folder, taken in and assessed by the embedded system."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from bench.appending import append_events
from suyuan.eventlog.log import Log
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.settings import load
from suyuan.schemas.topics import TOPICS

BATCH = 20_000


def assess(folder: Path, events: Iterable[Mapping[str, Any]]) -> None:
    """Publish these events into an empty folder, and run until every chain is in the tables."""
    remaining = iter(events)
    with Log.open(folder, "publish", "interval") as log:
        for topic in TOPICS:
            if topic.value == "event":
                log.create_topic(topic.name, 1)
        while batch := list(islice(remaining, BATCH)):
            append_events(log, batch)
    asyncio.run(_drain(folder))


async def _drain(folder: Path) -> None:
    run = EmbeddedRun(load(data=folder, fsync=False), once=True)
    await run.start()
    try:
        await run.wait_drained()
    finally:
        await run.stop()
