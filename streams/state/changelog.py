"""A partition's changes as records of its changelog topic, and back.

One commit is one batch of records: `BATCH_KEY` (the writer's epoch, the changelog offset that it goes on from, how many
records it writes), a record per key (null deletes), `POSITION_KEY`. A log that takes a batch whole needs no such frame;
Kafka may keep the front of one whose writer was killed, and may put records of a former owner between others. Applying
a part of a block would leave state that no block leads to, so a batch counts whole or not at all:

| what replay finds | then |
|---|---|
| its position is as far behind its mark as the mark says | the batch is whole |
| another mark comes before, or the position is elsewhere | another wrote in between: no record of the batch counts |
| its epoch is lower than one that counted | of an owner that had lost the partition unknowingly: it does not count |
| its writer went on from an earlier offset than the last batch that counted | it lacked that batch, and stopped when it
  saw where its own came to lie (`PartitionState.write`): it does not count. To a store that was not made from this
  changelog alone it says that the store itself may lack something: StateDivergedError |
| records outside of a batch | compaction took the mark: they count |

A writer writes the keys of batches that do not count once more, as they are in the state: compaction would leave the
wrong record of them.

A `RESET_KEY` ends a life of the state (`suyuan state rebuild`): the pairs before it are forgotten, the epoch is not, so
that what the next life writes counts as newer.

Compaction must leave what does not count alone until then (`COMPACTION_LAG_MS`): a broken record would replace the
committed one that it shares the key with. Ended batches may be compacted in any way: of each mark the last stays, so
the last batch is framed, and what stands alone before it was committed. So was a batch whose mark it left and whose
position it took, where a later one goes on from behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from suyuan.streams.state.errors import StateDivergedError
from suyuan.streams.state.position import (
    BATCH_KEY,
    POSITION_KEY,
    RESET_KEY,
    BatchMark,
    Position,
    Torn,
    decode_mark,
    decode_position,
    encode_position,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    Pairs = dict[bytes, bytes | None]


_FRAME = frozenset({BATCH_KEY, POSITION_KEY, RESET_KEY})
COMPACTION_LAG_MS = 3_600_000
"""longer than a partition is without an owner that commits"""


class ChangelogWriter(Protocol):
    """Appends to a changelog topic."""

    async def append_many(
        self, topic: str, partition: int, keys: Sequence[bytes], values: Sequence[bytes | None]
    ) -> int:
        """Append in order and return the last record's offset once all are durable."""


