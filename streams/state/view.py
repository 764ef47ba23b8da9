"""A block's view of its partition's state: what is committed, overlaid with what the block has written."""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice, repeat
from typing import TYPE_CHECKING, Protocol

from sortedcontainers import SortedList

from suyuan.streams.state.key_digest import KeyDigest
from suyuan.streams.state.store import RESERVED_END, prefix_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from suyuan.streams.state.store import Readable

    class Base(Readable, Protocol):
        """What a view rests on."""

        def peek_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
            """As `get_many`, of keys that are not about to be read again: none is cached for it."""


class _Unset:
    """Marks a key that the block has not written; None is a pending deletion."""


_UNSET = _Unset()
_LAST_RESERVED = b"\x00\xff"


class Overlay:
    """A `StateView`: reads see the writes of the same block. Nothing is written to the state until `changes` are
    committed.

    For one thread at a time.
    """

    def __init__(self, base: Base, version: int = 0) -> None:
        """`version`: which version of the partition's state the view rests on."""
        self.base = base
        self.version = version
        self._pending: dict[bytes, bytes | None] = {}
        self._below: dict[bytes, bytes | None] = {}
        """what was read: for `came_and_went`, and to be read again"""
        self._came_and_went: tuple[KeyDigest, KeyDigest] | None = None
        self._ordered: SortedList[bytes] = SortedList()
        self._keys: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        """The pending value, else the state's."""
        value: bytes | _Unset | None = self._pending.get(key, _UNSET)
        if value is _UNSET:
            value = self._below.get(key, _UNSET)
        if isinstance(value, _Unset):
            value = self._below[key] = self.base.get(key)
        return value

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Pending values, else the state's, in the order of the keys; None where absent."""
        return self._values(keys, self.base.get_many)

    def peek_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The same of keys that no later view will ask for: none is cached for it."""
        return self._values(keys, self.base.peek_many)

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of a key."""
        self._pending[key] = value
        self._came_and_went = None

    def put_many(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Set many; the later of two equal keys wins."""
        self._pending.update(zip(keys, values, strict=True))
        self._came_and_went = None

    def delete(self, key: bytes) -> None:
        """Forget a key; absent is no error."""
        self._pending[key] = None
        self._came_and_went = None

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> list[tuple[bytes, bytes]]:
        """Pairs of the state and pending ones in key order, without those whose deletion is pending (see
        `Readable.scan`).
        """
        if prefix < RESERVED_END and (after is None or after < _LAST_RESERVED):
            after = _LAST_RESERVED  # reserved keys are no stage's business
        pending = self._pending_keys(prefix, after)
        first = next(pending, None)
        if first is None:
            return self.base.scan(prefix, after, limit)
        if limit is None:
            return self._merge_all(prefix, after)
        return list(islice(self._merge(prefix, after, limit), limit))

    def scan_many(self, prefixes: Sequence[bytes], limit: int | None = None) -> list[list[tuple[bytes, bytes]]]:
        """What `scan` gives of each prefix."""
        if any(prefix < RESERVED_END for prefix in prefixes):
            return [self.scan(prefix, None, limit) for prefix in prefixes]
        pending = self._sorted_keys()
        found = self.base.scan_many(prefixes, limit)
        for index, prefix in enumerate(prefixes):
            first = last = bisect_left(pending, prefix)
            while last < len(pending) and pending[last].startswith(prefix):
                last += 1
            if first < last:
                found[index] = self._merged(prefix, found[index], pending[first:last], limit)
        return found

    def changes(self) -> tuple[list[bytes], list[bytes | None]]:
        """Keys written, in order, and their last values; None for deleted."""
        keys = self._sorted_keys()
        return keys.copy(), list(map(self._pending.__getitem__, keys))

    def came_and_went(self) -> tuple[KeyDigest, KeyDigest]:
        """Digests of the keys written that the state does not have, and of the keys deleted that it has. To call it
        once after the last write, in a thread, spares the event loop most of a commit.
        """
        if self._came_and_went is None:
            below, pending = self._below, self._pending
            unread = [key for key in self._sorted_keys() if key not in below]
            below.update(zip(unread, self.base.peek_many(unread), strict=True))
            came = [key for key, value in pending.items() if value is not None and below[key] is None]
            went = [key for key, value in pending.items() if value is None and below[key] is not None]
            self._came_and_went = KeyDigest.of(came), KeyDigest.of(went)
        return self._came_and_went

    def discard(self) -> None:
        """Forget the pending writes."""
        self._pending.clear()
        self._came_and_went = None
        self._ordered.clear()
        self._keys = []

    def _values(
        self, keys: Sequence[bytes], read: Callable[[Sequence[bytes]], list[bytes | None]]
    ) -> list[bytes | None]:
        if not self._pending:
            return self._read(keys, read)
        values: list[bytes | _Unset | None] = list(map(self._pending.get, keys, repeat(_UNSET)))
        below = [key for key, value in zip(keys, values, strict=True) if value is _UNSET]
        if not below:
            return values  # type: ignore[return-value]  # nothing is unset
        found = iter(self._read(below, read))
        return [next(found) if isinstance(value, _Unset) else value for value in values]

    def _read(self, keys: Sequence[bytes], read: Callable[[Sequence[bytes]], list[bytes | None]]) -> list[bytes | None]:
        values = read(keys)
        self._below.update(zip(keys, values, strict=True))
        return values

    def _sorted_keys(self) -> list[bytes]:
        # keys never leave the pending dict but all at once, and the ones that are not here yet are its last
        fresh = len(self._pending) - len(self._keys)
        if fresh:
            self._keys += islice(reversed(self._pending), fresh)
            self._keys.sort()
        return self._keys

    def _merged(
        self, prefix: bytes, below: list[tuple[bytes, bytes]], keys: Sequence[bytes], limit: int | None
    ) -> list[tuple[bytes, bytes]]:
        """Pairs of the state below a prefix, at most limit, with what is pending of these keys."""
        pending = {key: self._pending[key] for key in keys}
        if limit is not None and len(below) == limit and None in pending.values():
            return self.scan(prefix, None, limit)  # a pair that was not read takes the place of a deleted one
        merged = dict(below) | pending
        return [(key, value) for key in sorted(merged) if (value := merged[key]) is not None][:limit]

    def _pending_keys(self, prefix: bytes, after: bytes | None) -> Iterator[bytes]:
        # the dict keeps insertion order: the unsorted ones are its last
        fresh = len(self._pending) - len(self._ordered)
        if fresh:
            self._ordered.update(islice(reversed(self._pending), fresh))
        if after is not None and after >= prefix:
            return self._ordered.irange(after, prefix_end(prefix), inclusive=(False, False))
        return self._ordered.irange(prefix, prefix_end(prefix), inclusive=(True, False))

    def _merge_all(self, prefix: bytes, after: bytes | None) -> list[tuple[bytes, bytes]]:
        merged: dict[bytes, bytes | None] = dict(self.base.scan(prefix, after))
        below = len(merged)
        merged.update((key, self._pending[key]) for key in self._pending_keys(prefix, after))
        pairs = [(key, value) for key, value in merged.items() if value is not None]
        if len(merged) > below:
            pairs.sort()
        return pairs

    def _merge(self, prefix: bytes, after: bytes | None, limit: int) -> Iterator[tuple[bytes, bytes]]:
        pending = self._pending_keys(prefix, after)
        upper = next(pending, None)
        for key, value in self._pairs_below(prefix, after, limit):
            while upper is not None and upper < key:
                yield from self._live(upper)
                upper = next(pending, None)
            if upper == key:
                yield from self._live(key)
                upper = next(pending, None)
            else:
                yield key, value
        while upper is not None:
            yield from self._live(upper)
            upper = next(pending, None)

    def _live(self, key: bytes) -> Iterator[tuple[bytes, bytes]]:
        value = self._pending[key]
        if value is not None:
            yield key, value

    def _pairs_below(self, prefix: bytes, after: bytes | None, limit: int) -> Iterator[tuple[bytes, bytes]]:
        # in growing portions: a pending deletion may hide any number of the pairs below
        while True:
            pairs = self.base.scan(prefix, after, limit)
            yield from pairs
            if len(pairs) < limit:
                return
            after, limit = pairs[-1][0], limit * 2
