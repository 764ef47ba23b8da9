"""A hole in the state of a worker, told by a loader and mended while the worker goes on."""

import asyncio
import json
import logging
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.domain.keys import join_key, partition_of
from suyuan.operations.checks.chains import sample
from suyuan.operations.consumer_lag import cluster_work_left
from suyuan.operations.state_rebuild.kafka import rebuild_partition
from suyuan.queries.sql import chain
from suyuan.runtime.cluster.loader import ClusterLoader
from suyuan.runtime.cluster.loader_monitor import LoaderMonitor
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.migrations import migrate
from suyuan.sinks.table_sink import TableSink
from tests.cli.test_chain_watch import MINUTE, NOW, elsewhere, later, listing_of_known_lot, said
from tests.cluster.kafka_world import KafkaWorld

pytestmark = pytest.mark.real_time

PATIENCE_SECONDS = 120
PARTITIONS = 2


class Loading:
    """A loader in this process, its watch looked after by hand."""

    def __init__(self, connection, tables):
        self.connection = connection
        self.tables = tables
        self.loader = ClusterLoader(connection, TableSink(tables.writer))
        self.monitor = LoaderMonitor(self.loader, tables, connection, budget=30)
        self.now = NOW
        self.monitor._chains._clock = lambda: self.now

    async def loaded(self):
        until = time.monotonic() + PATIENCE_SECONDS
        while not await asyncio.to_thread(lambda: self.monitor._snapshot().is_loaded(self.loader.log)):
            assert time.monotonic() < until
            await asyncio.sleep(0.2)

    async def looks(self, count=8):
        """So many that came about: where stages or loader are not through with all, there is none. Each is of about a
        quarter of all chains: twice as many as a round takes.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while count:
            assert time.monotonic() < until
            self.now += 1000
            count -= await asyncio.to_thread(self.monitor._chains.look) is not None

    async def doctor(self):
        """What it says of chains."""
        settings = Settings(
            kafka=",".join(self.connection.servers),
            clickhouse=self.tables.settings.place,
            clickhouse_database=self.tables.settings.database,
            partitions=PARTITIONS,
        )
        (found,) = await asyncio.to_thread(
            lambda: list(
                sample(deployment_of(settings).queries, partial(cluster_work_left, self.connection, PARTITIONS))
            )
        )
        return found

    def chain(self, event):
        return chain(self.tables, EVERYTHING, event["platform_code"], event["listing_id"])


@asynccontextmanager
async def loading(connection, front):
    with ClickHouse(replace(front.settings, database="watched")) as tables:
        await asyncio.to_thread(migrate, tables.writer)
        loading = Loading(connection, tables)
        loading.loader.start()
        try:
            yield loading
        finally:
            assert await asyncio.to_thread(loading.loader.stop, 30)
            loading.loader.log.close()


@pytest.mark.parametrize("case", [11], indirect=True)
def test_a_hole_in_a_workers_state_is_told_and_mended(case, kafka, front, tmp_path, caplog):
    events = [json.loads(line) for line in case.lines]
    listed = listing_of_known_lot(events)
    partition = partition_of(listed["producer_code"], PARTITIONS)
    world = KafkaWorld(kafka, tmp_path, partitions=PARTITIONS)

    async def course():
        await asyncio.to_thread(world.publish_events, events)
        async with world.running() as app, loading(kafka, front) as tables:
            await world.drained(app)
            await tables.loaded()
            assert (await asyncio.to_thread(tables.monitor.verify_all)).gap == 0
            await tables.looks()
            checker = tables.monitor._chains.checker
            assert not checker._suspected
            stands = await asyncio.to_thread(tables.chain, listed)
            state = app.states["producer"]
            view = state.view(partition)
            for kind in ("lot", "facts-lot"):
                view.delete(join_key(kind, *(stands[name] for name in ("producer_code", "gtin", "lot"))).encode())
            await state.commit(partition, view, {})
            await asyncio.to_thread(world.publish_events, [elsewhere(later(listed))])
            await world.drained(app)
            await tables.loaded()
            await tables.looks()
            assert not said(caplog)
            tables.now += MINUTE
            await tables.looks()
            assert len(checker.wrong) == 1
            found = await tables.doctor()
            assert (found.status, f"--partition {partition}" in found.detail) == ("failed", True), found.detail
            await asyncio.to_thread(rebuild_partition, kafka, partition)
            await world.drained(app)
            await tables.loaded()
            tables.now += MINUTE
            await tables.looks()
            assert checker.wrong == {}
            assert (await tables.doctor()).status == "ok"
            assert "lot_unknown" not in (await asyncio.to_thread(tables.chain, listed))["gap_names"]

    try:
        with caplog.at_level(logging.ERROR, logger="suyuan"):
            asyncio.run(course())
    finally:
        world.end()
    (line,) = said(caplog)
    assert f"suyuan state rebuild --partition {partition}" in line