class Replay:
    """Turns changelog records, in order of offset, into writes that leave the state that some commit left."""

    def __init__(
        self, epoch: int = 0, committed: int | None = None, torn: Torn | None = None, *, fresh: bool = True
    ) -> None:
        """Begin with the state as it is. `epoch`: its epoch; `committed`: changelog offset where its last batch ended;
        `torn`: what it knows to be torn; `fresh`: whether it was made from this changelog alone.
        """
        self.committed = committed
        self.reset = False
        """the last `feed` met a reset: its writes are for an emptied store"""
        self._epoch = epoch
        self._fresh = fresh
        self._dropped = set(torn.keys if torn else ())
        self._broken = set(torn.broken if torn else ())
        self._mark: BatchMark | None = None
        self._begun = 0
        self._batch: Pairs = {}
        self._rest: Pairs = {}

    @property
    def torn(self) -> set[bytes]:
        """Keys of which the changelog's last record does not count, or may not: the next commit writes them as they
        are in the state.
        """
        return self._dropped.union(self._batch, self._rest)

    @property
    def passed(self) -> Torn | None:
        """What is torn before the offset that `feed` returned, and so is not fed again to a replay that goes on
        there.
        """
        if not self._dropped and not self._broken:
            return None
        return Torn(tuple(sorted(self._dropped)), tuple(self._broken))

    def feed(
        self, offsets: Sequence[int], keys: Sequence[bytes], values: Sequence[bytes | None]
    ) -> tuple[Pairs, int | None]:
        """Takes records as columns. Returns the pairs to write now, and the offset up to which nothing is held back
        (None: everything is). Raises StateDivergedError, StateCorruptError, StateVersionError.
        """
        writes: Pairs = {}
        safe: int | None = None
        self.reset = False
        begin = 0
        for at in [index for index, key in enumerate(keys) if key in _FRAME]:
            if self._take(keys, values, begin, at, writes):
                safe = offsets[at - 1]
            begin = at + 1
            offset, key, value = offsets[at], keys[at], values[at]
            if key == BATCH_KEY:
                self._begin(offset, decode_mark(value), writes)
                if writes and self._begun == offset:
                    safe = offset - 1
                continue
            if key == POSITION_KEY:
                position = decode_position(value)
                if self._ends_batch(offset, position) and self._counts(offset, position):
                    writes.update(self._rest)
                    writes.update(self._batch)
                    writes[key] = value
                    self._epoch, self.committed = position.epoch, offset
                else:
                    self._drop()
            else:
                was = writes.get(POSITION_KEY)
                writes = {} if was is None else {POSITION_KEY: encode_position(decode_position(was).forgotten())}
                self._broken.clear()
                self.reset = True
            self._mark, self._batch, self._rest = None, {}, {}
            safe = offset
        if self._take(keys, values, begin, len(keys), writes):
            safe = offsets[-1]
        return writes, safe

    def _take(self, keys: Sequence[bytes], values: Sequence[bytes | None], begin: int, end: int, writes: Pairs) -> bool:
        """Take the pairs begin..end-1, between which no frame lies. Whether they count as they are."""
        if begin == end:
            return False
        alone = self._mark is None and not self._broken
        pairs = writes if alone else self._rest if self._mark is None else self._batch
        pairs.update(zip(keys[begin:end], values[begin:end], strict=True))
        return alone

    def _begin(self, offset: int, mark: BatchMark, writes: Pairs) -> None:
        open_ = self._mark
        if open_ is not None and mark.records is None and open_.records is None and mark.epoch < open_.epoch:
            return  # without counts a mark that came too late, of an owner before, ends nothing
        if open_ is not None and self._was_ended_before(mark.after):
            writes.update(self._rest)
            writes.update(self._batch)
            self._rest = {}
        elif open_ is not None:
            # the writer of this mark never knew of the open batch, or that was its own first try
            if open_.records is not None:
                self._broken.add((open_.epoch, open_.after))
            self._drop()
        writes.update(self._rest)
        self._mark, self._begun, self._batch, self._rest = mark, offset, {}, {}

    def _ends_batch(self, offset: int, position: Position) -> bool:
        """Whether it ends what is open, or, with nothing open, stands alone because compaction took the rest."""
        mark, ended = self._mark, (position.epoch, position.after)
        if mark is None or mark.records is None:
            rest = ended in self._broken
            self._broken.discard(ended)
            return not rest
        begun = mark.epoch, mark.after
        if ended == begun:
            return offset == self._begun + mark.records - 1
        self._broken.discard(ended)
        if self._was_ended_before(position.after):
            return True
        self._broken.add(begun)
        return False

    def _was_ended_before(self, after: int | None) -> bool:
        """Whether the open batch lies before a batch that counted and that somebody went on from: compaction took its
        own position, and left its mark in a part of the log that it does not write anew for so little. Where nothing
        was compacted the mark of that other batch would have come first. What of it did not count was written once
        more before that position.
        """
        open_ = self._mark
        if open_ is None or open_.records is None or after is None:
            return False
        return after >= self._begun + open_.records - 1

    def _counts(self, offset: int, position: Position) -> bool:
        if position.epoch < self._epoch:
            return False
        if position.after is None or self.committed is None or position.after >= self.committed:
            return True
        if not self._fresh:
            raise StateDivergedError(
                f"the batch that ends at changelog offset {offset} goes on from {position.after}, and the state has "
                f"one that ended at {self.committed}: they do not come from the same records"
            )
        return False

    def _drop(self) -> None:
        self._dropped.update(self._batch, self._rest)
