import datetime as dt
import io
import zlib

import fastavro
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.schemas.blocks import (
    BLOCKS,
    BlockError,
    block_avro,
    block_name,
    block_schema,
    decode_block,
    empty_block,
    encode_block,
    join_blocks,
)
from suyuan.schemas.container import UNPACKED_LIMIT, encode_long, make_header, read_header
from suyuan.schemas.kinds import KINDS, event_schema

CODECS = ("null", "snappy", "deflate")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def cells(dtype):
    if isinstance(dtype, pl.List):
        values = st.lists(cells(dtype.inner), max_size=3)
    elif isinstance(dtype, pl.Struct):
        values = st.fixed_dictionaries({field.name: cells(field.dtype) for field in dtype.fields})
    else:
        values = {
            pl.String: st.text(max_size=8),
            pl.Int64: st.integers(-(1 << 63), (1 << 63) - 1),
            pl.Boolean: st.booleans(),
            pl.Binary: st.binary(max_size=8),
            pl.Date: st.dates(),
        }[dtype]
    return st.none() | values


def frames(name):
    schema = block_schema(name)
    rows = st.lists(st.tuples(*(cells(dtype) for dtype in schema.values())), max_size=5)
    return rows.map(lambda given: pl.DataFrame(given, schema=schema, orient="row"))


@pytest.mark.parametrize("name", BLOCKS)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_what_is_encoded_is_decoded(name, data):
    rows = data.draw(frames(name))
    block = encode_block(name, rows, data.draw(st.sampled_from(CODECS)))
    for read in (decode_block(block), decode_block(block, name)):
        assert read.schema == block_schema(name)
        assert read.equals(rows)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_avro_reader_takes_a_block(data):
    """fastavro is a reader that shares nothing with the writer."""
    name = data.draw(st.sampled_from(("chain", "dead_letter", "record", "lookup")))
    rows = data.draw(frames(name))
    times = [field["name"] for field in block_avro(name)["fields"] if "timestamp" in str(field["type"][1])]
    days = 253_402_300_799_999
    rows = rows.with_columns(pl.col(time) % days for time in times if rows.schema[time] == pl.Int64)
    if "hops" in rows.columns:
        rows = rows.with_columns(hops=pl.lit(None, rows.schema["hops"]))
    expected = [
        {
            column: EPOCH + dt.timedelta(milliseconds=value) if column in times and value is not None else value
            for column, value in row.items()
        }
        for row in rows.to_dicts()
    ]
    assert list(fastavro.reader(io.BytesIO(encode_block(name, rows, data.draw(st.sampled_from(CODECS)))))) == expected


@pytest.mark.parametrize("codec", CODECS)
def test_blocks_are_joined_without_changing_a_row(codec):
    parts = [
        pl.DataFrame({"kind": ["lot"] * n, "key": [f"{n}-{i}" for i in range(n)], "asker": [n] * n}) for n in (3, 1)
    ]
    parts = [parts[0], empty_block("lookup"), parts[1]]
    blocks = [encode_block("lookup", part, codec) for part in parts]
    joined = decode_block(join_blocks(blocks))
    assert joined.equals(pl.concat(parts))
    assert join_blocks(blocks[:1]) == blocks[0]


def test_blocks_with_other_sync_markers_are_joined():
    block = encode_block("lookup", pl.DataFrame({"kind": ["lot"], "key": ["k"], "asker": [1]}))
    other = block.replace(read_header(block).sync, bytes(range(100, 116)))
    joined = join_blocks([other, block])
    assert decode_block(joined)["key"].to_list() == ["k", "k"]
    assert [row["key"] for row in fastavro.reader(io.BytesIO(joined))] == ["k", "k"]


def test_what_cannot_be_joined_is_refused():
    lookup, lineage = (encode_block(name, empty_block(name)) for name in ("lookup", "lineage"))
    whole = encode_block("lookup", pl.DataFrame({"kind": ["lot"]}))
    for parts in ([], [lookup, lineage], [whole, whole[:-1]], [lookup, b"not a block"]):
        with pytest.raises(BlockError):
            join_blocks(parts)


def test_missing_columns_are_null_and_order_is_the_schemas():
    block = encode_block("lookup", pl.DataFrame({"asker": [3], "kind": [None]}))
    assert decode_block(block).to_dicts() == [{"kind": None, "key": None, "asker": 3}]


