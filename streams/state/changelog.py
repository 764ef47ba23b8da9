"""A partition's changes as records of its changelog topic, and back.

One commit is one batch of records: `BATCH_KEY` (its value: the writer's epoch), a record per key (null deletes),
`POSITION_KEY`. A log that takes a batch whole needs no such frame; Kafka may keep the front of one whose writer was
killed, and applying a part of a block would leave state that no block leads to. So replay applies what lies between the
two marks at once or not at all.

A writer that finds an open batch goes on in it: it writes the keys of the broken batch once more, as they are in the
state, then its own, then the end.

A `RESET_KEY` ends a life of the state (`suyuan state rebuild`): the pairs before it are forgotten, the epoch is not, so
that what the next life writes counts as newer.

Compaction must leave an open batch alone (`COMPACTION_LAG_MS`): a broken record would push out the committed one that
it shares the key with. Ended batches it may thin out as it likes: of each mark the last stays, so the last batch is
framed, and what stands alone before it was committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from suyuan.streams.state.position import BATCH_KEY, POSITION_KEY, RESET_KEY, epoch_of, forgotten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


COMPACTION_LAG_MS = 3_600_000
"""longer than a partition is without an owner that commits"""


class ChangelogWriter(Protocol):
    """Appends to a changelog topic."""

    async def append_many(
        self, topic: str, partition: int, keys: Sequence[bytes], values: Sequence[bytes | None]
    ) -> int:
        """Append in order and return the last record's offset once all are durable."""


class Replay:
    """Turns changelog records, in order of offset, into writes that leave a state some commit left."""

    def __init__(self, epoch: int = 0) -> None:
        """`epoch`: of the state as it is."""
        self._epoch = epoch
        self._batch: dict[bytes, bytes | None] | None = None
        self._batch_epoch = 0
        self._dropped: set[bytes] = set()
        self.reset = False
        """the last `feed` met a reset: its writes are for an emptied store"""

    @property
    def in_batch(self) -> bool:
        """Whether the changelog, so far, ends within a batch."""
        return self._batch is not None

    @property
    def torn(self) -> set[bytes]:
        """Keys written in that batch, and in batches that do not count: the next commit writes them as they are in the
        state, or compaction would leave the wrong record of them.
        """
        return self._dropped.union(self._batch or ())

    def feed(self, records: Iterable[tuple[int, bytes, bytes | None]]) -> tuple[dict[bytes, bytes | None], int | None]:
        """(offset, key, value) records → pairs to write now, and the offset up to which nothing is held back
        (None: everything is).
        """
        writes: dict[bytes, bytes | None] = {}
        safe: int | None = None
        batch = self._batch
        self.reset = False
        for offset, key, value in records:
            if key == BATCH_KEY:
                # whoever begins anew never knew of the open one, or it was its own first try; but a mark that came too
                # late, of an owner before, ends nothing
                if batch is None or int(value or 0) >= self._batch_epoch:
                    self._dropped.update(batch or ())
                    batch, self._batch_epoch = {}, int(value or 0)
            elif key == POSITION_KEY and epoch_of(value) < self._epoch:
                self._dropped.update(batch or ())
                batch, safe = None, offset  # of a writer that had lost the partition and did not know
            elif key == POSITION_KEY:
                self._epoch = epoch_of(value)
                writes.update(batch or ())
                writes[key] = value
                batch, safe = None, offset
            elif key == RESET_KEY:
                position = writes.get(POSITION_KEY)
                writes = {} if position is None else {POSITION_KEY: forgotten(position)}
                batch, safe, self.reset = None, offset, True
            elif batch is not None:
                batch[key] = value
            else:
                writes[key] = value
                safe = offset
        self._batch = batch
        return writes, safe
