"""What a partition's state rests on, kept in the state itself so that the two can never disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from suyuan.streams.state.errors import StateCorruptError, StateVersionError

POSITION_KEY = b"\x00position"
"""holds the `Position`; in the changelog it also ends a batch"""
BATCH_KEY = b"\x00batch"
"""begins a batch in the changelog"""
OFFSET_KEY = b"\x00offset"
"""changelog offset up to which the store has everything; in the store only"""

RESET_KEY = b"\x00reset"
"""in the changelog: what lies before it does not count any more"""

FORMAT = 1

TopicPartition = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Position:
    """`applied`: last offset of each input partition that the state has; `epoch`: of the last take-up that wrote."""

    epoch: int = 0
    applied: Mapping[TopicPartition, int] = field(default_factory=dict)

    def advanced(self, epoch: int, applied: Mapping[TopicPartition, int]) -> Position:
        """With the given offsets added; an offset never goes back, for a block that comes again is no news."""
        merged = {(topic, partition): offset for (topic, partition), offset in self.applied.items()}
        for (topic, partition), offset in applied.items():
            merged[topic, partition] = max(offset, merged.get((topic, partition), -1))
        return Position(epoch, merged)


def epoch_of(data: bytes | None) -> int:
    """The stored position's epoch."""
    return decode_position(data).epoch


def forgotten(data: bytes) -> bytes:
    """The stored position without its offsets: after a reset only the epoch still means something."""
    return encode_position(Position(decode_position(data).epoch))


class _Stored(msgspec.Struct):
    format: int
    epoch: int
    applied: list[tuple[str, int, int]]


def encode_position(position: Position) -> bytes:
    """JSON: {"format": 1, "epoch": 7, "applied": [["topic", 0, 41], ...]}, sorted."""
    applied = sorted((topic, partition, offset) for (topic, partition), offset in position.applied.items())
    return msgspec.json.encode(_Stored(FORMAT, position.epoch, applied))


def decode_position(data: bytes | None) -> Position:
    """None is the position of empty state. StateVersionError, StateCorruptError when it cannot be read."""
    if data is None:
        return Position()
    try:
        stored = msgspec.json.decode(data, type=_Stored)
    except msgspec.MsgspecError as error:
        raise StateCorruptError(f"the state's position cannot be read: {error}") from error
    if stored.format > FORMAT:
        raise StateVersionError(f"state format {stored.format} is newer than this version's {FORMAT}: upgrade")
    return Position(stored.epoch, {(topic, partition): offset for topic, partition, offset in stored.applied})
