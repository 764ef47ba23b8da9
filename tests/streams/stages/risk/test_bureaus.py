"""Records of bureaus in a risk partition: the newest of each division counts, whatever came first."""

import itertools

import polars as pl
import pytest

from suyuan.domain.rules.jurisdiction import Bureaus
from suyuan.schemas.blocks import block_schema, decode_block, encode_block
from suyuan.streams.stage import Block
from suyuan.streams.stages.risk.bureaus import bureaus_in, note_bureaus
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.view import Overlay
from tests.streams.stages.risk.conftest import RECEIVED
from tests.streams.stages.risk.conftest import bureau_row as bureau


class Partition:
    def __init__(self):
        self.state = Overlay(MemoryStore())

    def note(self, *rows, redelivered=False):
        """The divisions that `note_bureaus` tells, of one block."""
        frame = pl.DataFrame(rows, schema=block_schema("record"))
        block = Block("risk.record", 0, 0, 0, 0, decode_block(encode_block("record", frame)), redelivered)
        return note_bureaus(block, self.state)

    def reason(self, division):
        return bureaus_in(self.state).charge("seller", "county", division, None).why

    def kept(self):
        return self.state.scan(b"")


@pytest.fixture
def partition():
    return Partition()


def test_who_does_the_work_now(partition, turn):
    assert partition.note(turn(3)) == {}
    assert partition.reason("330108") == "seller:330108"
    assert partition.note(bureau("330108", "330191", version=5), turn(4)) == {"330108": RECEIVED + 5}
    assert partition.reason("330108") == "seller:330108 handled_by:330191"
    assert partition.note(bureau("330108", version=6)) == {"330108": RECEIVED + 6}
    assert partition.reason("330108") == "seller:330108"


def test_an_older_version_changes_nothing(partition):
    partition.note(bureau("330108", "330191", version=5))
    kept = partition.kept()
    assert partition.note(bureau("330108", "330102", version=4)) == {}
    assert partition.kept() == kept
    assert partition.reason("330108") == "seller:330108 handled_by:330191"


def test_what_moves_nobody_is_kept_and_told_to_nobody(partition):
    assert partition.note(bureau("330108")) == {}
    assert partition.note(bureau("330108", "330191", version=1)) == {"330108": RECEIVED + 1}
    assert partition.note(bureau("330108", "330191", version=2)) == {}
    assert partition.note(bureau("330191", version=3)) == {"330191": RECEIVED + 3}, "the table leads elsewhere"
    assert partition.reason("330191") == "seller:330191"


def test_a_block_that_comes_again_tells_again(partition):
    rows = [bureau("330108", "330191", version=1), bureau("330105", "330191", version=2)]
    told = partition.note(*rows)
    kept = partition.kept()
    assert partition.note(*rows, redelivered=True) == told == {"330108": RECEIVED + 1, "330105": RECEIVED + 2}
    assert partition.kept() == kept


@pytest.mark.parametrize("together", [True, False])
def test_the_same_in_any_order(together):
    rows = [
        bureau("330108", "330191", version=1),
        bureau("330108", version=2),
        bureau("330191", "330114", version=1),
        bureau("330191", "330108", version=3),
    ]
    ends = set()
    for order in itertools.permutations(rows):
        partition = Partition()
        for each in [order] if together else [[row] for row in order]:
            partition.note(*each)
        ends.add(tuple(partition.kept()))
        assert partition.reason("330191") == "seller:330191 handled_by:330108"
    assert len(ends) == 1


def test_what_is_made_of_the_records_is_made_once(partition):
    other = Partition()
    for one in (partition, other):
        one.note(bureau("330108", "330191"))
    made = bureaus_in(partition.state)
    assert isinstance(made, Bureaus)
    assert bureaus_in(partition.state) is made is bureaus_in(other.state)
    partition.note(bureau("330108", "330102", version=1))
    assert bureaus_in(partition.state) is not made
    assert bureaus_in(other.state) is made
