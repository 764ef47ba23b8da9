"""Where a figure was measured: machine and versions, as they stand in a result file."""

from __future__ import annotations

import os
import platform
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import numpy as np

PACKAGES = ("chdb-core", "clickhouse-connect", "faust-streaming", "polars", "rocksdict", "fastavro", "cramjam")


def environment() -> dict[str, object]:
    """Processor, cores, memory, kernel, Python and the packages that the figures depend on, and how quick the machine
    is at this hour.
    """
    return {
        "processor": _first("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(_first("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "load_before": round(os.getloadavg()[0], 2),
        "yardstick_ms": yardstick_ms(),
    }


def yardstick_ms() -> float:
    """How long the machine takes at this hour for work that never changes, on all cores at once: each puts four million
    numbers in order and hashes 64 MiB, neither of which holds the interpreter. The median of five, in ms. A shared
    machine is a quarter slower at one hour than at another: figures of different hours compare by their ratio to it.
    """
    numbers, data = np.random.default_rng(1).integers(0, 1 << 62, 4_000_000), bytes(64 << 20)
    cores = os.cpu_count() or 1

    def work(_core: int) -> None:
        np.sort(numbers)
        sha256(data).digest()

    times = []
    with ThreadPoolExecutor(cores) as threads:
        for _ in range(5):
            began = time.perf_counter()
            list(threads.map(work, range(cores)))
            times.append(time.perf_counter() - began)
    return round(statistics.median(times) * 1000, 1)


def _first(file: str, field: str) -> str:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return line.split(":", 1)[1].strip()
    return "unknown"
