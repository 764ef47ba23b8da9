"""The cluster shape on one machine: a broker, ClickHouse's interface over chdb, and the product's own processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from bench.trace_join import broker as brokers
from bench.trace_join.processes import Processes
from suyuan.connections.kafka import KafkaConnection
from suyuan.operations.consumer_lag import GroupLag
from suyuan.operations.topics.create import make_topics
from suyuan.sinks.clickhouse import ClickHouseSettings
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.sinks.tables import TARGETS
from suyuan.streams.consumer_group import GROUP as STAGES
from suyuan.streams.topology import TOPOLOGY

FRONT = Path(__file__).resolve().parents[2] / "tests" / "sinks" / "http_front.py"
PRODUCT = (sys.executable, "-m", "suyuan.cli.main")
POLL_SECONDS = 0.25
READ = sorted({topic for stage in TOPOLOGY for topic in stage.reads})
LOADED = [target.topic for target in TARGETS]


class System:
    """One broker with all topics; what else runs is started by name and ended with it."""

    def __init__(
        self, broker: brokers.Broker, folder: Path, partitions: int, patience: float, session_seconds: float | None
    ) -> None:
        self.servers = broker.servers
        self.connection = KafkaConnection(servers=tuple(broker.servers.split(",")))
        self.folder = folder
        self.partitions = partitions
        self._patience = patience
        self._session_seconds = session_seconds
        self._broker_pid = int((folder / "broker" / "1" / "pid").read_text())
        self._running: dict[str, Processes] = {}
        self._front = ""
        make_topics(self.connection, partitions)

    def start_worker(self, name: str = "worker-1", data: str | None = None) -> Processes:
        """A worker with the data folder `data` (its name)."""
        folder = self.folder / (data or name)
        return self._start(name, ["worker"], SUYUAN_DATA=str(folder), SUYUAN_PARTITIONS=str(self.partitions))

    def start_front(self) -> Processes:
        """ClickHouse's HTTP interface; returns when it listens."""
        with socket.socket() as any_port:
            any_port.bind(("127.0.0.1", 0))
            port = any_port.getsockname()[1]
        self._front = f"127.0.0.1:{port}"
        front = self._run("front", [sys.executable, str(FRONT), str(self.folder / "tables"), str(port)])
        self.until(lambda: _listens(port), "the front listens")
        return front

    def start_loader(self) -> Processes:
        """From Kafka into the front."""
        return self._start("loader", ["loader"], SUYUAN_CLICKHOUSE=self._front)

    def end(self, *names: str) -> None:
        """SIGTERM, and wait."""
        for name in names:
            self._running.pop(name).end(60.0)

    def end_all(self) -> None:
        """The front last: others may be in the middle of an insert."""
        for name in sorted(self._running, key=lambda name: name == "front"):
            self.end(name)

    def lag(self, group: str = STAGES) -> contextlib.closing[GroupLag]:
        """For `with`."""
        return contextlib.closing(GroupLag(self.connection, group, READ if group == STAGES else LOADED))

    def wait_done(self, *, loaded: bool = False) -> None:
        """Until everything published is committed by the stages and, with `loaded`, by the loader."""
        for group in (STAGES, LOADERS) if loaded else (STAGES,):
            with self.lag(group) as lag:
                self.until(lambda lag=lag: _behind(lag) == 0, f"group {group} is through")  # type: ignore[misc]

    def wait_said(self, name: str, words: str) -> None:
        """Until a process has written that to its log."""
        log = self._log(name)
        self.until(lambda: words in log.read_text(encoding="utf-8"), f"{name} says: {words}")

    def said(self, name: str) -> str:
        """All that it wrote."""
        return self._log(name).read_text(encoding="utf-8")

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """TimeoutError when it does not come about; RuntimeError when a process ends."""
        deadline = time.monotonic() + self._patience
        while not condition():
            for each in self._running.values():
                each.check()
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {self._patience:.0f} s: {what}")
            time.sleep(POLL_SECONDS)

    def ends(self, topic: str) -> dict[TopicPartition, int]:
        """End offsets of a topic."""
        with contextlib.closing(KafkaConsumer(**self.connection.kafka_python())) as consumer:
            ends: dict[TopicPartition, int] = consumer.end_offsets(self._all(topic))
            return ends

    def messages(self, topic: str, after: dict[TopicPartition, int] | None = None) -> Iterator[tuple[int, bytes]]:
        """(ms since the epoch when the broker took it, value) of each message up to now, partition by partition."""
        with contextlib.closing(KafkaConsumer(**self.connection.kafka_python())) as consumer:
            parts = self._all(topic)
            consumer.assign(parts)
            consumer.seek_to_beginning(*parts)
            for at, offset in (after or {}).items():
                consumer.seek(at, offset)
            ends = consumer.end_offsets(parts)
            while any(consumer.position(at) < ends[at] for at in parts):
                for records in consumer.poll(1000).values():
                    for record in records:
                        yield record.timestamp, record.value

    def first_after(self, topic: str, before: dict[TopicPartition, int]) -> float:
        """Wait for a message behind these end offsets: when the broker took the first, in seconds since the epoch."""
        self.until(lambda: sum(self.ends(topic).values()) > sum(before.values()), f"a message in {topic}")
        return min(taken for taken, _ in self.messages(topic, before)) / 1000

    def clickhouse(self) -> ClickHouseSettings:
        """The way to the front."""
        host, _, port = self._front.partition(":")
        return ClickHouseSettings(host=host, port=int(port))

    def broker_cpu_seconds(self) -> float:
        """User and system time so far."""
        fields = Path(f"/proc/{self._broker_pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def product(self, *arguments: str) -> list[str]:
        """A command line of the product's, connected to this system."""
        return self._command(arguments, {"SUYUAN_CLICKHOUSE": self._front} if self._front else {})

    def _start(self, name: str, arguments: Sequence[str], **environment: str) -> Processes:
        return self._run(name, self._command(arguments, environment))

    def _command(self, arguments: Sequence[str], environment: dict[str, str]) -> list[str]:
        wanted = {"SUYUAN_KAFKA": self.servers, **environment}
        if self._session_seconds is not None:
            wanted["SUYUAN_KAFKA_SESSION_SECONDS"] = str(self._session_seconds)
        return ["env", *(f"{name}={value}" for name, value in wanted.items()), *PRODUCT, *arguments]

    def _run(self, name: str, command: list[str]) -> Processes:
        self._log(name).unlink(missing_ok=True)
        self._running[name] = Processes([command], self._log(name).parent)
        return self._running[name]

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / name / "0.log"

    def _all(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(topic, number) for number in range(self.partitions)]


@contextlib.contextmanager
def running(folder: Path, partitions: int, patience: float, session_seconds: float | None = None) -> Iterator[System]:
    """An empty one; everything ends, and what it left on the disk is removed, but for the logs. `session_seconds`: how
    long a worker that is held still keeps its partitions.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for leftover in folder.glob("*"):
        if leftover.name != "broker":
            shutil.rmtree(leftover)
    with brokers.running(folder / "broker") as broker:
        system = System(broker, folder, partitions, patience, session_seconds)
        try:
            yield system
        finally:
            system.end_all()
            for leftover in folder.glob("*"):
                if leftover.name not in {"broker", "logs"}:
                    shutil.rmtree(leftover)


def _behind(lag: GroupLag) -> int:
    return sum(max(0, seen.end - seen.committed) for seen in lag.progress().values())


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
