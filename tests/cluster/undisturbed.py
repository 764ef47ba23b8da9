"""What a cluster must show in the end, whatever happened to it on the way."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.reference.assessment import expected_chains
from tests.reference.records import accepted_records
from tests.streams.embedded_world import EmbeddedWorld
from tests.streams.results import current_chains, outcomes, standing_alerts
from tests.streams.world import World


def embedded_run(events, folder, patience=240):
    """(chains, standing alerts) of the embedded shape, all events at once."""

    async def run():
        with EmbeddedWorld(folder, 1, slice_rows=4000, patience=patience) as world:
            world.publish_events(events)
            async with world.running() as app:
                await world.drained(app)
            return current_chains(world), standing_alerts(world)

    return asyncio.run(run())


def assert_as_undisturbed(cluster, events):
    """Each message accepted or a repetition, none missing; the reference's chains, the alerts of a quiet run."""
    found = outcomes(cluster)
    assert found.keys() == cluster.published()
    accepted = Counter(topic for (topic, _, _), outcome in found.items() if outcome == "accepted")
    del accepted["in.day"]  # workers publish days themselves
    assert accepted == Counter(f"in.{each['kind']}" for each in accepted_records(events) if each["kind"] != "day")
    assert current_chains(cluster) == expected_chains(events)
    quiet = World(1, batches=(5000,))
    quiet.publish_events(events)
    quiet.drain()
    assert standing_alerts(cluster) == standing_alerts(quiet)


def distinct_events(events):
    """What those that count are called, in normal form."""
    return {(record["kind"], record["publisher"], record["event_id"]) for record in accepted_records(events)}
