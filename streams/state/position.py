"""What a partition's state rests on, kept in the state itself so that the two can never disagree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from suyuan.connections.topic_partition import TopicPartition
from suyuan.streams.state.errors import StateCorruptError, StateVersionError
from suyuan.streams.state.key_digest import KeyDigest
from suyuan.streams.transport.life import Life

POSITION_KEY = b"\x00position"
"""holds the `Position`; in the changelog it also ends a batch"""
BATCH_KEY = b"\x00batch"
"""begins a batch in the changelog; its value is a `BatchMark`"""
RESET_KEY = b"\x00reset"
"""in the changelog: what lies before it does not count any more"""

OFFSET_KEY = b"\x00offset"
"""changelog offset up to which the store has everything; this one and those below are in the store only"""
COMMITTED_KEY = b"\x00committed"
"""changelog offset of the position that the store has: where the last batch that counts ended"""
KEYS_KEY = b"\x00hashed"
"""`KeyDigest` of the keys that the store really has, counted as they were written; an earlier version kept another
one under another name"""
TORN_KEY = b"\x00torn"
"""what the changelog has that does not count (`Torn`), until a commit has written it anew"""

FORMAT = 4
"""an earlier version reads no state of this one: intake keeps contents in lines of their own since 3, and keys are
summed by another hash since 4"""
_SAME_HASH = 4


@dataclass(frozen=True, slots=True)
class Position:
    """`applied`: last offset of each input partition that the state has; `epoch`: of the last assignment that wrote;
    `lives`: of the logs that it was read from.

    `after`: changelog offset of the position that this one follows, as its writer knew it, -1 for none; `keys`: digest
    of the keys that its writer had. None where an earlier version wrote.
    """

    epoch: int = 0
    applied: Mapping[TopicPartition, int] = field(default_factory=dict)
    lives: Mapping[TopicPartition, Life] = field(default_factory=dict)
    after: int | None = None
    keys: KeyDigest | None = None

    def advanced(
        self,
        epoch: int,
        applied: Mapping[TopicPartition, int],
        log_of: Callable[[str], str] = lambda _: "",
        *,
        after: int | None = None,
        keys: KeyDigest | None = None,
    ) -> Position:
        """The position with the given offsets applied; an offset never goes back, for a redelivered block changes
        nothing. `log_of`: ids that tell topics from others of the same name.
        """
        merged = {(topic, partition): offset for (topic, partition), offset in self.applied.items()}
        lives = dict(self.lives)
        for (topic, partition), offset in applied.items():
            merged[topic, partition] = max(offset, merged.get((topic, partition), -1))
            lives[topic, partition] = self.life((topic, partition)).read(log_of(topic), offset + 1)
        return Position(epoch, merged, lives, after, keys)

    def life(self, at: TopicPartition) -> Life:
        """The life of an input partition's log that the state was read from; where a former version kept none, as far
        as it was read.
        """
        return self.lives.get(at) or Life(reached=self.applied.get(at, -1) + 1)

    def begun_anew(self, at: TopicPartition, log: str, first_offset: int, reached: int) -> Position:
        """The position for a log that is another one, or whose end from `first_offset` on is: nothing of that was
        applied. `reached`: how far the former one was read, by this state or by another consumer.
        """
        applied = {known: offset for known, offset in self.applied.items() if known != at}
        if first_offset:
            applied[at] = first_offset - 1
        life = self.life(at).read("", reached).next(log, first_offset)
        return replace(self, applied=applied, lives={**self.lives, at: life})

    def forgotten(self) -> Position:
        """The position after a reset: it keeps the epoch, and how far the event topics were read, since their offsets
        order the versions of listings.
        """
        inputs = {at for at in (*self.applied, *self.lives) if at[0].startswith("in.")}
        return Position(self.epoch, {}, {at: self.life(at) for at in inputs}, keys=KeyDigest())


@dataclass(frozen=True, slots=True)
class BatchMark:
    """`records` in the batch, both marks included, and `after` as in its position; None where an earlier version
    wrote, or a state whose changelog is written anew.
    """

    epoch: int
    after: int | None = None
    records: int | None = None


@dataclass(frozen=True, slots=True)
class Torn:
    """`keys` whose last record in the changelog does not count; `broken`: epoch and `after` of batches that others
    wrote into, of which more records may come.
    """

    keys: tuple[bytes, ...] = ()
    broken: tuple[tuple[int, int | None], ...] = ()


class _StoredMark(msgspec.Struct, omit_defaults=True):
    epoch: int
    after: int | None = None
    records: int | None = None


class _StoredPosition(msgspec.Struct, omit_defaults=True):
    format: int
    epoch: int
    applied: list[tuple[str, int, int]]
    after: int | None = None
    keys: tuple[int, int] | None = None
    lives: list[tuple[str, int, str, int, int]] = []


def encode_position(position: Position) -> bytes:
    """JSON: {"format": 4, "epoch": 7, "applied": [["topic", 0, 41], …], "after": 992, "keys": [1911, 8…], "lives":
    [["topic", 0, "id", 0, 42], …]}, sorted.
    """
    applied = sorted((topic, partition, offset) for (topic, partition), offset in position.applied.items())
    lives = sorted((*at, life.log, life.passed, life.reached) for at, life in position.lives.items())
    keys = None if position.keys is None else (position.keys.count, position.keys.total)
    return msgspec.json.encode(_StoredPosition(FORMAT, position.epoch, applied, position.after, keys, lives))


def decode_position(data: bytes | None) -> Position:
    """The position that `encode_position` wrote; None is that of empty state. Raises StateVersionError, or
    StateCorruptError when it cannot be read.
    """
    if data is None:
        return Position(keys=KeyDigest())
    try:
        stored = msgspec.json.decode(data, type=_StoredPosition)
    except msgspec.MsgspecError as error:
        raise StateCorruptError(f"the state's position cannot be read: {error}") from error
    if stored.format > FORMAT:
        raise StateVersionError(f"state format {stored.format} is newer than this version's {FORMAT}: upgrade")
    applied = {(topic, partition): offset for topic, partition, offset in stored.applied}
    lives = {(topic, partition): Life(log, passed, reached) for topic, partition, log, passed, reached in stored.lives}
    keys = None if stored.keys is None or stored.format < _SAME_HASH else KeyDigest(*stored.keys)
    return Position(stored.epoch, applied, lives, stored.after, keys)


def encode_mark(mark: BatchMark) -> bytes:
    """JSON: {"epoch": 7, "after": 992, "records": 24}."""
    return msgspec.json.encode(_StoredMark(mark.epoch, mark.after, mark.records))


def decode_mark(data: bytes | None) -> BatchMark:
    """The mark that `encode_mark` wrote, or the epoch alone of an earlier version. Raises StateCorruptError when it
    cannot be read.
    """
    try:
        stored = msgspec.json.decode(data or b"0", type=int | _StoredMark)
    except msgspec.MsgspecError as error:
        raise StateCorruptError(f"a batch of the changelog cannot be read: {error}") from error
    return BatchMark(stored) if isinstance(stored, int) else BatchMark(stored.epoch, stored.after, stored.records)


def encode_keys(keys: KeyDigest) -> bytes:
    """JSON: [count, total]."""
    return msgspec.json.encode((keys.count, keys.total))


def decode_keys(data: bytes) -> KeyDigest:
    """The digest that `encode_keys` wrote."""
    return KeyDigest(*msgspec.json.decode(data, type=tuple[int, int]))


def encode_torn(torn: Torn) -> bytes:
    """MessagePack: [keys, broken]."""
    return msgspec.msgpack.encode((torn.keys, torn.broken))


def decode_torn(data: bytes | None) -> Torn:
    """What `encode_torn` wrote; None is nothing torn."""
    if data is None:
        return Torn()
    return Torn(*msgspec.msgpack.decode(data, type=tuple[tuple[bytes, ...], tuple[tuple[int, int | None], ...]]))
