"""Creates the topics that are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka.admin import KafkaAdminClient
from kafka.errors import TopicAlreadyExistsError, for_code

from suyuan.connections.kafka import KafkaConnection
from suyuan.errors import SuyuanError
from suyuan.operations.kafka_admin import administration
from suyuan.operations.topics.check import Mismatch, differences
from suyuan.operations.topics.former import refuse_former, refuse_former_streams
from suyuan.operations.topics.spec import WantedTopic, wanted_topics

READY_MS = 60_000
"""until every partition that was made has a leader"""


@dataclass(frozen=True, slots=True)
class Made:
    """`made` and `there`: names of topics that were made, and that were there before. `mismatches`: of those that were
    there; they are left as they are.
    """

    made: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    mismatches: list[Mismatch] = field(default_factory=list)


def make_topics(connection: KafkaConnection, partitions: int, replication: int = 1) -> Made:
    """Make the missing topics; on return they can be written to. Doing it again, or twice at once, does no harm.

    Raises SuyuanError: UNAVAILABLE where no broker answers; CONFIGURATION for topics of a former version, which what is
    missing would make believe to be of this one; where the brokers refuse a topic, with their reason.
    """
    wanted = list(wanted_topics(partitions, replication))
    with administration(connection) as client:
        refuse_former_streams(refuse_former(client), connection)
        made = create_topics(client, wanted)
        left = [topic for topic in wanted if topic.name not in made]
        return Made(made, [topic.name for topic in left], list(differences(client, left, client.describe_topics())))


def create_topics(client: KafkaAdminClient, wanted: Sequence[WantedTopic]) -> list[str]:
    """Make topics; on return they can be written to. Returns the names of those that were not there, as the controller
    says. Raises as `make_topics`.
    """
    if not wanted:
        return []
    answer = client.create_topics(
        {
            topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": topic.replication,
                "configs": {name: config.value for name, config in topic.configs.items()},
            }
            for topic in wanted
        },
        raise_errors=False,
    )["topics"]
    refused = [each for each in answer if each["error_code"] not in {0, TopicAlreadyExistsError.errno}]
    if refused:
        raise SuyuanError(f"the brokers refuse {len(refused)} topics, {refused[0]['name']}: {_reason(refused[0])}")
    # a broker may not have heard yet of what the controller made, for us or for another
    client.wait_for_topics([topic.name for topic in wanted], timeout_ms=READY_MS)
    return [each["name"] for each in answer if each["error_code"] == 0]


def _reason(refused: Any) -> str:
    return str(refused["error_message"] or for_code(refused["error_code"]).__name__)
