"""Blocks as they were written before: Avro object containers. Logs hold them for days, dead letters for 400."""

import datetime as dt
import io
import json
import zlib
from pathlib import Path

import fastavro
import polars as pl
import pytest

from suyuan.schemas.blocks import BLOCKS, BlockError, block_schema, decode_block, decode_blocks, encode_block
from suyuan.schemas.container import UNPACKED_LIMIT, encode_long, make_header, read_header

WRITTEN = json.loads((Path(__file__).parents[1] / "data" / "former" / "blocks.json").read_text(encoding="utf-8"))
"""by the version before blocks were Arrow: name → the block in hex, and its rows (bytes in hex, days as ISO texts)"""


def former(name):
    return bytes.fromhex(WRITTEN[name]["block"])


def former_rows(name):
    rows = [
        {column: _value(block_schema(name).get(column), value) for column, value in row.items()}
        for row in WRITTEN[name]["rows"]
    ]
    return pl.DataFrame(rows, schema=block_schema(name))


def _value(dtype, value):
    if value is not None and dtype == pl.Binary:
        return bytes.fromhex(value)
    return dt.date.fromisoformat(value) if value is not None and dtype == pl.Date else value


@pytest.mark.parametrize("name", WRITTEN)
def test_a_former_block_is_read_as_it_was(name):
    for read in (decode_block(former(name)), decode_block(former(name), name)):
        assert read.equals(former_rows(name))


def test_every_kind_of_column_is_among_them():
    dtypes = {str(dtype.base_type()) for name in WRITTEN for dtype in block_schema(name).values()}
    assert dtypes == {str(dtype.base_type()) for name in BLOCKS for dtype in block_schema(name).values()}


def test_former_blocks_and_those_of_now_are_read_together():
    rows = former_rows("dead_letter")
    read = decode_blocks([encode_block("dead_letter", rows), former("dead_letter"), former("dead_letter")])
    assert read.equals(pl.concat([rows] * 3))


def test_a_former_block_that_is_cut_is_refused():
    whole = former("lookup")
    header = read_header(whole).size
    for end in range(len(whole) - 1):
        if end != header:  # that is a block of no rows
            with pytest.raises(BlockError):
                decode_block(whole[:end], "lookup")


def written(names, row, name="lookup"):
    fields = [{"name": each, "type": ["null", "string"]} for each in names]
    out = io.BytesIO()
    fastavro.writer(out, {"type": "record", "name": name, "namespace": "suyuan.block", "fields": fields}, [row])
    return out.getvalue()


def test_a_block_of_another_program_is_told_by_its_schema():
    with pytest.raises(BlockError, match=r"no block is called '.*other'"):
        decode_block(written(("x",), {"x": "1"}, "other"))


def test_a_column_that_is_no_more_is_left_out():
    read = decode_block(written(("kind", "priority"), {"kind": "lot", "priority": "high"}))
    assert read.to_dicts() == [{"kind": "lot", "key": None, "asker": None}]


def packed_container(codec, packed):
    sync = bytes(16)
    block = encode_long(1) + encode_long(len(packed)) + packed + sync
    schema = '{"type": "record", "name": "lookup", "namespace": "suyuan.block", "fields": []}'
    return make_header(schema, codec, sync) + block


def test_a_block_of_some_kilobytes_that_would_be_gigabytes_is_not_unpacked():
    deflate = zlib.compressobj(9, wbits=-15)
    zeros = bytes(1 << 20)
    packed = b"".join([*(deflate.compress(zeros) for _ in range((UNPACKED_LIMIT >> 20) + 1)), deflate.flush()])
    snappy = b"\x80\x80\x80\x80\x0f" + bytes(40)  # says 4 GiB - 256 MiB
    for codec, bomb in (("deflate", packed), ("snappy", snappy)):
        with pytest.raises(BlockError, match="unpacks to more than 268,435,456 bytes"):
            decode_block(packed_container(codec, bomb))


@pytest.mark.parametrize("depth", [3, 300, 900, 100_000])
@pytest.mark.parametrize(
    "around", [('{"type": "array", "items": ', "}"), ("[", "]"), ('{"x": ', "}"), ('["null", ', "]")]
)
def test_a_header_that_is_nested_without_an_end_is_a_block_error(depth, around):
    before, after = around
    field = f'{{"name": "kind", "type": {before * depth}"string"{after * depth}}}'
    schema = f'{{"type": "record", "name": "lookup", "namespace": "suyuan.block", "fields": [{field}]}}'
    for text in (schema, f"{before * depth}1{after * depth}", "[" * depth):
        for name in (None, "lookup"):
            with pytest.raises(BlockError):
                decode_block(make_header(text, "null", bytes(16)) + b"\x02\x00" + bytes(16), name)
