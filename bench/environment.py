"""Where a figure was measured: machine and versions, as they stand in a result file."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ("chdb-core", "clickhouse-connect", "faust-streaming", "polars", "rocksdict", "fastavro", "cramjam")


def environment() -> dict[str, object]:
    """Processor, cores, memory, kernel, Python and the packages that the figures depend on."""
    return {
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(_first("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "load_before": round(os.getloadavg()[0], 2),
    }


def _first(file: str, field: str) -> str:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return line.split(":", 1)[1].strip()
    return "unknown"
