"""What a stage remembers of its blocks, and that what former versions wrote of it is still understood."""

from __future__ import annotations

import polars as pl
import pytest

from suyuan.streams.stage import Block
from suyuan.streams.stages.producer.due import WORKED_OFF, WorkedOff
from suyuan.streams.stages.producer.lookups import ASKED_BY_BLOCK, PendingLookups
from suyuan.streams.stages.redelivery import BlockMemory, Done, block_id, came_of
from suyuan.streams.stages.risk.slices import TAKEN, Slice
from suyuan.streams.state.stage_state import MemoryStageState

TOPIC = "producer.backlog"


class Words(Done, frozen=True):
    words: tuple[str, ...]


MEMORY = BlockMemory("words", Words)


def block(first, last, *, redelivered=True, topic=TOPIC):
    return Block(topic, 0, first, last, 0, pl.DataFrame(), redelivered)


@pytest.fixture
def state():
    return MemoryStageState().view(0)


@pytest.mark.parametrize(
    ("again", "known"),
    [
        pytest.param(block(5, 7), True, id="the same block"),
        pytest.param(block(7, 9), True, id="with more messages behind it"),
        pytest.param(block(5, 6), True, id="its first messages alone"),
        pytest.param(block(6, 7), True, id="its last messages alone"),
        pytest.param(block(8, 9), False, id="a later one"),
        pytest.param(block(5, 7, redelivered=False), False, id="a new one"),
        pytest.param(block(5, 7, topic="chain"), False, id="of another topic"),
    ],
)
def test_what_a_block_did_is_known_when_it_comes_again(state, again, known):
    done = block(5, 7, redelivered=False)
    MEMORY.keep(done, state, Words(done.offset, ("said",)))
    assert MEMORY.recall(again, state) == (Words(7, ("said",)) if known else None)
    assert came_of(again, block_id(done)) is known


def test_a_block_that_did_nothing_leaves_what_is_known_of_the_one_before(state):
    MEMORY.keep(block(1, 1), state, Words(1, ("first",)))
    assert MEMORY.recall(block(2, 2), state) is None
    assert MEMORY.recall(block(1, 2), state) == Words(1, ("first",))


def test_a_value_of_no_block_came_of_none():
    assert not came_of(block(0, 9), "")


@pytest.mark.parametrize(
    ("memory", "key", "value", "known"),
    [
        pytest.param(
            ASKED_BY_BLOCK,
            b"questions\x1fproducer.backlog",
            b'[7,[["product","06901234567892"]]]',
            PendingLookups(7, (("product", "06901234567892"),)),
            id="questions",
        ),
        pytest.param(
            WORKED_OFF,
            b"done\x1fproducer.backlog",
            b'[7,[["A\\u001fG\\u001fL",12]]]',
            WorkedOff(7, (("A\x1fG\x1fL", 12),)),
            id="lots",
        ),
        pytest.param(
            TAKEN,
            b"slice\x1fproducer.backlog",
            b'{"offset":7,"listings":["P\\u001f1"],"left":true}',
            Slice(7, ("P\x1f1",), left=True),
            id="listings",
        ),
    ],
)
def test_the_bytes_that_lie_in_states_and_changelogs_are_read_and_written_as_ever(state, memory, key, value, known):
    state.put(key, value)
    assert memory.recall(block(7, 7), state) == known
    state.delete(key)
    memory.keep(block(7, 7), state, known)
    assert state.get(key) == value
