from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import cramjam
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.eventlog import packing
from suyuan.eventlog.batch import (
    MAX_BATCH_BYTES,
    MAX_BATCH_RECORDS,
    BatchDamaged,
    decode,
    encode,
    split,
)
from suyuan.eventlog.records import Record, Records

cells = st.one_of(st.none(), st.binary(max_size=40))
headers = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8)), max_size=3).map(tuple)
rows = st.lists(st.builds(Record, cells, cells, st.integers(-(2**40), 2**60), headers), min_size=1, max_size=60)


def columns(fetched):
    return list(zip(fetched.keys, fetched.values, fetched.timestamps, map(tuple, fetched.headers), strict=True))


@given(rows, st.integers(0, 2**50))
def test_what_is_encoded_is_decoded(records, base):
    fetched = decode(encode(Records.of(records, 0)).blob, base)
    assert columns(fetched) == [tuple(record) for record in records]
    assert fetched.offsets == list(range(base, base + len(records)))


@given(rows, st.data())
def test_a_part_of_a_batch_is_that_part(records, data):
    base = 1000
    start = data.draw(st.integers(base, base + len(records) - 1))
    many = data.draw(st.integers(1, 80))
    size = data.draw(st.integers(1, 300))
    fetched = decode(encode(Records.of(records, 0)).blob, base, start, many, size)
    weights = [len(key or b"") + len(value or b"") for key, value, *_ in columns(fetched)]
    assert columns(fetched) == [tuple(r) for r in records[start - base :]][: len(fetched)]
    assert 1 <= len(fetched) <= many
    assert len(fetched) == 1 or sum(weights) <= size


@given(rows, st.data())
def test_offsets_with_holes_are_kept(records, data):
    steps = data.draw(st.lists(st.integers(1, 10**6), min_size=len(records), max_size=len(records)))
    offsets = [sum(steps[: i + 1]) - steps[0] for i in range(len(steps))]
    batch = encode(Records.of(records, 0), offsets)
    assert decode(batch.blob, 77).offsets == [77 + offset for offset in offsets]
    assert batch.last == offsets[-1]
    after = data.draw(st.integers(0, offsets[-1]))
    assert decode(batch.blob, 77, 77 + after).offsets == [77 + o for o in offsets if o >= after]


@given(rows, st.data())
def test_a_flipped_or_cut_blob_is_noticed(records, data):
    blob = bytearray(encode(Records.of(records, 0)).blob)
    if data.draw(st.booleans()):
        blob[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del blob[data.draw(st.integers(0, len(blob) - 1)) :]
    with pytest.raises(BatchDamaged):
        decode(bytes(blob), 0)


def test_repetitive_values_are_compressed():
    values = [b'{"platform_code": "91110000MA0012345X", "n": %d}' % n for n in range(1000)]
    batch = encode(Records([None] * 1000, values, [0] * 1000))
    assert len(batch.blob) < sum(map(len, values)) / 3


def test_portions_are_bounded_and_lose_nothing():
    records = Records.of([Record(None, bytes(n % 7 * 300_000)) for n in range(40)] + [Record(b"k", b"")] * 20_000, 0)
    portions = list(split(records))
    assert [v for p in portions for v in p.values] == list(records.values)
    assert max(map(len, portions)) <= MAX_BATCH_RECORDS
    assert all(len(p) == 1 or sum(map(len, p.values)) <= MAX_BATCH_BYTES for p in portions)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=20), st.data())
def test_large_records_are_packed_closely_and_read_as_they_were(parts, data):
    records = Records.of([Record(None, part * 4000, 1, ()) for part in parts], 0)
    blob = encode(records).blob
    assert decode(blob, 5).values == [part * 4000 for part in parts]
    damaged = bytearray(blob)
    damaged[data.draw(st.integers(0, len(blob) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BatchDamaged):
        decode(bytes(damaged), 5)


def test_large_records_that_a_former_version_packed_are_read(monkeypatch):
    records = Records.of([Record(b"k", b"value" * 4000, 1, ())], 0)
    closely = encode(records).blob
    monkeypatch.setattr(packing, "CLOSELY_FROM_BYTES", 1 << 40)
    former = encode(records).blob
    assert former[1] != closely[1]
    assert columns(decode(former, 5)) == columns(decode(closely, 5))


def test_many_small_records_are_packed_as_closely_as_large_ones():
    event = b'{"event_id":"g%06d","publisher":"91230102MADK380U27","lot":"L4","status":"active"}'
    few, many = ([Record(b"%d" % i, event % (i * 7919 % 10**6)) for i in range(count)] for count in (40, 4000))
    codecs = {len(each): encode(Records.of(each, 0)).blob[1] for each in (few, many)}
    assert codecs == {40: packing._LZ4, 4000: packing._ZSTD}


def test_a_batch_that_a_former_version_packed_is_read(monkeypatch):
    records = [Record(b"%d" % i, b"value %d" % (i % 7)) for i in range(4000)]
    monkeypatch.setattr(packing, "MANY_BYTES", 1 << 40)
    former = encode(Records.of(records, 0)).blob
    assert former[1] == packing._LZ4
    assert decode(former, 0).values == [record.value for record in records]


def test_a_frame_that_a_former_version_packed_is_read():
    body = b"".join(b"value %d" % (i % 7) for i in range(4000))
    frame = bytes(cramjam.zstd.compress(body, 1))
    assert packing.unpacked(packing._ZSTD, memoryview(frame)) == body


def test_many_threads_pack_at_once():
    records = [Records.of([Record(b"%d" % i, b"value %d" % (i * n % 977)) for i in range(8000)], 0) for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda each: decode(encode(each).blob, 0).values, records * 4))
    assert read == [list(each.values) for each in records] * 4
