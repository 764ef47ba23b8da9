"""A worker whose consumer hangs without an error ends with the reason, and the next one goes on."""

from __future__ import annotations

import asyncio

import pytest

from suyuan.runtime.cluster import worker as workers
from suyuan.runtime.cluster.worker import Worker
from suyuan.runtime.settings import Settings
from suyuan.streams.watchdog import StalledError, Watchdog
from tests.cluster.undisturbed import assert_as_undisturbed
from tests.end_to_end.markets import markets

pytestmark = pytest.mark.real_time

PATIENCE_SECONDS = 180


def test_a_consumer_that_hangs_ends_its_worker(make_cluster, monkeypatch):
    monkeypatch.setattr(workers, "WATCH_SECONDS", 0.2)
    events = markets(range(4))
    cluster = make_cluster(partitions=2)
    cluster.publish_events(events[:50])

    async def run():
        settings = Settings(
            kafka=",".join(cluster.connection.servers), data=cluster.folder / "hangs", kafka_session_seconds=6
        )
        worker = Worker(settings, once=True)
        await worker.start()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await worker.wait_drained()
                worker._watchdog = Watchdog(limit=2.0)  # not before: a busy machine may take as long over a block
                hang(worker.streams.app.consumer)
                for part in range(100):  # its log must grow for a partition to count as stalled
                    await asyncio.to_thread(cluster.publish_events, events[50 + part :: 100])
                    await asyncio.wait([worker.failed], timeout=0.2)
                    if worker.failed.done():
                        break
                # of any topic that stages read: what was fetched before it hung may have gone one stage further
                with pytest.raises(StalledError, match=r"[\w.]+-\d at offset \d+ for \d+ s, its end moved from"):
                    await worker.wait_failed()
        finally:
            await worker.stop()

    asyncio.run(run())
    cluster.publish_events(events[50:])
    cluster.work_once()
    assert_as_undisturbed(cluster, events)


def hang(consumer):
    """As when a fetch is lost: nothing comes any more, and nothing fails."""

    async def nothing(active, timeout):  # noqa: ASYNC109 -- the consumer's signature
        del active
        await asyncio.sleep(timeout)
        return {}

    consumer.read_messages = nothing
