"""Topics of a former version, by their keys or by the shape of the streams."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kafka.admin import KafkaAdminClient

from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.schemas.former_shape import refuse_former_shape
from suyuan.schemas.topics import FORMER_TOPICS, INPUTS, KEYS_MARK

LOOKS = 6


def refuse_former(client: KafkaAdminClient) -> Sequence[Mapping[str, Any]]:
    """The brokers' description of all topics. Raises SuyuanError where the topics of events are those of a former
    version.
    """
    for attempt in range(LOOKS):
        described: Sequence[Mapping[str, Any]] = client.describe_topics()
        names = {topic["name"] for topic in described}
        if KEYS_MARK in names or not any(topic in names for topic in INPUTS):
            return described
        if attempt + 1 < LOOKS:  # somebody may be making them
            time.sleep(0.5)
    raise SuyuanError(FORMER_TOPICS, ErrorKind.CONFIGURATION)


def refuse_former_streams(described: Iterable[Mapping[str, Any]], connection: KafkaConnection) -> None:
    """Raise FormerShape where the topics, as the brokers describe them, are those of a former shape of the streams."""
    servers = ",".join(connection.servers)
    names = {topic["name"] for topic in described}
    refuse_former_shape(names, f"Kafka at {servers}", f"suyuan state rebuild --kafka {servers}")
