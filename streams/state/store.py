"""An ordered key-value store, on which a partition's state is built."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RESERVED_END = b"\x01"
"""Keys below this one are the state's own (see `position`): no stage may write them, no digest counts them."""


class Readable(Protocol):
    """What a view reads from. Keys order as bytes."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where absent."""

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> list[tuple[bytes, bytes]]:
        """Pairs whose key starts with prefix and, if given, is greater than `after`; in key order, at most limit."""

    def scan_many(self, prefixes: Sequence[bytes], limit: int | None = None) -> list[list[tuple[bytes, bytes]]]:
        """What `scan` gives of each prefix, in their order: at most `limit` pairs each."""


class Store(Readable, Protocol):
    """One partition's pairs. Calls may come from any thread; each raises StateClosedError after `close`."""

    def write_batch(self, keys: Sequence[bytes], values: Sequence[bytes | None]) -> None:
        """Write all or nothing; None deletes; the later of two equal keys wins."""

    def begin_bulk(self) -> None:
        """Take many writes at less cost each, until `end_bulk`; reads cost more meanwhile. What a crash leaves is what
        it would leave without.
        """

    def end_bulk(self) -> None:
        """Take reads and writes as before."""

    def clear(self) -> None:
        """Delete every pair. Interrupted by a crash it leaves no pair, or all."""

    def flush(self) -> None:
        """Return when everything written is on the disk, also in case of a power loss."""

    def digest(self) -> str:
        """Hex digest of all pairs but the reserved ones: equal exactly when the stage's state is equal."""

    def read_on(self, after: bytes | None, seconds: float) -> bytes | None:
        """Read from behind `after` (None: from the start) for about so many seconds, to see that it can be read.
        Returns the last key read, None at the end. Raises StateCorruptError where what is there is not what was
        written.
        """

    def close(self) -> None:
        """Release files and locks; a second call does nothing."""


def prefix_end(prefix: bytes) -> bytes | None:
    """The least key greater than every key with the prefix; None where there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else None


def digest_pairs(pairs: Iterable[tuple[bytes, bytes]]) -> str:
    """BLAKE2b-128 over the pairs in the order given, lengths included; reserved keys are left out."""
    digest = hashlib.blake2b(digest_size=16)
    for key, value in pairs:
        if key >= RESERVED_END:
            digest.update(b"%d,%d:" % (len(key), len(value)))
            digest.update(key)
            digest.update(value)
    return digest.hexdigest()
