"""A system that is told to end once all is done."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from suyuan.eventlog.log import Record
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.settings import Settings
from suyuan.sinks import loader
from tests.streams.event_messages import event_messages

CASE = Path(__file__).parents[1] / "data" / "cases" / "market-11.events.jsonl"
PATIENCE_SECONDS = 60


def test_the_last_rows_wait_for_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr(loader.Loader, "_patience", lambda *_: 1e6)
    monkeypatch.setattr(loader, "QUIET_SECONDS", 1e6)

    async def drained():
        run = EmbeddedRun(Settings(data=tmp_path, fsync=False), once=True)
        await run.start()
        try:
            events = [json.loads(line) for line in CASE.read_text(encoding="utf-8").splitlines()]
            for topic, partition, key, value in event_messages(events, 1):
                run.log.append(topic, partition, [Record(key, value)])
            await asyncio.wait_for(run.wait_drained(), PATIENCE_SECONDS)
            assert run.loader._loader.waits  # for what may come after all
            return run.loader.rows
        finally:
            await run.stop()

    assert asyncio.run(drained())["chain_history"] > 0
