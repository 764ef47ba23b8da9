"""One broker of deploy/kafka, empty for each run, and the topics of the trace-join."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from bench.trace_join.market import PARTITIONS

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "kafka" / "kafka"
TOPICS = ("records", "listings", "chains")


class Broker:
    """`servers`: where it answers."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self._consumer = KafkaConsumer(bootstrap_servers=servers)
        self._chains = [TopicPartition("chains", partition) for partition in range(PARTITIONS)]

    def create_topics(self, changelogs: tuple[str, ...] = ()) -> None:
        """The three topics, and a contestant's changelogs where it does not make them itself."""
        admin = KafkaAdminClient(bootstrap_servers=self.servers)
        forever = {"retention.ms": "-1"}
        stamped = forever | {"message.timestamp.type": "LogAppendTime"}
        wanted = {topic: stamped if topic == "chains" else forever for topic in TOPICS}
        wanted |= {name: {"cleanup.policy": "compact"} for name in changelogs}
        try:
            admin.create_topics(
                [
                    NewTopic(name, num_partitions=PARTITIONS, replication_factor=1, topic_configs=configs)
                    for name, configs in wanted.items()
                ]
            )
        finally:
            admin.close()
        self._await_leaders(list(wanted))

    def _await_leaders(self, topics: list[str]) -> None:
        partitions = [TopicPartition(topic, partition) for topic in topics for partition in range(PARTITIONS)]
        deadline = time.monotonic() + 60
        while True:
            try:
                self._consumer.end_offsets(partitions)
            except KafkaError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def chains_written(self) -> int:
        """Messages of topic chains that are acknowledged."""
        return sum(self._consumer.end_offsets(self._chains).values())

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Broker]:
    """An empty broker on a free port with a heap of 512 MiB; wiped afterwards, also when this process is killed."""
    at = ["--folder", str(folder)]
    subprocess.run([sys.executable, str(SCRIPT), "wipe", *at], check=True)
    start = [sys.executable, str(SCRIPT), "start", "--port", "0", *at]
    servers = subprocess.run(start, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    guard = subprocess.Popen([sys.executable, str(SCRIPT), "guard", *at], stdin=subprocess.PIPE)
    try:
        broker = Broker(servers)
        try:
            yield broker
        finally:
            broker.close()
    finally:
        guard.communicate()
        subprocess.run([sys.executable, str(SCRIPT), "wipe", *at], check=True)


def only_two_cores() -> list[int]:
    """From here on this process and all that it starts run on two cores, where there are more. Their numbers."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    os.sched_setaffinity(0, cores)
    return cores
