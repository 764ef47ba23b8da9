"""Rows of a frame as Avro bodies, one each, and back: for messages and state values that are made row by row from
columns.

For flat records whose every field is a union of null and string, long, int, date or timestamp-millis, as in blocks:
polars writes such a frame as one run of bodies. Where each ends follows from its values; that the ends meet the end of
the run is checked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suyuan.schemas.container import encoded_rows, single_block

Longs = NDArray[np.int64]

_STEPS = 1 << (7 * np.arange(1, 10, dtype=np.uint64))
"""the least zigzag numbers of two, three, … bytes"""
_DTYPES: dict[str, pl.DataType] = {"string": pl.String(), "long": pl.Int64(), "int": pl.Int32()}


class RowSchema:
    """A flat record whose fields are all unions of null and a type. `columns`: names and dtypes in order; dates are
    Int32 days, times Int64 ms.
    """

    def __init__(self, avro: dict[str, Any]) -> None:
        """`avro`: the parsed .avsc. ValueError for any other schema."""
        self.columns = {field["name"]: _dtype(field) for field in avro["fields"]}
        plain = [{"name": name, "type": ["null", _plain(dtype)]} for name, dtype in self.columns.items()]
        self._name = str(avro["name"])
        self._avro = json.dumps({"type": "record", "name": self._name, "fields": plain})

    def encode(self, rows: pl.DataFrame, before: bytes = b"") -> list[bytes]:
        """The body of each row, with `before` in front of it. The frame must have exactly the columns; raises
        ValueError otherwise.
        """
        if rows.schema != self.columns:
            raise ValueError(f"{self._name}: {rows.schema}")
        if rows.is_empty():
            return []
        out = BytesIO()
        rows.rechunk().write_avro(out, name=self._name)
        data = encoded_rows(out.getvalue())
        ends = _ends(rows)
        if ends[-1] != len(data):
            raise ValueError(f"{self._name}: rows of {ends[-1]} bytes are {len(data)} bytes")
        cuts = pairwise(ends.tolist())
        return [before + data[start:end] for start, end in cuts] if before else [data[a:b] for a, b in cuts]

    def decode(self, bodies: Sequence[bytes], count: int | None = None) -> pl.DataFrame:
        """The rows of bodies that `encode` made (they are trusted: others are not checked). `count`: number of rows,
        where there may be several to an item.
        """
        if not bodies:
            return pl.DataFrame(schema=self.columns)
        return pl.read_avro(BytesIO(single_block(self._avro, bodies, count)))


def _dtype(field: dict[str, Any]) -> pl.DataType:
    avro = field["type"]
    if not isinstance(avro, list) or len(avro) != 2 or avro[0] != "null":
        raise ValueError(f"{field['name']}: not a union of null and a type")
    name = avro[1]["type"] if isinstance(avro[1], dict) else avro[1]
    if name not in _DTYPES:
        raise ValueError(f"{field['name']}: {name} is not a plain type")
    return _DTYPES[name]


@lru_cache(maxsize=8)
def _plain(dtype: pl.DataType) -> str:
    return next(name for name, each in _DTYPES.items() if each == dtype)


def _ends(rows: pl.DataFrame) -> Longs:
    """Where each row's body ends, after a zero."""
    texts = [name for name, dtype in rows.schema.items() if dtype == pl.String]
    sizes = rows.select(pl.col(texts).str.len_bytes().cast(pl.Int64), pl.exclude(texts).cast(pl.Int64))
    lengths = np.full(rows.height, rows.width, dtype=np.int64)  # a byte for the branch of each union
    for column in sizes:
        value = column.fill_null(0).to_numpy() if column.null_count() else column.to_numpy()
        length = _varint_lengths(((value << 1) ^ (value >> 63)).astype(np.uint64))
        if column.name in texts:
            length = length + value
        lengths += np.where(column.is_null().to_numpy(), 0, length) if column.null_count() else length
    ends = np.zeros(rows.height + 1, dtype=np.int64)
    np.cumsum(lengths, out=ends[1:])
    return ends


def _varint_lengths(raw: NDArray[np.uint64]) -> Longs | int:
    least, most = np.searchsorted(_STEPS, [raw.min(), raw.max()], side="right") + 1
    return int(most) if least == most else np.searchsorted(_STEPS, raw, side="right") + 1
