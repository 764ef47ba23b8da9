"""Writes a changelog anew from the state, when the state survived and its changelog did not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from suyuan.streams.state.position import BATCH_KEY, POSITION_KEY, BatchMark, encode_mark, encode_position
from suyuan.streams.state.store import RESERVED_END

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from suyuan.streams.state.partition import PartitionState

    Append = Callable[[Sequence[bytes], Sequence[bytes | None]], Awaitable[int]]

REPUBLISH_KEY = b"\x00republish"
"""in the store while its changelog is not whole"""

CHUNK = 10_000


def must_republish(partition: PartitionState) -> bool:
    """Whether the changelog is known to lack what the store has."""
    return partition.store.get(REPUBLISH_KEY) is not None


def mark_republish(partition: PartitionState) -> None:
    """Remember, beyond a crash, that the changelog lacks what the store has: its offset means nothing any more."""
    partition.store.write_batch([REPUBLISH_KEY], [b"1"])
    partition.without_changelog()


async def republish(partition: PartitionState, append: Append) -> None:
    """Append every pair and the position as one batch; after a crash it is repeated from the start."""
    store = partition.store
    await append([BATCH_KEY], [encode_mark(BatchMark(partition.position.epoch))])
    after: bytes | None = None
    while pairs := store.scan(b"", after, CHUNK):
        after = pairs[-1][0]
        own = [pair for pair in pairs if pair[0] >= RESERVED_END]
        await append([key for key, _ in own], [value for _, value in own])
    offset = await append([POSITION_KEY], [encode_position(replace(partition.position, after=None))])
    partition.written_anew(offset)
    store.write_batch([REPUBLISH_KEY], [None])
