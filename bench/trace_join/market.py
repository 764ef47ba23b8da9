"""The two topics of the trace-join, and the chains that must come out of them: by arithmetic, from sizes and a seed.

Every field has a fixed width, so a kind's messages are the rows of one array of bytes and a million are made in about a
second. `tests/bench` holds them to the product's own schemas.

record n    the event `lot` n of producer n // 5 (id 5 on the wire), 78 bytes
listing n   an event `listing` (id 1), 114 bytes, that names one of the records: as many listings for each
chain n     what the join must write for listing n: `chain.avsc` (id 101)

The key of both is credit code, U+001F, lot: crc32 of it chooses the partition. The key of a chain is its listing's id.
"""

from __future__ import annotations

import datetime as dt
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.framing import frame_header
from suyuan.schemas.kinds import event_schema
from suyuan.simulation.minting import Mint
from suyuan.simulation.places import PLACES

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]

PARTITIONS = 4
CHAIN_ID = 101
LOTS_EACH = 5
"""of a producer"""
PLATFORMS = 8
SELLERS = 5_000
EXPIRED = 10
"""every so-many-th lot has passed its last day of use when it is listed"""
_SCATTER = 48_271
_MONTH = 60
"""days before the listing on which lots were made, at most"""

DAY = dt.date(2026, 3, 1)
_TODAY = (DAY - dt.date(1970, 1, 1)).days
_LISTED = int(dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC).timestamp() * 1000)
_RECORDED = _LISTED - 30 * 86_400_000
_SOME = b"\x02"
"""the branch of a union that is not null"""


@dataclass(frozen=True)
class Part:
    """A share of the market: messages of `listings`, `records` and `chains`, a row each, and where they go."""

    listings: Bytes
    listing_keys: Bytes
    listing_partitions: Longs
    records: Bytes
    record_keys: Bytes
    record_partitions: Longs
    late: NDArray[np.bool_]
    """of the records: comes after all listings, where the order asks for that"""
    waits: NDArray[np.bool_]
    """of the listings: names a late record"""


