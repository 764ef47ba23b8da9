"""Scans of a RocksDB in which a damaged block is an error. RocksDB compares checksums; rocksdict's own iterables take
an iterator that failed for one that came to the end. Errors are RocksDB's (see `rocks_store`).
"""

from __future__ import annotations

from functools import partial
from itertools import chain, repeat
from time import monotonic
from typing import TYPE_CHECKING, Any

import rocksdict

from suyuan.streams.state.store import digest_pairs, prefix_end

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_AT_ONCE = 10_000
STEPS = 256
"""keys read between two looks at the clock; 0.1 ms"""


def scan(database: Any, first: bytes, end: bytes | None, limit: int | None) -> list[tuple[bytes, bytes]]:
    """Pairs from `first` up to `end`, at most limit."""
    # the iterator points into the options and does not keep them alive: a dropped bound is read as garbage
    options = rocksdict.ReadOptions()
    if end is not None:
        options.set_iterate_upper_bound(end)
    iterator = database.iter(options)
    iterator.seek(first)
    pairs = _read(iterator, limit)
    failure = _failure(iterator)
    del iterator, options
    if failure is not None:
        raise failure
    return pairs


def scan_many(database: Any, prefixes: Sequence[bytes], limit: int | None) -> list[list[tuple[bytes, bytes]]]:
    """Pairs below each prefix, at most limit each. `prefixes`: one at least, in ascending order."""
    options = rocksdict.ReadOptions()
    end = prefix_end(prefixes[-1])
    if end is not None:
        options.set_iterate_upper_bound(end)
    iterator = database.iter(options)
    key, value, step = iterator.key, iterator.value, iterator.next
    found: list[list[tuple[bytes, bytes]]] = []
    failure: Exception | None = None
    iterator.seek(prefixes[0])
    at, passed = key(), b""
    for prefix in prefixes:
        if passed >= prefix or (at is not None and at < prefix):  # else no pair lies between `prefix` and `at`
            failure = failure or (_failure(iterator) if at is None else None)  # a seek forgets it
            iterator.seek(prefix)
            at = key()
        pairs: list[tuple[bytes, bytes]] = []
        while at is not None and at.startswith(prefix) and len(pairs) != limit:
            pairs.append((at, value()))
            step()
            at, passed = key(), at
        found.append(pairs)
    failure = failure or _failure(iterator)
    del iterator, options, key, value, step
    if failure is not None:
        raise failure
    return found


def digest(database: Any) -> str:
    """Hex digest of all pairs but the reserved ones, read in key order."""
    iterator = database.iter()
    iterator.seek_to_first()
    digest = digest_pairs(chain.from_iterable(iter(partial(_read, iterator, READ_AT_ONCE), [])))
    failure = _failure(iterator)
    del iterator
    if failure is not None:
        raise failure
    return digest


def last_key(database: Any) -> bytes | None:
    """The greatest key; None where there is none."""
    iterator = database.iter()
    iterator.seek_to_last()
    last: bytes | None = iterator.key()
    failure = _failure(iterator)
    del iterator
    if failure is not None:
        raise failure
    return last


def read_on(database: Any, after: bytes | None, seconds: float) -> bytes | None:
    """Read from behind `after` for about so many seconds, to see that it can be read. Returns the last key read, None
    at the end. The block cache is left as it is.
    """
    options = rocksdict.ReadOptions()
    options.fill_cache(False)  # noqa: FBT003 - of rocksdict
    iterator = database.iter(options)
    if after is None:
        iterator.seek_to_first()
    else:
        iterator.seek(after + b"\x00")
    deadline = monotonic() + seconds
    while iterator.valid() and monotonic() < deadline:
        _step(iterator)
    last: bytes | None = iterator.key()
    failure = _failure(iterator)
    del iterator, options
    if failure is not None:
        raise failure
    return last


def _read(iterator: Any, limit: int | None = None) -> list[tuple[bytes, bytes]]:
    """Pairs from where the iterator stands; like those of rocksdict, it ends at a damaged block as at the last pair."""
    key, value, step = iterator.key, iterator.value, iterator.next
    pairs: list[tuple[bytes, bytes]] = []
    for _ in repeat(None) if limit is None else repeat(None, limit):
        found = key()
        if found is None:
            break
        pairs.append((found, value()))
        step()
    return pairs


def _step(iterator: Any) -> None:
    valid, step = iterator.valid, iterator.next
    for _ in range(STEPS):
        if not valid():
            return
        step()


def _failure(iterator: Any) -> Exception | None:
    """The error that ended an iteration, to be raised when the iterator is gone: one in a frame of a traceback would
    keep the folder open beyond a close.
    """
    try:
        iterator.status()
    except Exception as error:  # noqa: BLE001 - rocksdict raises nothing more special
        return error.with_traceback(None)
    return None
