"""What deliveries need of the log, whichever it is, and what they keep there.

`webhook.pending`, compacted, holds by its id each delivery that has not ended, and how far wishes for tests and replays
were read. The end of one is two messages: one that says so to who reads, and none at all, which deletes both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

import msgspec
import polars as pl

from suyuan.access import events as access
from suyuan.connections.topic_partition import TopicPartition
from suyuan.domain.keys import SEPARATOR
from suyuan.operations.alerts import outward as alerts
from suyuan.operations.tail import Tail
from suyuan.operations.webhooks import events
from suyuan.operations.webhooks.schedule import Answer, Outcome, Pending
from suyuan.schemas.blocks import encode_block

GROUP = "webhooks"
"""consumer group, of the topic ALERTS"""
ALERTS, ACCESS, SUBSCRIPTIONS = alerts.TOPIC, access.TOPIC, events.TOPIC
PENDING, DELIVERIES = "webhook.pending", "webhook.delivery"
BLOCK = "delivery"


class Message(NamedTuple):
    """For a topic's partition, which its key chooses."""

    topic: str
    key: bytes
    value: bytes | None


class Holding(Protocol):
    """The log, while the deliveries are this process's. For one thread. Everything raises SuyuanError: UNAVAILABLE
    where the log does not answer, OwnershipLost where the deliveries are another's by now.
    """

    def take_part(self) -> bool:
        """Whether the deliveries are this process's; waits a moment for it. To be called again where they are not."""

    def committed(self) -> Mapping[TopicPartition, int]:
        """Next offsets of ALERTS that the group has committed; partitions without one are left out."""

    def tail(self, topics: Sequence[str], first_offsets: Mapping[TopicPartition, int]) -> Tail:
        """From those offsets on; partitions that are not named from their start."""

    def alert_ends(self) -> Mapping[TopicPartition, int]:
        """Next offsets of ALERTS now."""

    def alert_starts(self) -> Mapping[TopicPartition, int]:
        """First offsets that ALERTS still has."""

    def alert_message(self, partition: int, offset: int) -> bytes | None:
        """A message of ALERTS; None: the log does not have it any more."""

    def append(self, messages: Sequence[Message]) -> None:
        """Durable on return."""

    def commit(self, next_offsets: Mapping[TopicPartition, int]) -> None:
        """Of ALERTS; durable on return."""

    def keep(self) -> bool:
        """Say that this process lives; False where the deliveries may be another's by now. To be called often."""


class Position(msgspec.Struct, frozen=True, tag="position"):
    """How far a partition of SUBSCRIPTIONS was read for wishes."""

    partition: int
    next: int


class Waits(Pending, frozen=True, tag="waits", omit_defaults=True):
    """A delivery as it stands."""


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """A delivery that has ended. `id`: its webhook-id."""

    id: str


Kept = Position | Waits | Ended
_decoder: msgspec.json.Decoder[Kept] = msgspec.json.Decoder(Kept)


def decode_kept(value: bytes) -> Kept:
    """Of a message of PENDING. Raises msgspec.DecodeError."""
    return _decoder.decode(value)


def pending_message(pending: Pending) -> Message:
    """As it stands from now on."""
    waits = Waits(**msgspec.structs.asdict(pending))
    return Message(PENDING, _key(pending), msgspec.json.encode(waits))


def ended_messages(pending: Pending) -> Iterable[Message]:
    """It has ended."""
    yield Message(PENDING, _key(pending), msgspec.json.encode(Ended(pending.id)))
    yield Message(PENDING, _key(pending), None)


def position_message(partition: int, next_offset: int) -> Message:
    """How far wishes were read."""
    return Message(
        PENDING, f"position{SEPARATOR}{partition}".encode(), msgspec.json.encode(Position(partition, next_offset))
    )


class Attempt(NamedTuple):
    """What became of an attempt, to be listed. `at`: when it ended, ms UTC; `due`: of the next one, None: there is
    none.
    """

    pending: Pending
    owner: str
    outcome: Outcome
    answer: Answer
    at: int
    due: int | None = None


def attempts_message(attempts: Sequence[Attempt]) -> Message:
    """All of them as one block of DELIVERIES."""
    rows = [
        {
            "subscription": each.pending.subscription,
            "delivery": each.pending.id,
            "attempt": each.pending.attempts + 1,
            "attempted_at": each.at,
            "outcome": str(each.outcome),
            "status": each.answer.status,
            "reason": each.answer.reason,
            "milliseconds": each.answer.milliseconds,
            "next_at": each.due,
            "alert_partition": None if each.pending.place is None else each.pending.place.partition,
            "alert_offset": None if each.pending.place is None else each.pending.place.offset,
            "alert_row": None if each.pending.place is None else each.pending.place.row,
        }
        for each in attempts
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return Message(DELIVERIES, attempts[0].pending.subscription.encode(), encode_block(BLOCK, frame))


def _key(pending: Pending) -> bytes:
    return f"{pending.subscription}{SEPARATOR}{pending.id}".encode()
