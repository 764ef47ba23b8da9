"""Faust's app, and what of it Suyuan uses, with types: Faust itself is unknown to mypy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import faust

from suyuan.streams.transport.options import TransportOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from faust.types.tuples import TP

    from suyuan.eventlog.records import Record, Records


class LogProducer(Protocol):
    """What every transport's producer is, beside what Faust asks of it."""

    async def append_many(self, records: Mapping[TP, Sequence[Record] | Records]) -> dict[TP, Sequence[int]]:
        """Append to many partitions and wait until all of it is durable. The offset of each record."""

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        """Make a topic where it is missing."""

    def key_partition(self, topic: str, key: bytes | None) -> TP:
        """Where a message with this key goes."""


class LogConsumer(Protocol):
    """What is asked of a transport's consumer, whichever log is below."""

    def log_of(self, topic: str) -> str:
        """What the transport tells the topic's log by, empty where it cannot."""

    def assignment(self) -> set[TP]:
        """The partitions of this process."""

    async def earliest_offsets(self, *partitions: TP) -> dict[TP, int]:
        """Offset of the first record of each."""

    async def highwaters(self, *partitions: TP) -> dict[TP, int]:
        """Offset behind the last record of each."""


class FaustApp(faust.App):  # type: ignore[misc] # faust is untyped here
    """An app over one of our transports."""

    transport_options: TransportOptions
    batch_topics: frozenset[str]
    """those of the options, and the changelogs of the tables that were made since"""

    consumer: LogConsumer
    producer: LogProducer
    consumer_generation_id: int
    """of the group, as of the last assignment"""
    rebalancing: bool
    """whether partitions are being dealt out, or their state is being recovered"""
    crashed: bool
    crash_reason: BaseException | None

    def __init__(self, group: str, options: TransportOptions | None = None, **settings: Any) -> None:
        """`settings`: Faust's own; `broker` names the transport and the log."""
        self.transport_options = options or TransportOptions()
        self.batch_topics = self.transport_options.batch_topics
        super().__init__(group, **settings)

    def deliver_in_runs(self, topic: str) -> None:
        """From now on, as the options' `batch_topics`. Before the app starts."""
        self.batch_topics |= {topic}

    if TYPE_CHECKING:

        def finalize(self) -> None:
            """No agent or table comes any more."""

        async def start(self) -> None:
            """Returns once state is recovered."""

        async def stop(self) -> None:
            """Commit and close."""

        async def crash(self, reason: BaseException) -> None:
            """Have the app end, because of this."""

        def on_rebalance_start(self) -> None:
            """Partitions are being dealt out."""
