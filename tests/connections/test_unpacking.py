"""Bombs: a batch of some KB that is gigabytes once unpacked is one record that says so, for both clients of Kafka."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zlib

import lz4.frame
import numpy as np
import pytest
import zstandard
from aiokafka import codec as theirs
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder

from suyuan.connections import unpacking
from suyuan.connections.refused_batch import RefusedBatch
from suyuan.connections.unpacking import CannotUnpack
from tests.connections.bombs import CODES, XERIAL, as_columns, bombs, by_kafka_python, in_pieces, packed_batch

TEXT = bytes(range(256)) * 400 + b"suyuan" * 1000
PACKED = [
    ("gzip", gzip.compress(TEXT), TEXT),
    ("gzip", gzip.compress(TEXT) + gzip.compress(b"and more") + bytes(5), TEXT + b"and more"),
    ("snappy", theirs.snappy_encode(TEXT), TEXT),
    ("snappy", bytes(theirs.snappy_encode(TEXT, xerial_compatible=False)), TEXT),
    ("lz4", theirs.lz4_encode(TEXT), TEXT),
    ("lz4", lz4.frame.compress(TEXT) + lz4.frame.compress(b"and more"), TEXT + b"and more"),
    ("zstd", theirs.zstd_encode(TEXT), TEXT),
    ("zstd", zstandard.compress(TEXT) + zstandard.compress(b"and more"), TEXT + b"and more"),
    ("zstd", in_pieces(zstandard.ZstdCompressor().compressobj(), 1), bytes(1 << 20)),
]
SMALL_BOMBS = bombs(65)


@pytest.mark.parametrize(("codec", "packed", "text"), PACKED)
def test_what_is_within_the_limit_is_unpacked_and_what_is_beyond_is_not(codec, packed, text):
    decode = getattr(unpacking, f"{codec}_decode")
    assert decode(memoryview(packed), limit=len(text)) == text
    with pytest.raises(CannotUnpack, match=f"unpacks to more than {len(text) - 1:,} bytes") as caught:
        decode(packed, limit=len(text) - 1)
    assert caught.value.packed == packed


@pytest.mark.parametrize(("codec", "packed", "text"), PACKED)
@pytest.mark.parametrize("left", [0, 1, 6, 0.5])
def test_damage_is_named(codec, packed, text, left):
    damaged = packed[: int(len(packed) * left) if left < 1 else left]
    if (not damaged and codec in ("gzip", "lz4")) or (text == PACKED[-1][2] and len(damaged) > 1):
        return  # nothing at all is no damage there, and zstd's frames without a size may end anywhere
    with pytest.raises(CannotUnpack, match=f"{codec}, {len(damaged):,} bytes: not {codec}"):
        getattr(unpacking, f"{codec}_decode")(damaged, limit=len(text))


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_megabytes_of_parts_that_hold_nothing_are_soon_refused_or_read(codec):
    empty = {
        "gzip": gzip.compress(b""),
        "snappy": b"\0\0\0\1\0",
        "lz4": lz4.frame.compress(b"", store_size=False),
        "zstd": zstandard.compress(b""),
    }[codec]
    packed = (XERIAL if codec == "snappy" else b"") + empty * (1_000_000)
    if codec == "zstd":
        assert unpacking.zstd_decode(packed) == b""
        return
    with pytest.raises(CannotUnpack, match="more than 65,536 parts"):
        getattr(unpacking, f"{codec}_decode")(packed)


def good_batch(first, codec="gzip"):
    builder = DefaultRecordBatchBuilder(2, CODES[codec], 0, -1, -1, 0, 1 << 20)
    for at in range(2):
        builder.append(at, 1000 + at, b"key", b"value %d" % (first + at), [])
    data = bytearray(builder.build())
    data[:8] = first.to_bytes(8, "big")
    return bytes(data)


@pytest.mark.parametrize("name", SMALL_BOMBS)
@pytest.mark.parametrize("position", [0, 2, 40])
def test_a_bomb_is_one_record_at_its_last_offset_and_its_neighbours_are_read(name, position):
    codec, packed = SMALL_BOMBS[name]
    data = good_batch(0) + packed_batch(2, 50, codec, packed) + good_batch(52)
    columns = as_columns(data, position)
    offsets, values = [], []
    while not columns.exhausted:
        part = columns.take(100, 1 << 20)
        offsets += part.offsets
        values += part.values
    assert offsets == [0, 1, 51, 52, 53][2 if position else 0 :]
    assert columns.next_fetch_offset == 54
    refused = values[offsets.index(51)]
    assert isinstance(refused, RefusedBatch)
    assert refused == packed
    for piece in (
        "offsets 2 to 51",
        codec,
        f"{len(packed):,} bytes",
        "unpacks to more than 67,108,864",
        "send it again",
    ):
        assert piece in refused.reason
    assert values[-2:] == [b"value 52", b"value 53"]

    found = dict(by_kafka_python(data))
    assert list(found) == [0, 1, 51, 52, 53]
    assert found[51].reason == refused.reason
    assert found[53] == b"value 53"


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4"])
def test_a_bomb_in_an_old_message_set_is_refused_too(codec, magic):
    if (codec, magic) == ("lz4", 0):
        return  # nobody ever wrote it so that others could read it
    builder = LegacyRecordBatchBuilder(magic, CODES[codec], 64 << 20)
    for at in range(3):
        builder.append(at, 1000, b"k", bytes(6 << 20))
    data = bytearray(builder.build())
    data[:8] = (12).to_bytes(8, "big")  # as the broker does, of the last one
    columns = as_columns(bytes(data), 10)
    part = columns.take(100, 1 << 30)
    assert part.offsets == [12]
    assert "offsets 10 to 12" in part.values[0].reason
    assert (columns.next_fetch_offset, columns.exhausted) == (13, True)
    ((offset, value),) = by_kafka_python(bytes(data))
    assert (offset, type(value)) == (12, RefusedBatch)


MEASURED = """
import sys
from itertools import islice
from pathlib import Path
from tests.connections.bombs import as_columns, by_kafka_python, packed_batch

