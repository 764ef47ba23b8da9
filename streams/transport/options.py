"""What a transport is told that Faust has no setting for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from suyuan.connections.kafka import KafkaConnection
from suyuan.streams.in_flight import InFlight
from suyuan.streams.transport.fetch_limits import FetchLimits
from suyuan.streams.transport.life import Life

Compression = Literal["lz4", "zstd", "gzip", "snappy"]


def _no_life(_at: tuple[str, int]) -> None:
    """There is no state."""


def _holds_nothing(_topic: str) -> bool:
    """Everything is read as it comes."""
    return False


async def _no_state(_logs: Mapping[tuple[str, int], tuple[str, int, int]]) -> None:
    """There is no state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportOptions:
    """How the consumer and the producer of a `FaustApp` read and write, whichever log is below."""

    batch_topics: frozenset[str] = frozenset()
    """delivered in runs: one message, its value a `suyuan.streams.stage.Run`, its offset the last record's; the others
    are delivered record by record
    """
    joined_topics: frozenset[str] = frozenset()
    """of which whoever does them joins runs that wait: as many are delivered as make a run's bytes, so that what comes
    while one is done is there when the next begins
    """
    linger: Mapping[str, Callable[[], float]] = field(default_factory=dict)
    """topic → seconds from reading a run of a partition to reading its next one, which also waits until that one is
    done; unless half a run is there already
    """
    reading_order: Mapping[str, int] = field(default_factory=dict)
    """topic → rank: whose messages go first of those that are there at the same time"""
    gives_way: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """topic → topics: nothing of it is read while one of those has messages to read, or more than one run of one of
    them is not done; after a second all the same
    """
    keeps_pace: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """topic → topics: nothing of it is read while more than `lead` of the fetch limits are to do of one of those; after
    a second all the same
    """
    holds: Callable[[str], bool] = _holds_nothing
    """whether nothing of an input topic is to be read yet; asked before each read"""
    fetch_limits: FetchLimits = field(default_factory=FetchLimits)
    in_flight: InFlight | None = None
    """the blocks that are finished and committed before partitions are revoked; None: there are none"""

    partitions: int | None = None
    """of every topic; more of them are refused. None: however many there are"""
    topic_ids: Mapping[str, str] = field(default_factory=dict)
    """tell topics from others of the same name, where the transport cannot"""
    accept_loss: bool = False
    """go on behind messages that were deleted before they were read, instead of stopping"""
    shown: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """how far what is shown had come in the inputs; where that is further than the state, the log lost its end"""
    end_may_be_lost: bool = False
    """go past a lost end too"""
    life_of: Callable[[tuple[str, int]], Life | None] = _no_life
    """of the log that the state of an input's stage was read from; None: there is no state of it here"""
    begin_anew: Callable[[Mapping[tuple[str, int], tuple[str, int, int]]], Awaitable[None]] = _no_state
    """have the state know, durably, that these logs are others than it was read from: see `StageState.begin_anew`"""

    kafka: KafkaConnection | None = None
    """how to reach brokers; None: at the URL's addresses, in plain text"""
    compression: Compression | None = "lz4"
    """of what is sent to brokers"""
