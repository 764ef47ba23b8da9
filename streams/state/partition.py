"""The state of one partition of a stage: store, cache, position, and the commits that change them together."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from suyuan.connections.topic_partition import TopicPartition
from suyuan.streams.state.cache import CachedReader
from suyuan.streams.state.changelog import Replay
from suyuan.streams.state.errors import StateBehindError, StateConflictError, StateError
from suyuan.streams.state.key_digest import KeyDigest
from suyuan.streams.state.living_keys import LivingKeys
from suyuan.streams.state.position import (
    BATCH_KEY,
    COMMITTED_KEY,
    KEYS_KEY,
    OFFSET_KEY,
    POSITION_KEY,
    TORN_KEY,
    BatchMark,
    Position,
    decode_keys,
    decode_position,
    decode_torn,
    encode_keys,
    encode_mark,
    encode_position,
    encode_torn,
)
from suyuan.streams.state.store import RESERVED_END
from suyuan.streams.state.view import Overlay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from suyuan.streams.state.store import Store

BULK_RECORDS = 100_000
"""of a changelog, from which on a recovery is worth to open the store for it"""
COUNTED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that is ready to be written: pairs (None deletes), the position's own as the last."""

    keys: list[bytes]
    values: list[bytes | None]
    position: Position
    version: int
    found: KeyDigest | None
    """of the keys that the store has after it"""

    def records(self) -> tuple[list[bytes], list[bytes | None]]:
        """(keys, values) for the changelog."""
        mark = BatchMark(self.position.epoch, self.position.after, len(self))
        return [BATCH_KEY, *self.keys], [encode_mark(mark), *self.values]

    def __len__(self) -> int:
        """How many records it writes to the changelog."""
        return len(self.keys) + 1


