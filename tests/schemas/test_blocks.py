import datetime as dt

import polars as pl
import pyarrow.ipc
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
    decode_blocks,
    empty_block,
    encode_block,
)
from suyuan.schemas.kinds import KINDS, event_schema

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
    block = encode_block(name, rows)
    for read in (decode_block(block), decode_block(block, name)):
        assert read.schema == block_schema(name)
        assert read.equals(rows)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_arrow_reader_takes_the_stream_of_a_block(data):
    """pyarrow is a reader that shares nothing with the writer; times are moments to it."""
    name = data.draw(st.sampled_from(("chain", "chain_parties", "dead_letter", "record", "lookup")))
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
    block = encode_block(name, rows)
    behind_the_head = block[9 + block[8] :]
    assert pyarrow.ipc.open_stream(behind_the_head).read_all().to_pylist() == expected


def test_blocks_are_read_together_in_their_order():
    parts = [
        pl.DataFrame({"kind": ["lot"] * n, "key": [f"{n}-{i}" for i in range(n)], "asker": [n] * n}) for n in (3, 1)
    ]
    parts = [parts[0], empty_block("lookup"), parts[1]]
    blocks = [encode_block("lookup", part) for part in parts]
    joined = decode_blocks(blocks)
    assert joined.equals(pl.concat(parts))
    assert joined.n_chunks() == 1
    assert decode_blocks(blocks[:1]).equals(parts[0])


def test_what_cannot_be_read_together_is_refused():
    lookup, lineage = (encode_block(name, empty_block(name)) for name in ("lookup", "lineage"))
    whole = encode_block("lookup", pl.DataFrame({"kind": ["lot"]}))
    for parts in ([], [lookup, lineage], [whole, whole[:-1]], [lookup, b"not a block"]):
        with pytest.raises(BlockError):
            decode_blocks(parts)


def test_a_block_that_is_read_as_another_is_refused():
    with pytest.raises(BlockError, match="not a readable block lineage: it is one of lookup"):
        decode_block(encode_block("lookup", empty_block("lookup")), "lineage")


def test_missing_columns_are_null_and_order_is_the_schemas():
    block = encode_block("lookup", pl.DataFrame({"asker": [3], "kind": [None]}))
    assert decode_block(block).to_dicts() == [{"kind": None, "key": None, "asker": 3}]


def test_lists_of_nothing_but_empty_ones_take_their_type():
    read = decode_block(encode_block("chain", pl.DataFrame({"gap_names": [[]], "gaps": [[]]})))
    assert read.select("gap_names", "gaps").to_dicts() == [{"gap_names": [], "gaps": []}]
    read = decode_block(encode_block("chain_parties", pl.DataFrame({"nodes": [[]], "hops": [None]})))
    assert read.select("nodes", "hops").to_dicts() == [{"nodes": [], "hops": None}]


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


def test_a_block_that_is_cut_is_refused():
    whole = encode_block("lookup", pl.DataFrame({"kind": ["lot"], "key": ["k"], "asker": [1]}))
    for end in range(len(whole)):
        with pytest.raises(BlockError):
            decode_block(whole[:end])
    with pytest.raises(BlockError):
        decode_block(whole + b"\0")


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_bit_of_a_block_changes_unnoticed(data):
    whole = bytearray(encode_block("lookup", pl.DataFrame({"kind": ["lot"], "key": ["k"], "asker": [1]})))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BlockError):
        decode_block(bytes(whole))


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
