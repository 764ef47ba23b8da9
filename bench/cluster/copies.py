"""Copies of a small market, each with companies, articles, licences and listings of its own.

Names are replaced by others of the same length wherever they stand, in keys, JSON and Avro alike. So the copies of a
market's state are the state that the copies of its events would have led to, and further listings of a copy find there
what listings of the market itself find.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from suyuan.domain.keys import SEPARATOR
from suyuan.simulation.bulk import Bulk, EncodedEvents
from suyuan.simulation.minting import Mint

_NAME = re.compile(rb"[0-9A-Z]{18}|0[0-9]{13}|XK[0-9]{8}|I[0-9]{8}")
_LISTINGS = 1_000_000
"""numbers that each copy has; a hundred copies have room in eight digits"""
_LICENCES = 1_000_000
MOST = 99


class Copies:
    """Copy 0 is the market itself; 1 to `MOST` are others."""

    def __init__(self, market: Bulk) -> None:
        self._names = {
            kind: [key for events in market.record_batches() if events.kind == kind for key in events.keys]
            for kind in ("entity", "product")
        }
        self._replace = cache(self._replacing)

    def of_bytes(self, data: bytes, copy: int) -> bytes:
        """The same with the copy's names."""
        return _NAME.sub(self._replace(copy), data) if copy else data

    def of_key(self, key: bytes, copy: int) -> bytes:
        """A key with the copy's names, and never the same key as another copy's."""
        copied = self.of_bytes(key, copy)
        return copied if copied != key or not copy else b"%s~%d" % (key, copy)

    def of_listings(self, events: EncodedEvents, copies: int) -> EncodedEvents:
        """Each listing in one of so many copies, or the market itself, in turn."""
        which = [number % (copies + 1) for number in range(len(events.keys))]
        return EncodedEvents(
            events.kind,
            [self.of_bytes(key, copy) for key, copy in zip(events.keys, which, strict=True)],
            [self.of_bytes(value, copy) for value, copy in zip(events.values, which, strict=True)],
            events.ids,
        )

    def _replacing(self, copy: int) -> Callable[[re.Match[bytes]], bytes]:
        mint = Mint(copy * 1_000_000)
        names = {code: mint.credit_code(code[2:8].decode()).encode() for code in self._names["entity"]}
        names |= {gtin: b"0" + mint.gtin().encode() for gtin in self._names["product"]}

        def replace(found: re.Match[bytes]) -> bytes:
            name = found[0]
            if name[:1] == b"I":
                return b"I%08d" % (int(name[1:]) + copy * _LISTINGS)
            if name[:2] == b"XK" and len(name) == 10:
                return b"XK%08d" % (int(name[2:]) + copy * _LICENCES)
            return names.get(name, name)

        return replace


def copied_key(key: bytes) -> bool:
    """Whether a key is one company's, article's or listing's own."""
    return SEPARATOR.encode() in key and not key.startswith(b"slice")
