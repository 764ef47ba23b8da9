"""Faults on the embedded log."""

import pytest

from tests.streams.embedded_world import EmbeddedWorld
from tests.streams.faults.evolution import EvolutionContract
from tests.streams.faults.poison import PoisonContract
from tests.streams.faults.sizes import SizesContract


@pytest.fixture
def world(tmp_path):
    with EmbeddedWorld(tmp_path / "data") as world:
        yield world


class TestPoison(PoisonContract):
    pass


class TestEvolution(EvolutionContract):
    pass


class TestSizes(SizesContract):
    pass