def most():  # of this program: getrusage counts what the process was before it, too
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) >> 10

before = most()
for file, codec, count in zip(*[iter(sys.argv[1:])] * 3):
    data, records = packed_batch(0, int(count), codec, Path(file).read_bytes()), 0
    columns = as_columns(data)
    while not columns.exhausted:
        records += len(columns.take(8192, 8 << 20))
    del columns
    for _ in islice(by_kafka_python(data), 1000):
        records += 1
    print(records)
print(most() - before)
"""


def test_gigabytes_are_not_made_of_it(tmp_path):
    """Nor of a batch of a million records that hold nothing."""
    count = 1_000_000
    cases = {
        "gzip": (in_pieces(zlib.compressobj(1, wbits=31), 16) * 64, 50),
        "zstd": (in_pieces(zstandard.ZstdCompressor().compressobj(), 1024), 50),
        "lz4": (lz4.frame.compress(bytes(1 << 20)) * 1024, 50),
    }
    arguments = []
    for codec, (packed, records) in (*cases.items(), ("zstd", (zstandard.compress(empty_records(count)), count))):
        file = tmp_path / str(len(arguments))
        file.write_bytes(packed)
        arguments += [str(file), codec, str(records)]
    done = subprocess.run([sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *records, mib = map(int, done.stdout.split())
    assert records == [2, 2, 2, count + 1000]
    assert mib < 200


def empty_records(count):
    numbers = (np.arange(count) + (1 << 20)) * 2
    records = np.zeros((count, 10), dtype=np.uint8)
    records[:, 0] = 18  # 9 bytes: attributes, time, the offset in 4, no key, no value, no headers
    for byte in range(4):
        records[:, 3 + byte] = (numbers >> 7 * byte & 0x7F) | (0x80 if byte < 3 else 0)
    records[:, 7:9] = 1
    return records.tobytes()
