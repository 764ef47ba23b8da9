"""How batches are put together."""

from __future__ import annotations

import pytest

from suyuan.connections.refused_batch import RefusedBatch
from suyuan.connections.unpacking import CannotUnpack
from suyuan.sinks.batch_reader import BatchReader, Size
from suyuan.sinks.errors import LoaderError
from suyuan.sinks.tables import TARGETS
from tests.sinks.memory_log import MemoryLog
from tests.sinks.rows import events, listing

LISTINGS = next(target for target in TARGETS if target.topic == "event.listing")
KAFKAS_LIMIT = 4096


def test_a_note_fits_beside_an_offset_however_many_partitions_there_are():
    log = MemoryLog(partitions=250)
    far = 10**12
    for partition in range(250):
        log.append(LISTINGS.topic, partition, events("listing", listing(partition), partition=partition))
    reader = BatchReader(log, "loader", Size(), pytest.fail)
    reader.resume(LISTINGS)
    seen = set()
    for _ in range(250):
        batch = reader.next_batch(LISTINGS)
        (note,) = {text for _, text in batch.intent.values()}
        assert len(note) + len(batch.spans) * 2 * len(str(far)) < KAFKAS_LIMIT
        seen |= {span.partition for span in batch.spans}
    assert seen == set(range(250))


def test_a_busy_partition_does_not_keep_the_others_back():
    log = MemoryLog(partitions=3)
    for number in range(50):
        log.append(LISTINGS.topic, 0, events("listing", listing(number), first=number))
    log.append(LISTINGS.topic, 2, events("listing", listing(99), partition=2))
    reader = BatchReader(log, "loader", Size(rows=2), pytest.fail)
    reader.resume(LISTINGS)
    first_three = [reader.next_batch(LISTINGS) for _ in range(3)]
    assert any(span.partition == 2 for batch in first_three for span in batch.spans)


def test_a_batch_that_cannot_be_unpacked_stops_the_loader_with_its_place():
    log = MemoryLog(partitions=1)
    log.append(
        LISTINGS.topic, 0, RefusedBatch.of(CannotUnpack("zstd", b"packed", "unpacks to more than 9 bytes"), 3, 7)
    )
    reader = BatchReader(log, "loader", Size(), on_lost=pytest.fail)
    reader.resume(LISTINGS)
    with pytest.raises(
        LoaderError, match=r"event\.listing, partition 0: a packed batch, offsets 3 to 7 \(zstd, 6 bytes"
    ):
        reader.next_batch(LISTINGS)
