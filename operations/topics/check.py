"""Finds what is wrong with the topics of a cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from suyuan.connections.kafka import KafkaConnection
from suyuan.operations.kafka_admin import administration
from suyuan.operations.topics.former import refuse_former, refuse_former_streams
from suyuan.operations.topics.spec import WantedTopic, wanted_topics


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing that is wrong. `what`: topic, partitions, replication, or the name of a topic's setting."""

    topic: str
    what: str
    found: str
    wanted: str

    def __str__(self) -> str:
        if self.what == "topic":
            return f"{self.topic}: missing"
        return f"{self.topic}: {self.what} is {self.found}, not {self.wanted}"


def mismatches(connection: KafkaConnection, partitions: int | None, replication: int = 1) -> list[Mismatch]:
    """Everything about the topics that would make the streams wrong, stuck or lossy; none: `suyuan topics create` has
    nothing to do. `partitions` None: as many as most topics have, since what matters is that all have the same number.

    Blocks. Raises SuyuanError: UNAVAILABLE where no broker answers, CONFIGURATION for those of a former version.
    """
    with administration(connection) as client:
        described = refuse_former(client)
        refuse_former_streams(described, connection)
        wanted = list(wanted_topics(partitions or usual_count(described), replication))
        return list(differences(client, wanted, described))


def usual_count(described: Iterable[Mapping[str, Any]]) -> int:
    """How many partitions most of our topics have, by the brokers' description; 1 where there are none."""
    ours = {topic.name for topic in wanted_topics(1)}
    counts = Counter(len(topic["partitions"]) for topic in described if topic["name"] in ours)
    return max(counts, key=lambda count: (counts[count], count), default=1)


def partition_count(connection: KafkaConnection, topic: str) -> int | None:
    """How many partitions a topic has; None where it is missing. Raises as `mismatches`."""
    with administration(connection) as client:
        counts = {each["name"]: len(each["partitions"]) for each in client.describe_topics()}
    return counts.get(topic)


@dataclass(frozen=True, slots=True)
class Described:
    """Topics as the brokers describe them. `ids`: tell topics from others of the same name; `counts`: of partitions."""

    ids: Mapping[str, str]
    counts: Mapping[str, int]

    @classmethod
    def of(cls, client: KafkaAdminClient, topics: Iterable[str]) -> Described:
        """The topics as the brokers describe them now; those that they do not know, or not yet, are left out."""
        known = [topic for topic in client.describe_topics(sorted(topics)) if not topic["error_code"]]
        return cls(
            {topic["name"]: str(topic["topic_id"]) for topic in known if topic["topic_id"]},
            {topic["name"]: len(topic["partitions"]) for topic in known},
        )

    def made_again(self, now: Described) -> list[str]:
        """Names of topics that were made again since."""
        return [name for name, id_ in now.ids.items() if id_ != self.ids.get(name, id_)]

    def grown(self, now: Described) -> list[Mismatch]:
        """Names of topics that have other numbers of partitions now."""
        return [
            Mismatch(name, "partitions", str(count), str(self.counts[name]))
            for name, count in now.counts.items()
            if count != self.counts.get(name, count)
        ]


def differences(
    client: KafkaAdminClient, wanted: Iterable[WantedTopic], described: Iterable[Mapping[str, Any]]
) -> Iterator[Mismatch]:
    """The mismatches of each wanted topic. `described`: all topics, as the brokers describe them now."""
    there = {topic["name"]: topic["partitions"] for topic in described}
    wanted = list(wanted)
    configs = _configs(client, [topic for topic in wanted if topic.name in there])
    for topic in wanted:
        if topic.name in there:
            yield from _differences(topic, there[topic.name], configs[topic.name])
        else:
            yield Mismatch(topic.name, "topic", "missing", "there")


def _differences(topic: WantedTopic, partitions: list[Any], configs: Mapping[str, Any]) -> Iterator[Mismatch]:
    if len(partitions) != topic.partitions:
        yield Mismatch(topic.name, "partitions", str(len(partitions)), str(topic.partitions))
    replicas = min((len(partition["replica_nodes"]) for partition in partitions), default=0)
    if replicas < topic.replication:
        yield Mismatch(topic.name, "replication", str(replicas), f"at least {topic.replication}")
    for name, config in topic.configs.items():
        found = configs[name]["value"]
        if not config.allows(found):
            at_least = "at least " if config.must == "at least" and config.value != "-1" else ""
            yield Mismatch(topic.name, name, found, at_least + config.value)


def _configs(client: KafkaAdminClient, wanted: list[WantedTopic]) -> dict[str, dict[str, Any]]:
    if not wanted:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name, list(topic.configs)) for topic in wanted]
    answer: dict[str, dict[str, Any]] = client.describe_configs(asked, config_filter="all")["topic"]
    return answer
