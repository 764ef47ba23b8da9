from __future__ import annotations

from collections.abc import Callable

import cramjam
import pytest
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from suyuan.connections.packing import lz4_encode, pack_fast, zstd_encode
from suyuan.streams.transport.kafka.fetched_columns import FetchedColumns


def batch(first: int, count: int, codec: int = 0) -> bytearray:
    """Records of 10 bytes at these offsets."""
    builder = DefaultRecordBatchBuilder(2, codec, 0, -1, -1, 0, 1 << 20)
    for at in range(count):
        builder.append(at, 1000 + first + at, b"%05d" % (first + at), b"value", [])
    data = bytearray(builder.build())
    data[:8] = first.to_bytes(8, "big")  # as the broker does; the checksum does not cover it
    return data


def fetched(data: bytes | bytearray, position: int) -> FetchedColumns:
    records = MemoryRecords(bytes(data))
    return FetchedColumns(PartitionRecords(TopicPartition("t", 0), records, None, position, None, None, True, 0))  # noqa: FBT003


@pytest.mark.parametrize(("records", "room"), [(3, 1 << 20), (1 << 20, 30), (7, 70), (100, 1 << 20)])
def test_all_records_come_in_order_whatever_the_portions(records: int, room: int) -> None:
    columns = fetched(batch(5, 10) + batch(15, 4), position=5)
    offsets: list[int] = []
    while not columns.exhausted:
        part = columns.take(records, room)
        assert 0 < len(part) <= records
        assert part.keys == [b"%05d" % offset for offset in part.offsets]
        assert part.timestamps == [1000 + offset for offset in part.offsets]
        offsets += part.offsets
        assert columns.next_fetch_offset == offsets[-1] + 1
    assert offsets == list(range(5, 19))


def test_records_before_the_position_are_passed_over() -> None:
    assert fetched(batch(5, 10), position=12).take(100, 1000).offsets == [12, 13, 14]


def test_a_record_larger_than_the_room_comes_alone() -> None:
    columns = fetched(batch(0, 3), position=0)
    assert columns.take(100, 1).offsets == [0]
    assert columns.take(100, 1).offsets == [1]


def test_what_is_unpacked_is_told_until_it_is_taken() -> None:
    columns = fetched(batch(0, 50, codec=4) + batch(50, 3), position=0)
    assert columns.held == 0
    assert len(columns.take(10, 1 << 20)) == 10
    assert columns.held > 50 * 10
    assert columns.take(40, 1 << 20).offsets[-1] == 49
    assert columns.held == 0
    columns.take(1, 1 << 20)
    assert columns.held == 0, "that one is not packed"


def test_a_damaged_batch_is_refused() -> None:
    data = batch(0, 3)
    data[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        fetched(data, position=0).take(100, 1000)


def test_what_is_packed_fast_is_lz4_and_zstd() -> None:
    data = bytes(range(256)) * 1000
    assert bytes(cramjam.lz4.decompress(lz4_encode(data))) == data
    assert bytes(cramjam.zstd.decompress(zstd_encode(bytearray(data)))) == data


HEAD = 61
"""bytes of a batch before its records"""


@pytest.mark.parametrize(("codec", "encode"), [(3, lz4_encode), (4, zstd_encode)])
def test_batches_are_packed_fast(codec: int, encode: Callable[[bytes], bytes]) -> None:
    pack_fast()
    assert bytes(batch(0, 500, codec)[HEAD:]) == encode(bytes(batch(0, 500)[HEAD:]))
    assert fetched(batch(0, 500, codec), position=0).take(1000, 1 << 20).offsets == list(range(500))
