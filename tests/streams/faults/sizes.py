"""Fault 17: messages around the limit of 1 MiB, and far beyond it."""

from __future__ import annotations

import asyncio

import pytest

from suyuan.schemas.events import encode_event
from tests.streams.faults.world import by_place, work
from tests.streams.stages.part import encoded
from tests.streams.stages.published import event

MIB = 1 << 20


def message_of(size: int, **fields: object) -> bytes:
    """A good event in so many bytes, the most of them its name."""
    said = {name: value for name, value in event("entity", **fields).items() if name != "kind"}
    value = encode_event("entity", said | {"name": "x" * (size - 100)})
    value = encode_event("entity", said | {"name": "x" * (size - 100 + size - len(value))})
    assert len(value) == size
    return value


class SizesContract:
    @pytest.mark.parametrize("size", [MIB - 1, MIB, MIB + 1, 20 * MIB])
    def test_a_large_message_is_accepted_or_pointed_to_and_the_partition_goes_on(self, world, size):
        large = message_of(size)
        neighbours = [encoded(event("entity", code=f"91330106MABQWU0B7{number}")) for number in range(4)]
        world.publish("in.entity", 0, [*neighbours[:2], large, *neighbours[2:]])
        asyncio.run(work(world))
        kept = by_place(world.rows("event.entity"))
        dead = by_place(world.rows("dead_letter"))
        assert kept.keys() | dead.keys() == {(0, offset) for offset in range(5)}
        assert world.committed("in.entity", 0) == 5
        if size <= MIB:
            assert not dead
            assert len(kept[0, 2]["name"]) > MIB - 200
            return
        assert dead.keys() == {(0, 2)}
        letter = dead[0, 2]
        assert (letter["reason"], letter["payload_bytes"]) == (f"too large: {size} bytes, at most {MIB}", size)
        assert letter["payload"] == large[:MIB]
        # its place leads to the rest
        assert world.value(letter["topic"], letter["source_partition"], letter["source_offset"]) == large

    def test_many_large_ones_that_cannot_be_read_pass_too(self, world):
        bad = [b"\x01" + bytes(MIB - 1)] * 40
        world.publish("in.entity", 0, [*bad, encoded(event("entity"))])
        asyncio.run(work(world))
        dead = by_place(world.rows("dead_letter"))
        assert [dead[0, offset]["payload"] for offset in range(40)] == bad
        assert by_place(world.rows("event.entity")).keys() == {(0, 40)}
