"""What a partition's state rests on, kept in the state itself so that the two can never disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

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
class Life:
    """Of an input partition's log, from when it was made until its topic is deleted. `log`: what the transport tells it
    by, empty where it cannot; `passed`: offsets of the lives before; `reached`: offset behind the last that was read.
    """

    log: str = ""
    passed: int = 0
    reached: int = 0

    def read(self, log: str, reached: int) -> Life:
        """Further."""
        return replace(self, log=self.log or log, reached=max(self.reached, reached))

    def next(self, log: str, since: int) -> Life:
        """The one after it, or this one whose end was lost: read from offset `since` on. (passed + offset) goes on
        rising.
        """
        return Life(log, self.passed + max(0, self.reached - since), since)


@dataclass(frozen=True, slots=True)
class Position:
    """`applied`: last offset of each input partition that the state has; `epoch`: of the last take-up that wrote;
    `lives`: of the logs that it was read from.
    """

    epoch: int = 0
    applied: Mapping[TopicPartition, int] = field(default_factory=dict)
    lives: Mapping[TopicPartition, Life] = field(default_factory=dict)

    def advanced(
        self, epoch: int, applied: Mapping[TopicPartition, int], log_of: Callable[[str], str] = lambda _: ""
    ) -> Position:
        """With the given offsets added; an offset never goes back, for a block that comes again is no news. `log_of`:
        tells topics from others of the same name.
        """
        merged = {(topic, partition): offset for (topic, partition), offset in self.applied.items()}
        lives = dict(self.lives)
        for (topic, partition), offset in applied.items():
            merged[topic, partition] = max(offset, merged.get((topic, partition), -1))
            lives[topic, partition] = self.life((topic, partition)).read(log_of(topic), offset + 1)
        return Position(epoch, merged, lives)

    def life(self, at: TopicPartition) -> Life:
        """Of what the state was read from; of a version that kept none, how far it came."""
        return self.lives.get(at) or Life(reached=self.applied.get(at, -1) + 1)

    def begun_anew(self, at: TopicPartition, log: str, since: int, reached: int) -> Position:
        """The log is another one, or its end from `since` on is: nothing of that was applied. The former one was read
        up to `reached`, by whomever.
        """
        applied = {known: offset for known, offset in self.applied.items() if known != at}
        if since:
            applied[at] = since - 1
        return Position(self.epoch, applied, {**self.lives, at: self.life(at).read("", reached).next(log, since)})

    def forgotten(self) -> Position:
        """After a reset: only the epoch still means something, and how far the offsets came that order what was said
        of the events.
        """
        inputs = {at for at in (*self.applied, *self.lives) if at[0].startswith("in.")}
        return Position(self.epoch, {}, {at: self.life(at) for at in inputs})


def epoch_of(data: bytes | None) -> int:
    """The stored position's epoch."""
    return decode_position(data).epoch


def forgotten(data: bytes) -> bytes:
    """The stored position after a reset."""
    return encode_position(decode_position(data).forgotten())


class _Stored(msgspec.Struct):
    format: int
    epoch: int
    applied: list[tuple[str, int, int]]
    lives: list[tuple[str, int, str, int, int]] = []


def encode_position(position: Position) -> bytes:
    """JSON: {"format": 1, "epoch": 7, "applied": [["topic", 0, 41], ...], "lives": [["topic", 0, "id", 0, 42], ...]},
    sorted.
    """
    applied = sorted((topic, partition, offset) for (topic, partition), offset in position.applied.items())
    lives = sorted((*at, life.log, life.passed, life.reached) for at, life in position.lives.items())
    return msgspec.json.encode(_Stored(FORMAT, position.epoch, applied, lives))


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
    return Position(
        stored.epoch,
        {(topic, partition): offset for topic, partition, offset in stored.applied},
        {(topic, partition): Life(log, passed, reached) for topic, partition, log, passed, reached in stored.lives},
    )
