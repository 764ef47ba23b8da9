"""Who takes part, and how each is started."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
RIVALS = HERE.parent / "rivals"
BUILT = HERE.parents[1] / "build" / "rivals"

Commands = Callable[[str, Path, int], list[list[str]]]
"""(servers, folder for state, ms between commits) → a command for each process"""

_OPENED = [
    f"--add-opens=java.base/{package}=ALL-UNNAMED"
    for package in ("java.lang", "java.util", "java.util.concurrent", "java.nio", "java.time", "java.net")
]
"""Flink's own bin/config.sh opens these"""


@dataclass(frozen=True)
class Contestant:
    """`changelogs`: topics that must be there before it starts. `listings`: at most so many in a run, for those that
    would take an hour (0: as many as the others).
    """

    name: str
    commands: Commands
    changelogs: tuple[str, ...] = ()
    listings: int = 0


def _java(rival: str, heap: str, main: str, store: str, *flags: str) -> Commands:
    folder = BUILT / rival
    java = ["java", f"-Xmx{heap}", "-XX:+UseG1GC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
    java += [
        "-Dorg.apache.avro.specific.use_custom_coders=true",
        "-Dorg.apache.avro.SERIALIZABLE_PACKAGES=suyuan.bench.events",
        *flags,
        "-cp",
        f"{folder}/{rival}-1.jar:{folder}/lib/*",
    ]
    return lambda servers, state, commit_ms: [[*java, main, servers, str(state), store, str(commit_ms)]]


def _python(rival: str, processes: int) -> Commands:
    python = BUILT / rival / "venv" / "bin" / "python"
    script = RIVALS / rival / "trace_join.py"
    return lambda servers, state, commit_ms: [
        [str(python), str(script), servers, str(state / str(number)), str(commit_ms)] for number in range(processes)
    ]


def _suyuan(servers: str, state: Path, commit_ms: int) -> list[list[str]]:
    script = HERE / "suyuan_join.py"
    return [[sys.executable, str(script), servers, str(state / str(number)), str(commit_ms)] for number in range(2)]


CONTESTANTS = {
    one.name: one
    for one in (
        Contestant("suyuan", _suyuan, ("trace-join-join-state-changelog",)),
        Contestant("flink", _java("flink", "2g", "suyuan.bench.flink.TraceJoin", "memory", *_OPENED)),
        Contestant("flink-rocksdb", _java("flink", "1g", "suyuan.bench.flink.TraceJoin", "rocksdb", *_OPENED)),
        Contestant("kafka-streams", _java("kafka-streams", "2g", "suyuan.bench.kafkastreams.TraceJoin", "memory")),
        Contestant(
            "kafka-streams-rocksdb", _java("kafka-streams", "1g", "suyuan.bench.kafkastreams.TraceJoin", "rocksdb")
        ),
        Contestant("quix", _python("quix", 2)),
        Contestant("faust", _python("faust", 1), ("trace-join-join-changelog",), listings=60_000),
    )
}
