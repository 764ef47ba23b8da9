"""Hot values of a partition, kept in memory between blocks."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from suyuan.streams.state.store import Readable

ENTRY_BYTES = 160
"""what a pair of bytes objects and its place in a dict cost beside their content"""


class _Missing:
    """Marks a key that is not cached; None is the cached knowledge that the store has no value for it."""


_MISSING = _Missing()
_Found = bytes | None | _Missing


class CachedReader:
    """Reads through to a store and keeps what it read, absence too.

    Least recently used, in two generations: a hit in the old one moves to the young one, and when the young one holds
    half of what is allowed it becomes the old one, whose rest is forgotten. That bounds entries and bytes without
    bookkeeping per hit (0.1 us a cached key). For one thread at a time.
    """

    def __init__(
        self, store: Readable, entries: int = 50_000, size: int = 8 << 20, prefixes: tuple[bytes, ...] = ()
    ) -> None:
        """`entries`: pairs kept at most, 0 for none; `size`: bytes kept at most; `prefixes`: of keys that are cached as
        soon as they are written.
        """
        self._store = store
        self._prefixes = prefixes if entries else ()
        self._half_entries, self._half_size = entries // 2, size // 2
        self._young: dict[bytes, bytes | None] = {}
        self._old: dict[bytes, bytes | None] = {}
        self._young_size = self._old_size = 0

    @property
    def entries(self) -> int:
        """Pairs held; one that is in both generations counts twice."""
        return len(self._young) + len(self._old)

    @property
    def size(self) -> int:
        """Bytes held, at most."""
        return self._young_size + self._old_size

    def get(self, key: bytes) -> bytes | None:
        """The value, from the cache or the store; None where absent."""
        found: _Found = self._young.get(key, _MISSING)
        return self.get_many((key,))[0] if isinstance(found, _Missing) else found

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, from the cache or the store; None where absent."""
        return self._values(keys, keep=True)

    def peek_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The same; what is not cached stays so, for keys that are looked at once."""
        return self._values(keys, keep=False)

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> list[tuple[bytes, bytes]]:
        """Pairs from the store, whose key starts with prefix and is greater than `after`; scans are not cached."""
        return self._store.scan(prefix, after, limit)

    def scan_many(self, prefixes: Sequence[bytes], limit: int | None = None) -> list[list[tuple[bytes, bytes]]]:
        """What `scan` gives of each prefix; not cached either."""
        return self._store.scan_many(prefixes, limit)

    def refresh(self, keys: Sequence[bytes], values: Sequence[bytes | None]) -> None:
        """Take over pairs just written: those that are cached are brought up to date, and those of `prefixes` are
        cached from now on. What is written and never read (listings) would only evict what is read all the time
        (facts).
        """
        if not self._half_entries:
            return
        young, old, prefixes = self._young, self._old, self._prefixes
        held = (young.keys() & keys) | (old.keys() & keys)
        written = dict(zip(keys, values, strict=True)) if held else {}
        for key in held:
            value = written[key]
            if key in young:
                self._young_size += len(value or b"") - len(young[key] or b"")
                young[key] = value
            if key in old:
                self._old_size += len(value or b"") - len(old[key] or b"")
                old[key] = value
        if prefixes:
            self.keep(
                [
                    (key, value)
                    for key, value in zip(keys, values, strict=True)
                    if key.startswith(prefixes) and key not in young
                ]
            )

    def keep(self, pairs: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take over pairs just read from the store."""
        young, size = self._young, self._young_size
        for key, value in pairs:
            size += ENTRY_BYTES + len(key) + (len(value) if value is not None else 0)
            young[key] = value
            if size >= self._half_size or len(young) >= self._half_entries:
                self._old, self._old_size = young, size
                self._young = young = {}
                size = 0
        self._young_size = size

    def _values(self, keys: Sequence[bytes], *, keep: bool) -> list[bytes | None]:
        if not self._half_entries:
            return self._store.get_many(keys)
        values: list[_Found] = list(map(self._young.get, keys, repeat(_MISSING)))
        missing = [key for key, value in zip(keys, values, strict=True) if value is _MISSING]
        if missing:
            found = self._fetch(missing, keep=keep)
            return [
                found[key] if isinstance(value, _Missing) else value for key, value in zip(keys, values, strict=True)
            ]
        return values  # type: ignore[return-value]  # nothing is missing

    def _fetch(self, keys: list[bytes], *, keep: bool) -> dict[bytes, bytes | None]:
        old = self._old
        found = {key: old[key] for key in keys if key in old}
        absent = [key for key in keys if key not in found]
        found.update(zip(absent, self._store.get_many(absent), strict=True))
        if keep:
            self.keep(found.items())
        return found
