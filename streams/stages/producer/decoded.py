"""Facts as columns: each distinct JSON text is decoded once and then looked up.

A cache of a pure function, keyed by its argument, so it is never out of date. Facts change rarely, and several places
rest on the same ones (decoding 2 µs a row, looking up 0.4); of a place that is known none is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np
import polars as pl

CHUNKS = 24
"""appended before they are joined into one: gathering slows down with their number"""


class Decoded:
    """Decodes JSON texts of one dtype. Thread-safe."""

    def __init__(self, dtype: pl.Struct, most: int = 32 << 20) -> None:
        """`most`: bytes of distinct texts; beyond that everything is forgotten, and decoding starts anew."""
        self._dtype = dtype
        self._most = most
        self._gate = Lock()
        self._size = 0
        self._row_of: dict[bytes, int] = {}
        self._frame = self._empty()

    def rows(self, texts: Sequence[bytes]) -> pl.DataFrame:
        """One row per text, in order, with the columns of the dtype."""
        with self._gate:
            rows = [self._row_of.get(text, -1) for text in texts]
            if -1 in rows:
                self._learn(texts)
                rows = [self._row_of[text] for text in texts]
            return self._frame[np.array(rows, dtype=np.uint32)]

    def _learn(self, texts: Sequence[bytes]) -> None:
        if self._size > self._most:
            self._forget()
        new = [text for text in dict.fromkeys(texts) if text not in self._row_of]
        self._size += sum(map(len, new))
        self._row_of.update(zip(new, range(len(self._row_of), len(self._row_of) + len(new)), strict=True))
        self._frame.vstack(self._decode(new), in_place=True)
        if self._frame.n_chunks() > CHUNKS:
            self._frame = self._frame.rechunk()

    def _decode(self, texts: Sequence[bytes]) -> pl.DataFrame:
        series = pl.Series("facts", texts, dtype=pl.Binary)
        return series.cast(pl.String).str.json_decode(self._dtype).struct.unnest()

    def _forget(self) -> None:
        self._size = 0
        self._row_of = {}
        self._frame = self._empty()

    def _empty(self) -> pl.DataFrame:
        # decoding nothing would start the threads of polars, in every process that only imports stages
        return pl.DataFrame(schema=self._dtype.to_schema())
