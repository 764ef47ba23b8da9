"""The size of each stage's state on disk, as a metric."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from suyuan.streams import metrics


def observe_state_size(folder: Path) -> None:
    """`folder`: of the states of all stages."""
    sizes: defaultdict[str, int] = defaultdict(int)
    for file in folder.rglob("*.db/*"):
        try:
            sizes[file.parent.name.split("-state-")[0]] += file.stat().st_size
        except FileNotFoundError:  # compacted away in between
            continue
    for stage, size in sizes.items():
        metrics.STATE_BYTES.labels(stage).set(size)