class PartitionState:
    """Keyed state of one partition. For one thread at a time, which need not be the same one."""

    def __init__(
        self,
        store: Store,
        cache_entries: int = 50_000,
        cache_bytes: int = 8 << 20,
        cached_prefixes: tuple[bytes, ...] = (),
    ) -> None:
        """Takes the store over; only this object may use it from now on."""
        self.store = store
        self._cache_limits = cache_entries, cache_bytes, cached_prefixes
        self._reader = CachedReader(store, *self._cache_limits)
        self._version = 0
        self._unfinished: Overlay | None = None
        self._unusable: StateError | None = None
        stored = store.get(POSITION_KEY)
        self.position = decode_position(stored)
        self._epoch = self.position.epoch
        self.changelog_offset = _number(store.get(OFFSET_KEY))
        """offset of the changelog up to which the store has everything; None: nothing yet"""
        self._end = self.changelog_offset
        """of the changelog, as far as it was fed or written here; None: unknown"""
        self.rebuilt = stored is None and self._end is None
        """made from its changelog alone, since it was opened empty"""
        committed = -1 if self.rebuilt else _number(store.get(COMMITTED_KEY))
        keys = store.get(KEYS_KEY)
        self.found_keys = KeyDigest() if self.rebuilt else None if keys is None else decode_keys(keys)
        """digest of the keys that the store has; None: they were not counted from the beginning, or are not yet"""
        self.recovering = False
        """whether the store is opened for many writes and few reads: from `begin_recovery` to `end_recovery`"""
        self._living: LivingKeys | None = None
        """of a store that was empty when its recovery began: what `found_keys` will be counted from"""
        torn = decode_torn(store.get(TORN_KEY))
        self._replay = Replay(self.position.epoch, committed, torn, fresh=self.rebuilt)

    @property
    def lacks_keys(self) -> bool:
        """Whether the store has other keys than the writer of its position had."""
        claimed, found = self.position.keys, self.found_keys
        return claimed is not None and found is not None and claimed != found

    def view(self) -> Overlay:
        """A view for one block; when it is committed or another is, take a new one."""
        return Overlay(self._reader, self._version)

    def begin_epoch(self) -> int:
        """The stored epoch + 1. The next commit stores it."""
        self._epoch = self.position.epoch + 1
        return self._epoch

    def begin_anew(self, at: TopicPartition, log: str, first_offset: int, reached: int) -> None:
        """Note that an input partition's log is another one now (see `Position.begun_anew`). Durable with the next
        commit.
        """
        self.position = self.position.begun_anew(at, log, first_offset, reached)

    def begins_at(self, start: int) -> None:
        """Tell the changelog's first offset: a state that was never fed anything begins there."""
        if self._end is None:
            self._end = start - 1

    def begin_recovery(self, records: int) -> None:
        """Expect so many records of the changelog. Where that is more than what the store has, its keys are not asked
        for one by one, but counted in `end_recovery`, also when this process is killed before it and another goes on.
        """
        have = 0 if self.found_keys is None else self.found_keys.count
        if self.recovering or records < max(BULK_RECORDS, have):
            return
        self.recovering = True
        if self.rebuilt and self._version == 0:
            self._living = LivingKeys()
        else:
            self.store.write_batch([KEYS_KEY], [None])
        self.found_keys = None
        self.store.begin_bulk()

    def end_recovery(self) -> None:
        """All records of the changelog were fed: take reads and commits. Takes seconds after many records, and as long
        as a scan where another process had begun.
        """
        if self.recovering:
            self.store.end_bulk()
        claimed = self.position.keys
        found, living = self.found_keys, self._living
        if living is not None:
            found = living.digest()
        if claimed is not None and (found is None or (living is not None and found != claimed)):
            found = self._counted()
        if self.found_keys is None and found is not None:
            self._store([], [], found)
        self._living, self.recovering = None, False

    def has_all(self, end: int) -> bool:
        """Whether all records of the changelog before `end` were fed or written here."""
        return self._end is not None and self._end >= end - 1

    def prepare(
        self,
        view: Overlay,
        applied: Mapping[TopicPartition, int],
        log_of: Callable[[str], str] = lambda _: "",
    ) -> Commit:
        """The records of a commit. `applied`: last offset of each input partition that the view includes. Raises
        StateConflictError when the view does not rest on the present state, ValueError when it wrote a reserved key.

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
        came, went = view.came_and_went()
        if torn := sorted(self._replay.torn.difference(keys)):
            keys += torn
            values += self.store.get_many(torn)
        self._unfinished = view
        claimed = self.position.keys or self.found_keys
        keys_then = None if claimed is None else claimed.changed(came, went)
        position = self.position.advanced(self._epoch, applied, log_of, after=self._replay.committed, keys=keys_then)
        keys.append(POSITION_KEY)
        values.append(encode_position(position))
        found = None if self.found_keys is None else self.found_keys.changed(came, went)
        return Commit(keys, values, position, self._version, found)

    def write(self, commit: Commit, offset: int | None = None) -> None:
        """Write a prepared commit in one store batch, with the changelog offset of its last record.

        StateBehindError where its records do not lie right behind what the state has: then another process wrote in
        between, nothing is stored, and the partition must be opened anew.
        """
        if self._unusable:
            raise self._unusable
        if commit.version != self._version:
            raise StateConflictError("another commit was written since this one was prepared")
        keys, values = commit.keys, commit.values
        if offset is None:
            self._store(keys, values, commit.found)
        else:
            if self._end is not None and offset != self._end + len(commit):
                self._unusable = StateBehindError(
                    f"the changelog took {len(commit)} records up to offset {offset}, and the state has what lies up "
                    f"to {self._end}: another process wrote in between. Nothing was stored; the next start reads it"
                )
                raise self._unusable
            self._end = self._replay.committed = offset  # it counts there, whether the store takes it or not
            ends = b"%d" % offset
            self._store([*keys, OFFSET_KEY, COMMITTED_KEY, TORN_KEY], [*values, ends, ends, None], commit.found)
            self.changelog_offset = offset
        self._reader.refresh(keys, values)
        self.rebuilt = False
        self._replay = Replay(commit.position.epoch, offset, fresh=False)
        self._unfinished = None
        self._version += 1
        self.position = commit.position

    def replay(
        self,
        records: Iterable[tuple[int, bytes, bytes | None]],
        first_offset: int | None = None,
        next_offset: int | None = None,
    ) -> None:
        """`replay_columns` of (offset, key, value) records."""
        rows = list(records)
        columns = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
        self.replay_columns(*columns, first_offset, next_offset)

    def replay_columns(
        self,
        offsets: Sequence[int],
        keys: Sequence[bytes],
        values: Sequence[bytes | None],
        first_offset: int | None = None,
        next_offset: int | None = None,
    ) -> None:
        """Apply changelog records in order of offset; those that were fed or written before are passed over.

        `first_offset`, `next_offset`: what was asked of the log, and where it goes on after it. Records that do not
        join what was fed before are not applied: those between would be missing (`has_all` tells). StateDivergedError
        when the state does not come from these records.

        After an error the partition must be opened anew: what was held back is lost with it, and nothing on disk.
        """
        if self._unusable:
            raise self._unusable
        have = self._end
        if first_offset is not None and have is not None and first_offset > have + 1:
            return
        known = 0 if have is None else bisect_right(offsets, have)
        if known == len(offsets) and have is not None and (next_offset or 0) - 1 <= have:
            return
        if known:
            offsets, keys, values = offsets[known:], keys[known:], values[known:]
        try:
            writes, safe = self._replay.feed(offsets, keys, values)
            if safe is not None:
                self._apply(writes, safe)
        except StateError as error:
            self._unusable = error
            raise
        self._end = max((-1 if have is None else have), offsets[-1] if offsets else -1, (next_offset or 0) - 1)

    def written_anew(self, offset: int) -> None:
        """Note that the changelog was written anew from the state, ending with the position at this offset."""
        self.store.write_batch([OFFSET_KEY, COMMITTED_KEY], [b"%d" % offset, b"%d" % offset])
        self.changelog_offset = self._end = offset
        self._replay = Replay(self.position.epoch, offset, fresh=False)

    def without_changelog(self) -> None:
        """Note that the changelog lacks what the store has: offsets of it mean nothing any more."""
        self.store.write_batch([OFFSET_KEY, COMMITTED_KEY], [None, None])
        # else, after a crash, a changelog half written would look like one that lost its end, and be believed
        self.store.flush()
        self.changelog_offset = self._end = None
        self._replay = Replay(self.position.epoch, fresh=False)

    def _apply(self, writes: dict[bytes, bytes | None], safe: int) -> None:
        replay = self._replay
        if replay.reset:
            writes.setdefault(POSITION_KEY, encode_position(self.position.forgotten()))
            self.store.clear()
            if self._living is not None:
                self._living.clear()
            elif self.recovering:
                self._living = LivingKeys()
            else:
                self.found_keys = KeyDigest()
        position = decode_position(writes[POSITION_KEY]) if POSITION_KEY in writes else self.position
        keys, values = list(writes), list(writes.values())
        found = self.found_keys
        if self._living is not None:
            changes = writes.copy()
            for key in [key for key in keys if key < RESERVED_END]:
                del changes[key]
            self._living.note(changes)
        elif found is not None:
            own = [key for key in keys if key >= RESERVED_END]
            there = self.store.get_many(own)
            came = [key for key, was in zip(own, there, strict=True) if was is None and writes[key] is not None]
            went = [key for key, was in zip(own, there, strict=True) if was is not None and writes[key] is None]
            found = found.changed(KeyDigest.of(came), KeyDigest.of(went))
        torn, committed = replay.passed, replay.committed
        self._store(
            [*keys, OFFSET_KEY, COMMITTED_KEY, TORN_KEY],
            [
                *values,
                b"%d" % safe,
                None if committed is None else b"%d" % committed,
                None if torn is None else encode_torn(torn),
            ],
            found,
        )
        self.changelog_offset = safe
        self._reader = CachedReader(self.store, *self._cache_limits)
        self._version += 1
        self.position = position
        self._epoch = max(self._epoch, self.position.epoch)

    def _store(self, keys: Sequence[bytes], values: Sequence[bytes | None], found: KeyDigest | None) -> None:
        if found is not None:
            keys, values = [*keys, KEYS_KEY], [*values, encode_keys(found)]
        self.store.write_batch(keys, values)
        self.found_keys = found

    def _counted(self) -> KeyDigest:
        found, after = KeyDigest(), None
        while pairs := self.store.scan(b"", after, COUNTED_AT_ONCE):
            after = pairs[-1][0]
            found = found.changed(KeyDigest.of([key for key, _ in pairs if key >= RESERVED_END]), KeyDigest())
        return found


def _number(stored: bytes | None) -> int | None:
    return None if stored is None else int(stored)
