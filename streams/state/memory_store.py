"""A store in memory, for tests and for driving stages without files."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from sortedcontainers import SortedDict

from suyuan.streams.state.errors import StateClosedError
from suyuan.streams.state.store import digest_pairs, prefix_end

if TYPE_CHECKING:
    from collections.abc import Sequence


class MemoryStore:
    """`Store` on a sorted dict; what it holds ends with the process."""

    def __init__(self) -> None:
        self._pairs: SortedDict[bytes, bytes] = SortedDict()
        self._closed = False

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        return self._open().get(key)

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where absent."""
        return list(map(self._open().get, keys))

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> list[tuple[bytes, bytes]]:
        """Pairs whose key starts with prefix and, if given, is greater than `after`; in key order, at most limit."""
        pairs = self._open()
        if after is not None and after >= prefix:
            found = pairs.irange(after, prefix_end(prefix), inclusive=(False, False))
        else:
            found = pairs.irange(prefix, prefix_end(prefix), inclusive=(True, False))
        return [(key, pairs[key]) for key in islice(found, limit)]

    def scan_many(self, prefixes: Sequence[bytes], limit: int | None = None) -> list[list[tuple[bytes, bytes]]]:
        """What `scan` gives of each prefix."""
        return [self.scan(prefix, None, limit) for prefix in prefixes]

    def write_batch(self, keys: Sequence[bytes], values: Sequence[bytes | None]) -> None:
        """Write all; None deletes; the later of two equal keys wins."""
        pairs = self._open()
        for key, value in zip(keys, values, strict=True):
            if value is None:
                pairs.pop(key, None)
            else:
                pairs[key] = value

    def begin_bulk(self) -> None:
        """Nothing to do: writes cost nothing that could be saved."""
        self._open()

    def end_bulk(self) -> None:
        """Nothing to do, as `begin_bulk`."""
        self._open()

    def clear(self) -> None:
        """Delete every pair."""
        self._open().clear()

    def flush(self) -> None:
        """Nothing to do: nothing here outlives the process."""
        self._open()

    def digest(self) -> str:
        """Hex digest of all pairs but the reserved ones."""
        return digest_pairs(self._open().items())

    def read_on(self, after: bytes | None, seconds: float) -> bytes | None:
        """None: there is nothing on a disk to be read."""
        del after, seconds
        self._open()
        return None

    def close(self) -> None:
        """Every later call raises StateClosedError."""
        self._closed = True

    def _open(self) -> SortedDict[bytes, bytes]:
        if self._closed:
            raise StateClosedError("this partition's state is closed")
        return self._pairs
