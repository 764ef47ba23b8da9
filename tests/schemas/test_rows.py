from __future__ import annotations

import io
from typing import Any

import fastavro
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.schemas.rows import RowSchema

AVRO: dict[str, Any] = {
    "type": "record",
    "name": "sample",
    "fields": [
        {"name": "text", "type": ["null", "string"]},
        {"name": "number", "type": ["null", "long"]},
        {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {"name": "moment", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}]},
    ],
}
PLAIN = fastavro.parse_schema(
    {
        "type": "record",
        "name": "sample",
        "fields": [
            {"name": "text", "type": ["null", "string"]},
            {"name": "number", "type": ["null", "long"]},
            {"name": "day", "type": ["null", "int"]},
            {"name": "moment", "type": ["null", "long"]},
        ],
    }
)
LONGS = st.none() | st.integers(-(1 << 63), (1 << 63) - 1)
ROW = st.tuples(st.none() | st.text(max_size=200), LONGS, st.none() | st.integers(-(1 << 31), (1 << 31) - 1), LONGS)


def frame(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=RowSchema(AVRO).columns, orient="row")


@settings(deadline=None)
@given(st.lists(ROW, max_size=20))
def test_each_body_is_the_avro_encoding_of_its_row(rows: list[tuple[Any, ...]]) -> None:
    bodies = RowSchema(AVRO).encode(frame(rows))
    for row, body in zip(rows, bodies, strict=True):
        out = io.BytesIO()
        fastavro.schemaless_writer(out, PLAIN, dict(zip(("text", "number", "day", "moment"), row, strict=True)))
        assert body == out.getvalue()


@settings(deadline=None)
@given(st.lists(ROW, max_size=20))
def test_what_was_encoded_is_decoded(rows: list[tuple[Any, ...]]) -> None:
    schema = RowSchema(AVRO)
    assert schema.decode(schema.encode(frame(rows))).equals(frame(rows))


def test_bodies_may_come_several_to_an_item() -> None:
    rows = frame([("a", 1, 2, 3), (None, -4, None, 5), ("", None, 6, None)])
    schema = RowSchema(AVRO)
    first, second, third = schema.encode(rows)
    assert schema.decode([first + second, third], 3).equals(rows)


def test_a_header_goes_before_each_body() -> None:
    schema = RowSchema(AVRO)
    rows = frame([("a", 1, 2, 3)] * 2)
    assert schema.encode(rows, b"head") == [b"head" + body for body in schema.encode(rows)]


def test_other_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="sample"):
        RowSchema(AVRO).encode(pl.DataFrame({"text": ["a"]}))


@pytest.mark.parametrize("type_", ["string", ["null", "boolean"], ["null", {"type": "array", "items": "long"}]])
def test_only_unions_of_null_and_a_plain_type(type_: Any) -> None:
    with pytest.raises(ValueError, match="field"):
        RowSchema({"type": "record", "name": "sample", "fields": [{"name": "field", "type": type_}]})
