"""The data folder: whether it can be used, what is in its log, whether its clock and ours agree."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from suyuan.access.scope import EVERYTHING
from suyuan.errors import SuyuanError
from suyuan.eventlog.errors import LogError, LogMissing
from suyuan.eventlog.log import Log
from suyuan.operations.checks.clock import against_newest
from suyuan.operations.checks.finding import Finding
from suyuan.queries.over_socket import client as query_client
from suyuan.schemas.former_shape import FormerShape, refuse_former_shape
from suyuan.schemas.topics import TOPICS


def access(folder: Path) -> Iterator[Finding]:
    """Whether the folder exists and this user may write to it."""
    if not folder.exists():
        parent = next(path for path in folder.absolute().parents if path.exists())
        if os.access(parent, os.W_OK):
            yield Finding("folder", "ok", f"{folder} does not exist yet; it is made on first use")
        else:
            yield Finding("folder", "failed", f"{folder} does not exist, and {parent} cannot be written")
    elif not folder.is_dir():
        yield Finding("folder", "failed", f"{folder} is not a folder: name another with --data")
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield Finding("folder", "failed", f"{folder} cannot be written: check its owner and mode")
    else:
        yield Finding("folder", "ok", f"{folder.absolute()}, {_size(folder) / (1 << 20):,.0f} MiB")


def running(folder: Path) -> Iterator[Finding]:
    """Whether a process works on the folder."""
    try:
        query_client.SocketQueries(folder).ping(EVERYTHING)
    except query_client.NotRunningError:
        yield Finding("process", "ok", "none runs on this folder")
    except SuyuanError as error:
        yield Finding("process", "warning", f"one runs on this folder, but does not answer: {error}")
    else:
        yield Finding("process", "ok", "one runs on this folder and answers queries")


def log(folder: Path) -> Iterator[Finding]:
    """Topics, their partition counts, the time of the newest record."""
    try:
        with Log.open(folder, role="read") as opened:
            counts = {topic: opened.partitions(topic) for topic in opened.topics()}
            ends = dict(opened.end_offsets())
            newest = max((_newest(opened, at, end) for at, end in ends.items()), default=0)
    except LogMissing:
        yield Finding("topics", "ok", "no log yet")
        return
    except LogError as error:
        yield Finding("topics", "failed", str(error))
        return
    yield from _shape(folder, counts)
    yield from _topics(counts)
    yield Finding(
        "events", "ok", f"{sum(end for (topic, _), end in ends.items() if topic.startswith('in.')):,} published"
    )
    yield against_newest(newest)


def _shape(folder: Path, counts: dict[str, int]) -> Iterator[Finding]:
    try:
        refuse_former_shape(counts, str(folder), f"suyuan state rebuild --data {folder}")
    except FormerShape as error:
        yield Finding("shape", "failed", str(error))


def _topics(counts: dict[str, int]) -> Iterator[Finding]:
    missing = [topic.name for topic in TOPICS if topic.name not in counts]
    if len(set(counts.values())) > 1:
        said = ", ".join(f"{topic}: {count}" for topic, count in counts.items())
        yield Finding(
            "partitions", "failed", f"topics differ in their partition counts ({said}): publish into a new folder"
        )
    else:
        yield Finding("partitions", "ok", f"{next(iter(counts.values()), 0)} in each of {len(counts)} topics")
    if missing:
        yield Finding("topics", "ok", f"{len(missing)} are not made yet: `suyuan run` makes them")


def _newest(opened: Log, at: tuple[str, int], end: int) -> int:
    fetched = opened.fetch(*at, max(end - 1, 0), max_records=1) if end else None
    return max(fetched.timestamps, default=0) if fetched else 0


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_size
        except OSError:
            continue  # gone since, or not ours to see
    return total