def test_lists_of_nothing_but_empty_ones_take_their_type():
    rows = pl.DataFrame({"gap_names": [[]], "gaps": [[]], "hops": [None]})
    read = decode_block(encode_block("chain", rows))
    assert read.select("gap_names", "gaps", "hops").to_dicts() == [{"gap_names": [], "gaps": [], "hops": None}]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"asker": ["three"]}, "lookup, column asker: String, not Int64"),
        ({"asker": [3.0]}, "lookup, column asker: Float64, not Int64"),
        ({"colour": ["red"]}, "lookup has no column colour"),
    ],
)
def test_a_frame_that_does_not_fit_is_refused(rows, message):
    with pytest.raises(BlockError, match=message):
        encode_block("lookup", pl.DataFrame(rows))


def test_a_struct_that_does_not_fit_is_refused():
    with pytest.raises(BlockError, match="column gaps"):
        encode_block("chain", pl.DataFrame({"gaps": [[{"gap": "lot_recalled", "class": 1}]]}))


def test_sliced_and_chunked_frames_are_whole():
    rows = pl.DataFrame({"kind": ["a", "b", None, "d"], "key": ["1", None, "3", "4"], "asker": [1, 2, 3, None]})
    assert decode_block(encode_block("lookup", rows[1:3])).equals(rows[1:3])
    parts = pl.concat([rows[2:], rows[:1]], rechunk=False)
    assert decode_block(encode_block("lookup", parts)).equals(parts)


@pytest.mark.parametrize("data", [b"", b"Obj\x01", b"nonsense" * 9])
def test_bytes_that_are_no_block_are_refused(data):
    with pytest.raises(BlockError):
        decode_block(data)


def test_damaged_blocks_are_refused_or_read_but_never_crash():
    whole = encode_block("lookup", pl.DataFrame({"kind": ["lot"], "key": ["k"], "asker": [1]}))
    for end in range(len(whole) - 1):
        if end != read_header(whole).size:
            with pytest.raises(BlockError):
                decode_block(whole[:end], "lookup")


def test_a_block_of_another_program_is_told_by_its_schema():
    out = io.BytesIO()
    schema = {"type": "record", "name": "other", "fields": [{"name": "x", "type": ["null", "long"]}]}
    fastavro.writer(out, schema, [{"x": 1}])
    with pytest.raises(BlockError, match="no block is called 'other'"):
        decode_block(out.getvalue())


def test_a_column_of_a_later_version_is_left_out():
    out = io.BytesIO()
    names = ("kind", "priority")
    fields = [{"name": name, "type": ["null", "string"]} for name in names]
    schema = {"type": "record", "name": "lookup", "namespace": "suyuan.block", "fields": fields}
    fastavro.writer(out, schema, [{"kind": "lot", "priority": "high"}])
    assert decode_block(out.getvalue()).to_dicts() == [{"kind": "lot", "key": None, "asker": None}]


@pytest.mark.parametrize("kind", KINDS)
def test_event_blocks_hold_every_field_and_where_it_came_from(kind):
    fields = {field.name: field.dtype for field in event_schema(kind).fields}
    place = {
        "outcome": pl.String,
        "source_partition": pl.Int64,
        "source_offset": pl.Int64,
        "received_at": pl.Int64,
    }
    version = {"digest": pl.String, "tie": pl.Int64}  # of the content
    assert block_schema(f"event_{kind}") == fields | place | version


def test_every_field_of_every_block_may_be_null():
    """Polars writes unions only; a plain type in a schema would shift every byte after it."""

    def nullable(avro):
        assert isinstance(avro, list)
        inner = avro[1] if isinstance(avro[1], dict) else {}
        if inner.get("type") == "array":
            nullable(inner["items"])
        for field in inner.get("fields", ()):
            nullable(field["type"])

    for name in BLOCKS:
        assert block_name(block_avro(name)) == name
        for field in block_avro(name)["fields"]:
            nullable(field["type"])


def packed_container(codec, packed):
    sync = bytes(16)
    block = encode_long(1) + encode_long(len(packed)) + packed + sync
    return (
        make_header(
            read_header(encode_block("lookup", empty_block("lookup"))).metadata["avro.schema"].decode(), codec, sync
        )
        + block
    )


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
