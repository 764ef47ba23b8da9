"""Little that becomes much when it is unpacked; and batches of records around it, as a broker has them."""

from __future__ import annotations

import struct
import zlib

import cramjam
import lz4.frame
import zstandard
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from kafka.record.memory_records import MemoryRecords as KafkaPythonRecords

from suyuan.connections.refused_batch import bound_kafka_python
from suyuan.streams.transport.kafka.fetched_columns import FetchedColumns

CODES = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
PIECE = bytes(1 << 20)
HEADER = struct.Struct(">qiibIhiqqqhii")
XERIAL = b"\x82SNAPPY\x00" + struct.pack("!ii", 1, 1)


def bombs(mib):
    """{name: (codec, packed)} of so many MiB of zeros each."""
    found = {
        "gzip": ("gzip", in_pieces(zlib.compressobj(1, wbits=31), mib)),
        "gzip, many members": ("gzip", in_pieces(zlib.compressobj(1, wbits=31), 1) * mib),
        "zstd": ("zstd", zstandard.compress(PIECE * mib)),
        "zstd without its size": ("zstd", in_pieces(zstandard.ZstdCompressor().compressobj(), mib)),
        "zstd, many frames": ("zstd", zstandard.compress(PIECE) * mib),
        "lz4": ("lz4", lz4.frame.compress(PIECE * mib)),
        "lz4 without its size": ("lz4", lz4.frame.compress(PIECE * mib, store_size=False)),
        "lz4, many frames": ("lz4", lz4.frame.compress(PIECE) * mib),
        "snappy": ("snappy", bytes(cramjam.snappy.compress_raw(PIECE * mib))),
    }
    block = bytes(cramjam.snappy.compress_raw(PIECE))
    found["snappy, xerial"] = "snappy", XERIAL + (struct.pack("!i", len(block)) + block) * mib
    return found


def in_pieces(compressor, mib):
    return b"".join([*(compressor.compress(PIECE) for _ in range(mib)), compressor.flush()])


def packed_batch(first, count, codec, packed):
    """A batch in format 2 whose checksum is right, as a broker gives it."""
    fields = [first, len(packed) + HEADER.size - 12, 0, 2, 0, CODES[codec], count - 1]
    fields += [1000, 2000, -1, -1, -1, count]
    data = bytearray(HEADER.pack(*fields) + packed)
    data[17:21] = struct.pack(">I", calc_crc32c(bytes(data[21:])))
    return bytes(data)


def as_columns(data, position=0):
    records = PartitionRecords(TopicPartition("t", 0), MemoryRecords(data), None, position, None, None, True, 0)  # noqa: FBT003
    return FetchedColumns(records)


def by_kafka_python(data):
    bound_kafka_python()
    records = KafkaPythonRecords(data)
    while (batch := records.next_batch()) is not None:
        assert batch.validate_crc()
        for record in batch:
            assert record.validate_crc()
            yield record.offset, record.value
