"""What intake's state holds of a business key: two lines, JSON of the fields of HELD but its content, and the content.

Former versions kept all of it in one line, the content as a text within: that is read, too.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

HELD = pl.Struct(
    {
        "occurred_at": pl.Int64,
        "event_id": pl.String,
        "publisher": pl.String,
        "tie": pl.Int64,
        "revision": pl.Int64,
        "digest": pl.String,
        "content": pl.String,
        "previous": pl.String,
        "seen": pl.List(pl.String),
        "seen_at": pl.List(pl.Int64),
        "older": pl.Boolean,
    }
)
"""The current record (up to `content`), the body that it replaced if that had gone elsewhere (`previous`), the versions
seen last (ids in hex) with the offset at which each was first seen, and whether there are older ones."""

FIRST_SEEN = {
    "seen": pl.concat_list("id"),
    "seen_at": pl.concat_list("offset"),
    "older": pl.lit(value=False),
}
"""Expressions for the last fields of HELD where a row (id, offset) is the first of its key"""

_LINE = "\n"
_BESIDE_CONTENT = [name for name in HELD.to_schema() if name != "content"]


def value(**fields: pl.Expr) -> pl.Expr:
    """Expression for what state holds, as bytes, of columns called as the fields of HELD, or of `fields`."""
    line = pl.struct(fields.get(name, pl.col(name)).alias(name) for name in _BESIDE_CONTENT).struct.json_encode()
    return pl.concat_str(line, pl.lit(_LINE), "content").cast(pl.Binary).alias("held")


def held_columns(values: Sequence[bytes]) -> pl.DataFrame:
    """The fields of HELD of each value."""
    lines = [value.partition(_LINE.encode()) for value in values]
    frame = pl.DataFrame(
        {"held": [line for line, _, _ in lines], "second": [content for _, _, content in lines]},
        schema={"held": pl.Binary, "second": pl.Binary},
    )
    texts = pl.col("held", "second").cast(pl.String)
    rows = frame.lazy().with_columns(texts).with_columns(pl.col("held").str.json_decode(HELD)).unnest("held")
    content = pl.when(pl.col("second") != "").then("second").otherwise("content")
    return rows.with_columns(content=content).drop("second").collect()


def held_fields(value: bytes) -> dict[str, Any]:
    """The fields of HELD of one value."""
    line, _, content = value.decode().partition(_LINE)
    held: dict[str, Any] = json.loads(line)
    return held | {"content": content} if content else held
