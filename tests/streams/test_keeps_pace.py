"""Listings wait where they were published while the producer stage has enough to do."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import suyuan.streams.app
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.topology import TOPOLOGY
from suyuan.streams.transport.fetch_limits import FetchLimits
from suyuan.streams.transport.run_consumer import RunConsumer
from tests.reference.markets import generate
from tests.streams.embedded_world import EmbeddedWorld
from tests.streams.transport.contract import eventually

LEAD = FetchLimits().lead


def test_intake_does_not_run_far_ahead_of_the_producer_stage(tmp_path, monkeypatch):
    began, may_go_on = threading.Event(), threading.Event()

    def held(*_):
        began.set()
        assert may_go_on.wait(60)
        return []

    stages = [
        replace(stage, blocks={**stage.blocks, "producer.listing": held}) if stage.name == "producer" else stage
        for stage in TOPOLOGY
    ]
    monkeypatch.setattr(suyuan.streams.app, "TOPOLOGY", stages)
    monkeypatch.setattr(RunConsumer, "GIVES_WAY_SECONDS", 1000)
    listings = [event for event in generate(21, listings=12, products=4, noise=0) if event["kind"] == "listing"]

    def behind(topic):
        return world.log.lag(GROUP)[topic, 0]

    async def scenario():
        async with world.running() as app:
            try:
                for number in range(LEAD + 1):
                    await asyncio.to_thread(world.publish_events, [listings[number]])
                    await eventually(lambda: not behind("in.listing"))
                assert began.is_set()
                await asyncio.to_thread(world.publish_events, listings[LEAD + 1 :])
                await asyncio.sleep(0.5)
                assert (behind("in.listing"), behind("producer.listing")) == (len(listings) - LEAD - 1, LEAD + 1)
            finally:
                may_go_on.set()
            await world.drained(app)

    with EmbeddedWorld(tmp_path, partitions=1) as world:
        asyncio.run(scenario())
