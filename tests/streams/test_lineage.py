"""Lots made from lots: what is told stays little, whatever the genealogy, and the end depends on the records alone."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reference.assessment import expected_chains, expected_inputs
from tests.reference.strategies import deliveries
from tests.streams.genealogy import Genealogy, shape
from tests.streams.results import current_chains, input_gaps
from tests.streams.world import World

EXAMPLES = max(settings.default.max_examples // 8, 1)


class Told:
    """What producers of a world told and keep."""

    def __init__(self, world):
        self.world = world
        self.rows = self.bytes = self.turns = self.state = 0

    def since(self):
        """(rows told, their bytes, turns) since it was asked last."""
        before = self.rows, self.bytes, self.turns
        messages = [m for (topic, _), sent in self.world.log.items() if topic == "producer.lineage" for m in sent]
        self.rows = sum(1 for _ in self.world.rows("producer.lineage"))
        self.bytes = sum(len(value) for *_, value in messages)
        self.turns = len(self.world.turns)
        return self.rows - before[0], self.bytes - before[1], self.turns - before[2]

    def kept(self):
        """Bytes of the producers' state."""
        state = self.world.states["producer"]
        pairs = [pair for place in range(self.world.partitions) for pair in state.view(place).scan(b"")]
        return sum(len(key) + len(value) for key, value in pairs)


@pytest.mark.parametrize(
    ("name", "size", "makers", "partitions"),
    [
        ("row", 60, 1, 1),
        ("row", 1000, 1, 1),
        ("row", 1000, 7, 4),
        ("circle", 3, 1, 1),
        ("circle", 3, 7, 4),
        ("circle", 1000, 1, 1),
        ("circle", 1000, 7, 4),
        ("lattice", 200, 1, 1),
        ("lattice", 200, 7, 4),
        ("tree", 4_000, 2, 3),
    ],
)
def test_a_recall_of_every_lot_is_told_in_few_words_and_so_is_its_end(name, size, makers, partitions):
    genealogy = Genealogy(makers)
    made = shape(name, size)
    inputs = sum(map(len, made.values()))
    world = World(partitions, size, batches=(5000,))
    told = Told(world)
    events = genealogy.makers()
    events += [genealogy.lot(number, parts) for number, parts in made.items()]
    events += [genealogy.listing(number) for number in {0, 1, size // 2, size - 2, size - 1}]
    world.publish_events(events)
    world.drain()
    told.since()
    assert input_gaps(world) == {}

    opened = [genealogy.recall(maker, 1, "open") for maker in range(makers)]
    world.publish_events(opened)
    world.drain()
    rows, size_told, turns = told.since()
    assert rows <= 6 * inputs + partitions * makers
    assert size_told <= 1200 * (rows + turns)
    assert turns <= 300 + size // 100
    assert told.kept() <= 5000 * size + 1000 * inputs + 10_000 * partitions
    assert input_gaps(world) == expected_inputs(events + opened)
    assert input_gaps(world)

    closed = [genealogy.recall(maker, 2, "closed") for maker in range(makers)]
    world.publish_events(closed)
    world.drain()
    rows, _, turns = told.since()
    assert rows <= 6 * inputs + 2 * partitions * makers
    assert turns <= 300 + size // 100
    assert current_chains(world) == expected_chains(events + opened + closed)
    assert input_gaps(world) == {}


@pytest.mark.parametrize("makers", [1, 7])
def test_one_lot_at_the_beginning_of_a_long_row_is_known_at_its_end(makers):
    genealogy = Genealogy(makers)
    world = World(4, batches=(5000,))
    told = Told(world)
    events = genealogy.makers() + [genealogy.lot(number, parts) for number, parts in shape("row", 400).items()]
    events += [genealogy.listing(399), genealogy.inspection(0, 1, "fail")]
    world.publish_events(events)
    world.drain()
    assert input_gaps(world) == expected_inputs(events) != {}
    told.since()
    events.append(genealogy.inspection(0, 2, "pass"))
    world.publish_events(events[-1:])
    world.drain()
    rows, _, turns = told.since()
    assert input_gaps(world) == {}
    assert rows <= 410
    assert turns <= 60


@pytest.mark.parametrize(("makers", "partitions"), [(1, 1), (7, 4)])
def test_what_goes_into_a_circle_no_more_is_forgotten_by_all_of_it(makers, partitions):
    """Nothing ended: the lot that failed still fails. But it never went in there."""
    genealogy = Genealogy(makers)
    made = shape("circle", 100) | {100: []}
    world = World(partitions, batches=(5000,))
    told = Told(world)
    events = genealogy.makers() + [genealogy.lot(number, parts) for number, parts in made.items()]
    events += [genealogy.listing(50), genealogy.inspection(100, 1, "fail"), genealogy.lot(0, [99, 100], at=1)]
    world.publish_events(events)
    world.drain()
    assert input_gaps(world) == expected_inputs(events) != {}
    told.since()
    events.append(genealogy.lot(0, [99], at=2))
    world.publish_events(events[-1:])
    world.drain()
    assert input_gaps(world) == expected_inputs(events) == {}
    assert told.since()[0] <= 500


@st.composite
def genealogies(draw):
    """Events of some lots that are made from one another, corrected, recalled, inspected, all of it and back."""
    genealogy = Genealogy(draw(st.integers(1, 4)))
    lots = draw(st.integers(2, 14))
    chance = random.Random(draw(st.integers(0, 100_000)))
    events = genealogy.makers()
    for number in range(lots):
        events.append(genealogy.listing(number))
        for at in range(chance.choice((1, 1, 1, 2, 3))):
            events.append(genealogy.lot(number, chance.sample(range(lots), chance.choice((0, 1, 1, 2, 3)) % lots), at))
        for at in range(chance.choice((0, 0, 1, 2))):
            events.append(genealogy.inspection(number, at, chance.choice(("pass", "fail")), chance.choice("RS")))
    for at in range(chance.randrange(8)):
        maker = chance.randrange(len(genealogy.codes))
        of_maker = range(maker, lots, len(genealogy.codes))
        some = chance.sample(of_maker, min(len(of_maker), chance.randrange(4)))
        number = chance.choice(("RC1", "RC2"))
        events.append(genealogy.recall(maker, at, chance.choice(("open", "open", "closed")), some, number))
    return events


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_in_any_order_the_nearest_tainted_lots_are_named(data):
    events = data.draw(genealogies())
    world = World(
        data.draw(st.integers(1, 6)),
        data.draw(st.integers(0, 10_000)),
        crashes=data.draw(st.sampled_from((0.0, 0.05, 0.2))),
        slice_rows=data.draw(st.sampled_from((1, 24, 4000))),
    )
    for batch in data.draw(deliveries(events)):
        world.publish_events(batch)
        if data.draw(st.booleans(), label="work before the next batch"):
            world.drain()
    world.drain()
    assert input_gaps(world) == expected_inputs(events)
    assert current_chains(world) == expected_chains(events)
