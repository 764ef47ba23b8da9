"""Transactions that are open in Kafka's topics: messages behind the first open one of a partition are not delivered
yet.

A transaction ends by its producer, else by the brokers after its timeout (at most `transaction.max.timeout.ms`, 15
minutes unless set otherwise). By faults that KIP-890 describes, one may stay open for ever, mostly after a broker died.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kafka import IsolationLevel, KafkaAdminClient, OffsetSpec, TopicPartition

LONG_SECONDS = 60.0
"""a transaction that was written to so long ago, and is open still, is told"""


@dataclass(frozen=True, slots=True)
class OpenTransaction:
    """The first open transaction of a partition. `first_offset`: where it begins; `end_offset`: the partition's end, so
    what is between them is hidden, others' messages too. `written_at`: ms since the epoch of its last message.
    """

    topic: str
    partition: int
    first_offset: int
    end_offset: int
    written_at: int

    def __str__(self) -> str:
        hidden = self.end_offset - self.first_offset
        return (
            f"{self.topic}-{self.partition}: up to {hidden:,} messages are shown to nobody, since a transaction is "
            f"open from offset {self.first_offset} on. Where its publisher does not end it: "
            f"kafka-transactions.sh --bootstrap-server HOST:PORT abort --topic {self.topic} "
            f"--partition {self.partition} --start-offset {self.first_offset}"
        )


def open_transactions(client: KafkaAdminClient, topic_partitions: Iterable[TopicPartition]) -> list[OpenTransaction]:
    """The first open transaction of each partition that has one, ascending. Raises KafkaError."""
    wanted = dict.fromkeys(topic_partitions, OffsetSpec.LATEST)
    if not wanted:
        return []
    shown = client.list_partition_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED)
    ends = client.list_partition_offsets(wanted)
    states = client.describe_producers([at for at in wanted if shown[at].offset < ends[at].offset])
    found = []
    for at, state in sorted(states.items()):
        begun = [each for each in state.active_producers if each.current_transaction_start_offset >= 0]
        if begun:
            first = min(begun, key=lambda each: each.current_transaction_start_offset)
            start = first.current_transaction_start_offset
            found.append(OpenTransaction(at.topic, at.partition, start, ends[at].offset, first.last_timestamp))
    return found
