"""The size of each stage's state on disk as metrics, and the folders that were set aside."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from suyuan.streams import metrics


def observe_state_size(folder: Path) -> None:
    """`folder`: holds the states of all stages."""
    sizes: defaultdict[str, int] = defaultdict(int)
    for file in folder.rglob("*.db/*"):
        try:
            sizes[file.parent.name.split("-state-")[0]] += file.stat().st_size
        except FileNotFoundError:  # compacted away in between
            continue
    for stage, size in sizes.items():
        metrics.STATE_BYTES.labels(stage).set(size)
    aside = Counter(found.name.split("-state-")[0] for found in folder.rglob("*.db.aside-*"))
    for stage in {*sizes, *aside}:
        metrics.STATE_SET_ASIDE.labels(stage).set(aside[stage])
