"""Makes the state anew from the input topics, on Kafka."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, OffsetSpec
from kafka.errors import NoError

from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.kafka_admin import administration
from suyuan.operations.state_rebuild.changelogs import CHANGELOGS
from suyuan.operations.state_rebuild.requests import check_number, requests
from suyuan.operations.topics.check import usual_count
from suyuan.operations.topics.create import create_topics
from suyuan.operations.topics.former import refuse_former_streams
from suyuan.operations.topics.spec import WantedTopic, wanted_topics
from suyuan.schemas.former_shape import GONE_CHANGELOGS, GONE_TOPICS, MARK, is_former
from suyuan.schemas.topics import INPUTS
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.state.position import RESET_KEY
from suyuan.streams.topology import READ_TOPICS


def rebuild(connection: KafkaConnection) -> int:
    """Set the group back to the start of the inputs and end the state's present life. Returns how many events will be
    read again.

    Over topics of a former shape it makes those that are missing, the mark as the last of all: until it was through,
    nothing starts on them. Topics that nobody reads any more stay, without the group's offsets. May be repeated after
    it was interrupted.

    Raises SuyuanError: UNAVAILABLE while workers run, or where no broker answers.
    """
    with administration(connection) as client:
        _refuse_members(client)
        missing = _missing_in_former_shape(client.describe_topics())
        create_topics(client, [topic for topic in missing if topic.name != MARK])
        parts = _partitions(client, READ_TOPICS)
        inputs = [at for at in parts if at.topic.startswith("in.")]
        starts = {at: OffsetSpec.EARLIEST if at in inputs else OffsetSpec.LATEST for at in parts}
        _refuse_errors(client.reset_group_offsets(GROUP, starts), "cannot be set back")
        earliest = client.list_partition_offsets(dict.fromkeys(inputs, OffsetSpec.EARLIEST))
        latest = client.list_partition_offsets(dict.fromkeys(inputs, OffsetSpec.LATEST))
        _send(connection, [(at.topic, at.partition, RESET_KEY, b"1") for at in _partitions(client, CHANGELOGS)])
        _forget_gone_topics(client)
        create_topics(client, [topic for topic in missing if topic.name == MARK])
    return sum(latest[at].offset - earliest[at].offset for at in inputs)


def rebuild_partition(connection: KafkaConnection, partition: int) -> int:
    """Request that one partition be sent again all that belongs to it, by the workers that run or those that will.
    Returns how many messages request it. Raises SuyuanError for no such partition, for topics of a former shape, or
    where no broker answers.
    """
    with administration(connection) as client:
        refuse_former_streams(client.describe_topics(), connection)
        partitions = len(_partitions(client, ("chain",)))
    check_number(partition, partitions)
    asked = [(topic, number, None, value) for topic, number, value in requests(partition, partitions)]
    _send(connection, asked)
    return len(asked)


def _missing_in_former_shape(described: Sequence[Mapping[str, Any]]) -> list[WantedTopic]:
    """The topics to be made, with as many partitions and replicas as the others have; none but over a former shape."""
    there = {topic["name"]: topic["partitions"] for topic in described}
    if not is_former(there):
        return []
    partitions = usual_count(described)
    replicas = max(len(each["replica_nodes"]) for topic in INPUTS for each in there.get(topic, ()))
    return [topic for topic in wanted_topics(partitions, replicas) if topic.name not in there]


def _forget_gone_topics(client: KafkaAdminClient) -> None:
    """Offsets of topics that nobody reads any more would tell for ever of messages that wait."""
    committed = client.list_group_offsets({GROUP: None})[GROUP]
    gone = [at for at in committed if at.topic in {*GONE_TOPICS, *GONE_CHANGELOGS}]
    if gone:
        _refuse_errors(client.delete_group_offsets(GROUP, gone), "cannot be deleted")


def _refuse_errors(answer: dict[TopicPartition, Any], what: str) -> None:
    refused = {at: error for at, error in _errors(answer) if error is not NoError}
    if refused:
        raise SuyuanError(f"the group's offsets {what}: {refused}", ErrorKind.UNAVAILABLE)


def _send(connection: KafkaConnection, messages: Sequence[tuple[str, int, bytes | None, bytes]]) -> None:
    """Send (topic, partition, key, value) each; durable on return."""
    producer = KafkaProducer(**connection.kafka_python(), acks="all")
    try:
        sent = [producer.send(topic, key=key, value=value, partition=at) for topic, at, key, value in messages]
        producer.flush()
        for each in sent:
            each.get()
    finally:
        producer.close()


def _refuse_members(client: KafkaAdminClient) -> None:
    described = client.describe_groups([GROUP])[GROUP]
    members = described.get("members") or []
    if members:
        hosts = ", ".join(sorted({str(member.get("client_host", "?")) for member in members}))
        raise SuyuanError(f"{len(members)} workers run (on {hosts}): stop them first", ErrorKind.UNAVAILABLE)


def _partitions(client: KafkaAdminClient, topics: tuple[str, ...]) -> list[TopicPartition]:
    described = client.describe_topics(list(topics))
    return [
        TopicPartition(topic["name"], each["partition_index"]) for topic in described for each in topic["partitions"]
    ]


def _errors(answer: dict[TopicPartition, Any]) -> list[tuple[TopicPartition, Any]]:
    return [(at, result["error"] if isinstance(result, dict) else result) for at, result in answer.items()]
