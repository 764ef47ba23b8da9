"""What a stage is: functions from a block and keyed state to outputs. No Faust, no I/O, no clock here.

Whoever adds a stage says all that is known of it in its `Stage`, and lists it in `topology.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from suyuan.streams.dead_letter_limit import DeadLetterLimit
from suyuan.streams.lately import Lately
from suyuan.streams.places import Places

SLICE_ROWS = 2000
"""Others wait for the slice that is under way. One of the producer stage takes 40 ms, half of it whatever it holds, and
what comes of it takes the risk stage as long; each row more costs both 0.03 ms. Where there are no others, slices are
larger: see `SliceSize`.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """Messages of one partition that were fetched together, each holding one event.

    Offsets are those of the log and may have holes (compaction, transaction markers); lists are of equal length.
    """

    topic: str
    partition: int
    offsets: Sequence[int]
    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    timestamps: Sequence[int]
    """ms since the epoch, when the log took the message"""
    redelivered: bool = False
    first_offset: int | None = None
    """read position before the run; None: unknown"""
    next_offset: int | None = None
    """read position after the run, beyond holes behind the last message"""


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one or more block messages that waited together, all of the topic's block schema. `offset` is that of
    the last message.

    `redelivered` says that the state may already hold these rows (see docs/ARCHITECTURE.md, order of an
    acknowledgement): the stage must return outputs for every row that it touches, changed or not.
    """

    topic: str
    partition: int
    first_offset: int
    """of the first message. Messages that are redelivered may come in larger or smaller blocks than when they were done
    first."""
    offset: int
    timestamp: int
    """ms since the epoch, when the log took the message"""
    rows: pl.DataFrame
    redelivered: bool = False


@dataclass(frozen=True, slots=True)
class Output:
    """Rows for a topic. `key` names the column that chooses the partition (crc32 of its text); a column named
    `partition` is used as the partition itself and is not sent; with neither, rows go to the stage's own partition.
    """

    topic: str
    rows: pl.DataFrame
    key: str | None = None
    set_aside: Mapping[str, int] = field(default_factory=dict)
    """of dead letters: how many are of which publisher that is beyond its limit (`streams.dead_letter_limit`)"""


class StateView(Protocol):
    """Keyed state of one stage-partition as the stage sees it: reads see the writes of the same block.

    Keys order as bytes. Nothing is durable until the runner commits the block (docs/ARCHITECTURE.md).
    """

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where absent."""

    def peek_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """The same of keys that no later block will ask for: they stay out of the stage's cache."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of a key."""

    def put_many(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Set many; the later of two equal keys wins."""

    def delete(self, key: bytes) -> None:
        """Forget a key; absent is no error."""

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> list[tuple[bytes, bytes]]:
        """Pairs whose key starts with prefix and, if given, is greater than `after`; in key order, at most limit."""

    def scan_many(self, prefixes: Sequence[bytes], limit: int | None = None) -> list[list[tuple[bytes, bytes]]]:
        """What `scan` gives of each prefix, in their order: at most `limit` pairs each."""


@dataclass(frozen=True, slots=True)
class StageContext:
    """Where a stage runs. `epoch` grows by one each time the partition is assigned (see `assessment`)."""

    partition: int
    partitions: int
    epoch: int = 1
    slice_rows: int = field(default=SLICE_ROWS)
    """rows re-assessed in one turn before the rest goes through the stage's backlog topic"""
    dead_letter_limit: DeadLetterLimit = field(default_factory=DeadLetterLimit)
    passed: int = 0
    """offsets of the topic before it was made again: added to those of now, they go on rising"""
    lately: Lately = field(default_factory=Lately)
    """what the partition sent since it was assigned, of what one sending does for many rows"""
    places: Places = field(default_factory=Places)
    """templates of chains that the partition made since it was assigned"""
    quiet_before: int = 0
    """ms since the epoch: while events of some time ago are read, people are told of what the log took before this when
    all of it was read; 0: nothing waits"""


BlockStage = Callable[[Block, StateView, StageContext], list[Output]]
RunStage = Callable[[Run, StateView, StageContext], list[Output]]


@dataclass(frozen=True, slots=True)
class Cache:
    """Pairs of its state that a stage keeps in memory, over all its partitions, and their bytes. `prefixes`: of keys
    that are kept as soon as they are written, since they are read soon after.
    """

    pairs: int
    size: int
    prefixes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage and all that the system knows of it.

    `runs`: topics of single events, read a fetched run at a time. `blocks`: topics of blocks. Of topics that wait at
    the same time the ones named first are read first. Another stage may read the same topic: what it holds is
    acknowledged once both are done with it. `writes`: every topic that a function of the stage may return.

    `gives_way`: topic of what is left of long work → topics that a slice of it fills. The next slice waits until what
    the last ones sent there is nearly done: else all of it would stand before what others send there meanwhile.

    `keeps_pace`: topic of events → topics that they fill, whose reader is slower. So events wait where they are, not as
    blocks before the next stage: those are done while they are still in memory, and all stages are through together.

    `lingers`: topic → seconds from reading what waits in it to reading it again.

    `cache`: None where each key is looked up once. `remembers`: its state holds what follows from no reading again of
    the inputs, so `suyuan state rebuild` leaves it as it is, and what it reads is not sent again.
    """

    name: str
    writes: tuple[str, ...]
    blocks: Mapping[str, BlockStage]
    runs: Mapping[str, RunStage]
    gives_way: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keeps_pace: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lingers: Mapping[str, float] = field(default_factory=dict)
    cache: Cache | None = None
    remembers: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """Every input topic."""
        return (*self.runs, *self.blocks)