@dataclass(frozen=True)
class Market:
    """`listings` and `records` of the measured load, before it `warm_listings` and `warm_records` of their own to warm
    up with. A number counts through both.
    """

    listings: int = 1_000_000
    records: int = 250_000
    warm_listings: int = 100_000
    warm_records: int = 25_000
    seed: int = 1

    def __post_init__(self) -> None:
        for records in (self.records, self.warm_records):
            if records < 1 or records % _SCATTER == 0:
                raise ValueError(f"not so many records: {records}")

    @property
    def all_listings(self) -> int:
        """Warm-up included."""
        return self.warm_listings + self.listings

    @property
    def warm_up(self) -> Part:
        """What comes before the clock runs."""
        return self._part(0, self.warm_listings, 0, self.warm_records)

    @property
    def load(self) -> Part:
        """What is measured."""
        return self._part(self.warm_listings, self.all_listings, self.warm_records, self.warm_records + self.records)

    def lot_of(self, listings: Longs) -> Longs:
        """The record that each listing names."""
        warm = listings < self.warm_listings
        count = np.where(warm, self.warm_records, self.records)
        number = np.where(warm, listings, listings - self.warm_listings)
        return (number * _SCATTER + self.seed) % count + np.where(warm, 0, self.warm_records)

    def is_late(self, records: Longs) -> NDArray[np.bool_]:
        """Every second record."""
        return (records & 1).astype(np.bool_)

    def chains(self, start: int, stop: int) -> list[bytes]:
        """The messages that the join must write for these listings, by number; independent of any contestant."""
        n = np.arange(start, stop)
        lot = self.lot_of(n)
        count = len(n)
        made, expires = _made_on(lot), _expires_on(lot)
        pieces = [
            _texts(_SOME, self._platform(n)),
            _texts(_SOME, _numbered(b"I", n, 8)),
            _texts(_SOME, self._codes[lot // LOTS_EACH]),
            _texts(_SOME, _numbered(b"L", lot, 7)),
            _texts(_SOME, self._sellers[n % SELLERS]),
        ]
        rest = [
            _texts(_SOME, _numbered(b"g", n, 7)),
            _texts(_SOME, _numbered(b"l", lot, 7)),
            _constant(count, _SOME),
            _varints(_LISTED + n, 6),
            _constant(count, _SOME),
            _varints(made, 3),
            _constant(count, _SOME),
            _varints(expires, 3),
            _constant(count, _SOME),
            _varints(_quantity(lot), 3),
            _constant(count, _SOME),
            _varints(_sold(n), 1),
        ]
        head = np.hstack([_constant(count, frame_header(CHAIN_ID)), *pieces])
        tail = np.hstack(rest)
        width = head.shape[1], tail.shape[1]
        first, last = head.tobytes(), tail.tobytes()
        verdicts = (_text(_SOME, b"complete"), _text(_SOME, b"contradicted"))
        return [
            first[i * width[0] : (i + 1) * width[0]] + verdicts[late] + last[i * width[1] : (i + 1) * width[1]]
            for i, late in enumerate((expires < _TODAY).tolist())
        ]

    def _part(self, listing: int, listings: int, record: int, records: int) -> Part:
        n, r = np.arange(listing, listings), np.arange(record, records)
        lot = self.lot_of(n)
        keys = self._keys(r)
        partitions = np.fromiter((zlib.crc32(key) % PARTITIONS for key in rows(keys)), dtype=np.int64, count=len(r))
        return Part(
            listings=self._listings(n, lot),
            listing_keys=keys[lot - record],
            listing_partitions=partitions[lot - record],
            records=self._records(r),
            record_keys=keys,
            record_partitions=partitions,
            late=self.is_late(r),
            waits=self.is_late(lot),
        )

    def _keys(self, lot: Longs) -> Bytes:
        between = _constant(len(lot), SEPARATOR.encode())
        return np.hstack([self._codes[lot // LOTS_EACH], between, _numbered(b"L", lot, 7)])

    def _listings(self, n: Longs, lot: Longs) -> Bytes:
        count = len(n)
        return np.hstack(
            [
                _constant(count, frame_header(event_schema("listing").schema_id)),
                _texts(b"", _numbered(b"g", n, 7)),  # event_id
                _texts(b"", self._platform(n)),  # publisher
                _varints(_LISTED + n, 6),  # occurred_at
                _texts(b"", self._platform(n)),  # platform_code
                _texts(b"", _numbered(b"I", n, 8)),  # listing_id
                _constant(count, b"\0\0"),  # status active, url null
                _constant(count, _text(b"", "铁观音".encode())),  # title
                _constant(count, _text(b"", "茶叶".encode())),  # category
                _texts(b"", self._sellers[n % SELLERS]),  # seller_code
                _texts(_SOME, self._codes[lot // LOTS_EACH]),  # producer_code
                _constant(count, b"\0\0"),  # producer_name, gtin null
                _texts(_SOME, _numbered(b"L", lot, 7)),  # lot
                _constant(count, b"\0"),  # licence_no null
                _varints(10_000 + n % 90_000, 3),  # price_fen
                _varints(_sold(n), 1),  # sold_30d
                _constant(count, b"\0"),  # ship_from null
            ]
        )

    def _records(self, r: Longs) -> Bytes:
        count = len(r)
        return np.hstack(
            [
                _constant(count, frame_header(event_schema("lot").schema_id)),
                _texts(b"", _numbered(b"l", r, 7)),  # event_id
                _constant(count, _text(b"", b"A01")),  # publisher
                _varints(_RECORDED + r, 6),  # occurred_at
                _texts(b"", self._codes[r // LOTS_EACH]),  # producer_code
                _texts(b"", _numbered(b"069", r // LOTS_EACH, 11)),  # gtin
                _texts(b"", _numbered(b"L", r, 7)),  # lot
                _varints(_made_on(r), 3),  # produced_on
                _constant(count, _SOME),
                _varints(_expires_on(r), 3),  # expires_on
                _varints(_quantity(r), 3),  # quantity
                _constant(count, b"\0"),  # inputs: none
            ]
        )

    @staticmethod
    def _platform(n: Longs) -> Bytes:
        return _numbered(b"P", n % PLATFORMS, 2)

    @cached_property
    def _codes(self) -> Bytes:
        return self._minted(0, -(-(self.warm_records + self.records) // LOTS_EACH))

    @cached_property
    def _sellers(self) -> Bytes:
        return self._minted(1_000_000, SELLERS)

    def _minted(self, first: int, count: int) -> Bytes:
        mint = Mint(self.seed * 10_000_000 + first)
        codes = "".join(mint.credit_code(PLACES[n % len(PLACES)].division) for n in range(count))
        return np.frombuffer(codes.encode(), dtype=np.uint8).reshape(count, 18)


def rows(array: Bytes) -> list[bytes]:
    """Each row as bytes."""
    data, width = array.tobytes(), array.shape[1]
    return [data[at : at + width] for at in range(0, len(data), width)]


def _made_on(lot: Longs) -> Longs:
    return _TODAY - 1 - lot % _MONTH


def _expires_on(lot: Longs) -> Longs:
    return np.where(lot // 2 % EXPIRED == 0, _TODAY - 1, _TODAY + 90 + lot % 300)


def _quantity(lot: Longs) -> Longs:
    return 10_000 + lot % 900_000


def _sold(listing: Longs) -> Longs:
    return listing % 60


def _constant(count: int, data: bytes) -> Bytes:
    return np.broadcast_to(np.frombuffer(data, dtype=np.uint8), (count, len(data)))


def _text(before: bytes, text: bytes) -> bytes:
    return before + bytes([len(text) << 1]) + text


def _texts(before: bytes, texts: Bytes) -> Bytes:
    """Avro strings of one length (below 64), each after the same bytes."""
    return np.hstack([_constant(len(texts), before + bytes([texts.shape[1] << 1])), texts])


def _numbered(prefix: bytes, numbers: Longs, digits: int) -> Bytes:
    powers = 10 ** np.arange(digits - 1, -1, -1, dtype=np.int64)
    figures = (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    return np.hstack([_constant(len(numbers), prefix), figures])


def _varints(numbers: Longs, width: int) -> Bytes:
    """Zigzag varints of numbers, not negative, that all take `width` bytes."""
    raw = numbers << 1
    low = 0 if width == 1 else 1 << 7 * (width - 1)
    if len(raw) and not (low <= raw.min() and raw.max() < 1 << 7 * width):
        raise ValueError(f"not all of {width} bytes")
    out = (raw[:, None] >> (7 * np.arange(width, dtype=np.int64)) & 0x7F).astype(np.uint8)
    out[:, :-1] |= 0x80
    return out
