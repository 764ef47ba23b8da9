"""What a stage remembers of a block so that, delivered again, it does again what may be lost with its outputs.

The state is written before the outputs are sent (docs/ARCHITECTURE.md), so a block that comes again finds the state as
it left it: what it took from there is gone, and what it changed is no news any more. There are two ways to know:

- beside the state: `BlockMemory`, what the last block of each topic that did anything did
- in the state: a value keeps `block_id` of the block that it was new to, and `came_of` tells whether that is this one

Messages that are redelivered may come in larger or smaller blocks than when they were done first. What counts is
whether the offset that was noted lies at or behind a block's first: then it does again all that was noted, be it the
block's own work or that of a larger one which it is a part of. Nothing is left out by that, and what is said twice is
the same.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from suyuan.domain.keys import SEPARATOR
from suyuan.streams.stage import Block, StateView


class Done(msgspec.Struct, frozen=True):
    """What the block at an offset of its topic did; what that is, a stage adds in fields of its own."""

    offset: int


D = TypeVar("D", bound=Done)


class BlockMemory(Generic[D]):
    """What a stage's last block of each topic that did anything did, as JSON under `word`, topic."""

    def __init__(self, word: str, of: type[D]) -> None:
        self._word = word
        self._decode = msgspec.json.Decoder(of).decode

    def recall(self, block: Block, state: StateView) -> D | None:
        """What a block that is delivered again did when it was done before, or those did that it now begins with; None
        for a new one, and for one that did nothing.
        """
        value = state.get(self._key(block)) if block.redelivered else None
        done = self._decode(value) if value is not None else None
        return done if done is not None and done.offset >= block.first_offset else None

    def keep(self, block: Block, state: StateView, done: D) -> None:
        """Remember it instead of what an earlier block did. `done.offset` is the block's."""
        state.put(self._key(block), msgspec.json.encode(done))

    def _key(self, block: Block) -> bytes:
        return f"{self._word}{SEPARATOR}{block.topic}".encode()


def block_id(block: Block) -> str:
    """topic:offset, as values keep it of the block that they were new to."""
    return f"{block.topic}:{block.offset}"


def came_of(block: Block, written: str) -> bool:
    """Whether a block is delivered again, and what it did before is what a value's `block_id` names."""
    if not block.redelivered:
        return False
    topic, _, offset = written.rpartition(":")
    return topic == block.topic and int(offset) >= block.first_offset
