"""The state of one partition of a stage: store, cache, position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from suyuan.streams.state.cache import CachedReader
from suyuan.streams.state.changelog import Replay
from suyuan.streams.state.errors import StateConflictError, StateError
from suyuan.streams.state.position import (
    BATCH_KEY,
    OFFSET_KEY,
    POSITION_KEY,
    Position,
    TopicPartition,
    decode_position,
    encode_position,
)
from suyuan.streams.state.store import RESERVED_END
from suyuan.streams.state.view import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from suyuan.streams.state.store import Store


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, ready to be written: pairs (None deletes), the position's own among them as the last."""

    keys: list[bytes]
    values: list[bytes | None]
    position: Position
    version: int
    in_batch: bool
    """the changelog ends within a batch, which this one ends"""

    def records(self) -> tuple[list[bytes], list[bytes | None]]:
        """Keys and values for the changelog."""
        if self.in_batch:
            return self.keys, self.values
        return [BATCH_KEY, *self.keys], [b"%d" % self.position.epoch, *self.values]


class PartitionState:
    """Not for two threads at a time; from one thread to another as the caller likes."""

    def __init__(
        self,
        store: Store,
        cache_entries: int = 50_000,
        cache_bytes: int = 8 << 20,
        cached_prefixes: tuple[bytes, ...] = (),
    ) -> None:
        """Owns the store from here on."""
        self.store = store
        self._cache_limits = cache_entries, cache_bytes, cached_prefixes
        self._reader = CachedReader(store, *self._cache_limits)
        self._version = 0
        self._unfinished: Overlay | None = None
        self._unusable: StateError | None = None
        self.position = decode_position(store.get(POSITION_KEY))
        self._replay = Replay(self.position.epoch)
        self._epoch = self.position.epoch

    @property
    def changelog_offset(self) -> int | None:
        """Offset of the changelog up to which the store has everything; None: nothing yet."""
        stored = self.store.get(OFFSET_KEY)
        return None if stored is None else int(stored)

    def view(self) -> Overlay:
        """A view for one block; when it is committed or another is, take a new one."""
        return Overlay(self._reader, self._version)

    def take_up(self) -> int:
        """The stored epoch + 1, which the next commit stores."""
        self._epoch = self.position.epoch + 1
        return self._epoch

    def begin_anew(self, at: TopicPartition, log: str, since: int, reached: int) -> None:
        """As `Position.begun_anew`; durable with the next commit."""
        self.position = self.position.begun_anew(at, log, since, reached)

    def prepare(
        self,
        view: Overlay,
        applied: Mapping[TopicPartition, int],
        log_of: Callable[[str], str] = lambda _: "",
    ) -> Commit:
        """The records of a commit. StateConflictError when the view does not rest on the present state, ValueError
        when it wrote a reserved key.

        From here until `write` the changelog may have records that the store lacks: nothing but the same view can be
        committed (again, if appending or writing failed).
        """
        if self._unusable:
            raise self._unusable
        if self._unfinished is not None and view is not self._unfinished:
            raise StateConflictError("the last commit did not finish: repeat it, or open the partition anew")
        if view.base is not self._reader or view.version != self._version:
            raise StateConflictError("the view was taken before another commit, or before the partition moved")
        keys, values = view.changes()
        if keys and min(keys) < RESERVED_END:
            raise ValueError(f"key {min(keys)!r}: keys below \\x01 are reserved")
        if torn := sorted(self._replay.torn.difference(keys)):
            keys += torn
            values += self.store.get_many(torn)
        self._unfinished = view
        position = self.position.advanced(self._epoch, applied, log_of)
        keys.append(POSITION_KEY)
        values.append(encode_position(position))
        return Commit(keys, values, position, self._version, self._replay.in_batch)

    def write(self, commit: Commit, offset: int | None = None) -> None:
        """Write a prepared commit in one store batch, with the changelog offset of its last record."""
        if commit.version != self._version:
            raise StateConflictError("another commit was written since this one was prepared")
        keys, values = commit.keys, commit.values
        if offset is None:
            self.store.write_batch(keys, values)
        else:
            self.store.write_batch([*keys, OFFSET_KEY], [*values, b"%d" % offset])
        self._reader.refresh(zip(keys, values, strict=True))
        self._replay = Replay(commit.position.epoch)
        self._unfinished = None
        self._version += 1
        self.position = commit.position

    def replay(self, records: Iterable[tuple[int, bytes, bytes | None]]) -> None:
        """Apply changelog records in order of offset; those the store already has are passed over.

        After an error the partition must be opened anew: what was held back is lost with it, and nothing on disk.
        """
        if self._unusable:
            raise self._unusable
        have = self.changelog_offset
        writes, safe = self._replay.feed(record for record in records if have is None or record[0] > have)
        if safe is None:
            return
        try:
            if self._replay.reset:
                writes.setdefault(POSITION_KEY, encode_position(self.position.forgotten()))
                self.store.clear()
            position = decode_position(writes.get(POSITION_KEY) or self.store.get(POSITION_KEY))
            self.store.write_batch([*writes, OFFSET_KEY], [*writes.values(), b"%d" % safe])
        except StateError as error:
            self._unusable = error
            raise
        self._reader = CachedReader(self.store, *self._cache_limits)
        self._version += 1
        self.position = position
        self._epoch = max(self._epoch, self.position.epoch)
