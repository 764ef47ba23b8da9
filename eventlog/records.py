"""Records as a transport takes and gives them: key, value, timestamp, headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

Headers = Sequence[tuple[str, bytes]]


class Record(NamedTuple):
    """One record to append. A null value in a compacted topic deletes its key."""

    key: bytes | None
    value: bytes | None
    timestamp: int | None = None
    """ms since the epoch; None: the time of the append"""
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Records:
    """Many records to append, as columns of equal length.

    `timestamps` (ms since the epoch) None means the time of the append; `headers` None means none at all.
    """

    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    timestamps: Sequence[int] | None = None
    headers: Sequence[Headers] | None = None

    def __len__(self) -> int:
        return len(self.values)

    @classmethod
    def of(cls, records: Records | Sequence[Record], now: int) -> Records:
        """Rows as columns, with `now` (ms) where a timestamp is missing."""
        if isinstance(records, Records):
            if records.timestamps is not None:
                return records
            return cls(records.keys, records.values, [now] * len(records), records.headers)
        if not records:
            return cls([], [], [])
        keys, values, timestamps, headers = zip(*records, strict=True)
        return cls(
            keys,
            values,
            timestamps if None not in timestamps else [now if at is None else at for at in timestamps],
            headers if any(headers) else None,
        )

    def take(self, indices: Sequence[int]) -> Records:
        """The records at these indices, in that order."""
        return Records(
            [self.keys[i] for i in indices],
            [self.values[i] for i in indices],
            None if self.timestamps is None else [self.timestamps[i] for i in indices],
            None if self.headers is None else [self.headers[i] for i in indices],
        )

    def cut(self, start: int, stop: int) -> Records:
        """The records start..stop-1."""
        return Records(
            self.keys[start:stop],
            self.values[start:stop],
            None if self.timestamps is None else self.timestamps[start:stop],
            None if self.headers is None else self.headers[start:stop],
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """Records of one partition in order of offset, as columns of equal length. Offsets may have holes."""

    offsets: list[int]
    keys: list[bytes | None]
    values: list[bytes | None]
    timestamps: list[int]
    """ms since the epoch"""
    headers: list[Headers]

    def __len__(self) -> int:
        return len(self.offsets)

    @classmethod
    def empty(cls) -> Fetched:
        """No records."""
        return cls([], [], [], [], [])

    def extend(self, other: Fetched) -> None:
        """Append the records that follow."""
        self.offsets.extend(other.offsets)
        self.keys.extend(other.keys)
        self.values.extend(other.values)
        self.timestamps.extend(other.timestamps)
        self.headers.extend(other.headers)
