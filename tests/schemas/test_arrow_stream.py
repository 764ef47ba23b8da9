"""What reaches polars and ClickHouse: also where the sum of a block is right, and what it holds is not."""

import io
import struct
import zlib

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.schemas.arrow_stream import MAX_FIELDS, BadStream, joined, read_stream
from suyuan.schemas.blocks import BlockError, block_schema, decode_block, encode_block

ROWS = pl.DataFrame(
    {
        "alert_id": ["a", None, "c" * 30],
        "sequence": [1, None, -(1 << 63)],
        "gap_names": [["x", None], [], None],
        "received_at": [0, -1, None],
    }
)
BLOCK = encode_block("alert_state", ROWS)
BEGIN = 9 + len("alert_state")


def summed(stream, name="alert_state"):
    """A block of that stream with a right sum."""
    rest = bytes([len(name)]) + name.encode() + bytes(stream)
    return b"Blk\x01" + struct.pack("<I", zlib.crc32(rest)) + rest


def polars_stream(frame, **how):
    out = io.BytesIO()
    frame.write_ipc_stream(out, **how)
    return out.getvalue()


def arrow_stream(table):
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue()


def test_a_stream_of_ours_is_read():
    assert summed(BLOCK[BEGIN:]) == BLOCK
    assert read_stream(BLOCK, BEGIN).rows == 3


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_damage_under_a_right_sum_is_refused_or_read_as_some_rows(data):
    """Nothing else than a BlockError comes of it, no end of the process, and no more rows than its bytes hold."""
    stream = bytearray(BLOCK[BEGIN:])
    head = st.integers(0, 2000 // 8).map(lambda number: number * 8)  # schema and heads, where readers find their way
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.one_of(st.integers(0, len(stream) - 8), head))
        what = data.draw(st.sampled_from((b"\xff" * 4, b"\xff\xff\xff\x7f", bytes(4), b"\x00\x00\x00\x80", b"")))
        if what:
            stream[at : at + 4] = what
        else:
            stream[at] ^= 1 << data.draw(st.integers(0, 7))
    if data.draw(st.booleans()) and data.draw(st.booleans()):
        del stream[data.draw(st.integers(0, len(stream))) :]
    try:
        read = decode_block(summed(stream))
    except BlockError:
        return
    assert read.schema == block_schema("alert_state")
    assert len(read.to_dicts()) <= len(stream)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (polars_stream(ROWS, compression="zstd", compat_level=pl.CompatLevel.oldest()), "packed buffers"),
        (polars_stream(ROWS, compression="lz4", compat_level=pl.CompatLevel.oldest()), "packed buffers"),
        (polars_stream(ROWS), "views"),
        (arrow_stream(pa.table({"alert_id": pa.array(["a", "a"]).dictionary_encode()})), "a dictionary"),
        (arrow_stream(pa.table({"alert_id": pa.nulls(1 << 12)})), "more rows than bytes"),
        (arrow_stream(pa.table({f"c{number}": [1] for number in range(MAX_FIELDS + 1)})), "too many fields"),
        (BLOCK[BEGIN:] + b"\0", "goes on behind its end"),
        (BLOCK[BEGIN:-8], "ends within a message"),
    ],
)
def test_what_no_writer_of_ours_makes_is_refused(stream, reason):
    with pytest.raises(BlockError, match=reason):
        decode_block(summed(stream))


@pytest.mark.parametrize("depth", [9, 50])
def test_a_schema_that_is_nested_deeply_is_refused(depth):
    dtype = pa.string()
    for _ in range(depth):
        dtype = pa.list_(dtype)
    with pytest.raises(BlockError, match="nested too deeply"):
        decode_block(summed(arrow_stream(pa.table({"alert_id": pa.array([None], dtype)}))))


def test_buffers_and_rows_that_are_claimed_are_refused():
    """A batch that says it has 2**40 rows, or a buffer of as many bytes."""
    for number in (3, len(ROWS["gap_names"][0]) * 3, 384):
        told, claimed = struct.pack("<q", number), struct.pack("<q", 1 << 40)
        stream = bytes(BLOCK[BEGIN:])
        at = stream.find(told, len(read_stream(stream).schema))
        if at >= 0:
            with pytest.raises(BlockError):
                decode_block(summed(stream[:at] + claimed + stream[at + 8 :]))


def test_streams_are_joined_without_changing_a_byte_of_a_row():
    one = read_stream(BLOCK, BEGIN)
    both = joined([one, one])
    assert both.count(bytes(one.batches)) == 2
    assert read_stream(both).rows == 6
    assert pl.read_ipc_stream(both).height == 6


def test_streams_that_do_not_go_together_are_not_joined():
    lookup = encode_block("lookup", pl.DataFrame({"kind": ["lot"]}))
    for streams in ([], [read_stream(BLOCK, BEGIN), read_stream(lookup, 9 + len("lookup"))]):
        with pytest.raises(BadStream):
            joined(streams)
