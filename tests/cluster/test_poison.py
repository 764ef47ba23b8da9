"""Faults 14 to 17 over a real broker."""

from __future__ import annotations

import pytest

from tests.cluster.kafka_world import PATIENCE_SECONDS, KafkaWorld
from tests.streams.faults.evolution import EvolutionContract
from tests.streams.faults.poison import PoisonContract, encoded_entity
from tests.streams.faults.sizes import SizesContract
from tests.streams.faults.world import by_place


@pytest.fixture
def world(kafka, tmp_path):
    world = KafkaWorld(kafka, tmp_path, partitions=2)
    yield world
    world.end()


class TestPoison(PoisonContract):
    pass


class TestEvolution(EvolutionContract):
    pass


class TestSizes(SizesContract):
    pass


def test_a_worker_that_reads_poison_ends_with_the_reason_and_goes_on_when_it_is_told_to(world):
    bad = [b"\x00\x00\x00\x00\x63"] * 600
    world.publish("in.entity", 1, [*bad, encoded_entity("good")])
    assert world.begin_worker("worker", "--once").wait(PATIENCE_SECONDS) == 1
    for piece in ("in.entity-1: 501 of the last 1,000 messages", "unknown schema id 99", "--accept-poison"):
        assert piece in world.said("worker")
    assert "Traceback" not in world.said("worker")
    assert world.committed("in.entity", 1) == 500
    assert world.begin_worker("worker", "--once", "--accept-poison").wait(PATIENCE_SECONDS) == 0
    assert set(by_place(world.rows("dead_letter"))) == {(1, offset) for offset in range(600)}
    assert set(by_place(world.rows("event.entity"))) == {(1, 600)}
