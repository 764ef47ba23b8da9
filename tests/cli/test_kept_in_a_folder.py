"""How long the log of a data folder keeps its messages."""

from __future__ import annotations

import asyncio

from suyuan.eventlog.log import Log
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.settings import load
from suyuan.schemas.topics import TOPICS

MINUTE, DAY = 60_000, 86_400_000


def test_a_run_keeps_what_passed_for_a_minute_and_brings_a_folder_of_before_to_that(tmp_path):
    async def made(log):
        EmbeddedRun(load(data=tmp_path), once=True)._make_topics(log)

    with Log.open(tmp_path, "process") as log:
        log.create_topic("chain", load(data=tmp_path).partitions)
        asyncio.run(made(log))
        kept = {name: config.delete_consumed_after_ms for name, config in log.topics().items()}
    assert set(kept) == {topic.name for topic in TOPICS}
    assert {kept[name] for name in ("chain", "event.listing", "producer.listing", "intake.lookup")} == {MINUTE}
    assert {kept[name] for name in ("alert.state", "dead_letter")} == {400 * DAY}
    assert {kept[name] for name in ("in.listing", "in.access", "webhook.pending")} == {None}
