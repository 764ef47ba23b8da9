"""The Kafka cluster: whether it answers, who can listen in, its topics, its clocks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec

from suyuan.connections.addresses import is_loopback
from suyuan.connections.kafka import KafkaConnection
from suyuan.connections.open_transactions import LONG_SECONDS, open_transactions
from suyuan.errors import SuyuanError
from suyuan.operations.checks.clock import against_newest
from suyuan.operations.checks.finding import Finding
from suyuan.operations.kafka_admin import administration
from suyuan.operations.topics.check import differences, usual_count
from suyuan.operations.topics.former import refuse_former_streams
from suyuan.operations.topics.spec import WantedTopic, wanted_topics

_SHOWN = 10

Topics = Sequence[Mapping[str, Any]]
"""all that the brokers describe"""


def cluster(connection: KafkaConnection, partitions: int | None, replication: int) -> Iterator[Finding]:
    """Findings, in the order in which to put things right. `partitions` and `replication`: what topics must have;
    partitions None: as many as most of them have.
    """
    try:
        with administration(connection) as client:
            brokers = client.describe_cluster()["brokers"]
            said = ", ".join(f"{broker['broker_id']} at {broker['host']}:{broker['port']}" for broker in brokers)
            yield Finding("kafka", "ok", f"{len(brokers)} answering: {said}; {_version(client, brokers)}")
            yield _secrecy(connection, [broker["host"] for broker in brokers])
            described: Topics = client.describe_topics()
            refuse_former_streams(described, connection)
            wanted = list(wanted_topics(partitions or usual_count(described), replication))
            yield from _topics(client, wanted, described)
            yield from _open_transactions(client, described)
            yield _clock(client, described)
    except SuyuanError as error:
        yield Finding("kafka", "failed", str(error))


def _version(client: KafkaAdminClient, brokers: list[dict[str, Any]]) -> str:
    versions = {client.get_broker_version_data(broker["broker_id"]).broker_version for broker in brokers}
    return "Kafka " + ", ".join(".".join(map(str, version)) for version in sorted(versions)) + " or later"


def _secrecy(connection: KafkaConnection, hosts: list[str]) -> Finding:
    """Whether connections are secret, also to brokers that the first ones name: those are used."""
    who = "nobody in particular" if connection.mechanism is None else f"{connection.username or 'whom the token names'}"
    if connection.tls:
        shown = "a certificate" if connection.mechanism is None and connection.certificate_file else who
        return Finding("secrecy", "ok", f"TLS, as {shown}")
    open_to_others = sorted({host for host in hosts if not is_loopback(host)})
    if open_to_others:
        return Finding(
            "secrecy",
            "warning",
            f"plaintext to {', '.join(open_to_others)}, as {who}: who is on the way reads everything, passwords too",
        )
    return Finding("secrecy", "ok", f"plaintext, but only on this machine, as {who}")


def _topics(client: KafkaAdminClient, wanted: list[WantedTopic], described: Topics) -> Iterator[Finding]:
    found = list(differences(client, wanted, described))
    missing = [mismatch.topic for mismatch in found if mismatch.what == "topic"]
    if missing:
        shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
        yield Finding("topics", "failed", f"{len(missing)} are missing ({shown}): suyuan topics create")
    wrong = [mismatch for mismatch in found if mismatch.what != "topic"]
    for mismatch in wrong[:_SHOWN]:
        yield Finding("topics", "failed", str(mismatch))
    if len(wrong) > _SHOWN:
        yield Finding("topics", "failed", f"{len(wrong) - _SHOWN} more: suyuan topics check")
    if not found:
        yield Finding("topics", "ok", f"{len(wanted)}, each with {wanted[0].partitions} partitions, as they have to be")


def _open_transactions(client: KafkaAdminClient, described: Topics) -> Iterator[Finding]:
    """Open transactions to which nothing was written for a while."""
    now = time.time_ns() // 1_000_000
    for each in open_transactions(client, _partitions(described, "in.")):
        if now - each.written_at > LONG_SECONDS * 1000:
            yield Finding("transactions", "failed", str(each))


def _partitions(described: Topics, *begins: str) -> list[TopicPartition]:
    return [
        TopicPartition(topic["name"], partition["partition_index"])
        for topic in described
        if topic["name"].startswith(begins)
        for partition in topic["partitions"]
    ]


def _clock(client: KafkaAdminClient, described: Topics) -> Finding:
    """The brokers' clock: they give each record the time at which they appended it."""
    partitions = _partitions(described, "in.", "event.")
    newest = client.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.MAX_TIMESTAMP)) if partitions else {}
    # of a partition without records it is -1
    return against_newest(max((each.timestamp for each in newest.values()), default=0), "the newest record in Kafka")
