"""The machine: versions, disk, open files."""

from __future__ import annotations

import os
import platform
import resource
import shutil
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from suyuan.operations.checks.finding import Finding

_PARTS = (
    "suyuan",
    "faust-streaming",
    "aiokafka",
    "kafka-python",
    "polars",
    "chdb",
    "clickhouse-connect",
    "rocksdict",
    "fastavro",
)
_LOW_DISK, _LITTLE_DISK = 1 << 30, 10 << 30
"""bytes; below the first nothing much can be published"""
_OPEN_FILES = 1024


def versions() -> Iterator[Finding]:
    """Python and the parts that the results depend on."""
    for name in _PARTS:
        try:
            yield Finding("version", "ok", f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Finding("version", "failed", f"{name} is not installed: install the wheel with its dependencies")
    yield Finding("version", "ok", f"Python {platform.python_version()}, {platform.platform(terse=True)}")


def disk(folder: Path) -> Iterator[Finding]:
    """Free space where the data folder is, or would be."""
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    said = f"{free / (1 << 30):,.1f} GiB free at {place}"
    if free < _LOW_DISK:
        yield Finding("disk", "failed", f"{said}: at least 1 GiB is needed")
    elif free < _LITTLE_DISK:
        yield Finding("disk", "warning", f"{said}: a million listings take about 2 GiB")
    else:
        yield Finding("disk", "ok", said)


def limits() -> Iterator[Finding]:
    """Processors and open files."""
    yield Finding(
        "processors", "ok", f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()}"
    )
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = soft == resource.RLIM_INFINITY or soft >= _OPEN_FILES
    yield Finding(
        "open files",
        "ok" if enough else "warning",
        f"{soft} at most" + ("" if enough else ": raise it, ulimit -n 4096"),
    )
