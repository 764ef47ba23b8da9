"""Figures of times, and of several runs."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any


def spread(seconds: Iterable[float]) -> dict[str, float]:
    """Of times, in ms; of none, nothing."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    parts = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99, "max_ms": 1.0}
    return {name: round(_part(ordered, part) * 1000, 1) for name, part in parts.items()}


def _part(ordered: Sequence[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


def median(runs: Sequence[Any]) -> Any:
    """Of runs of the same form, number by number; None of what is no number."""
    if all(isinstance(run, dict) for run in runs):
        return {name: median([run[name] for run in runs]) for name in runs[0] if all(name in run for run in runs)}
    if all(isinstance(run, int | float) for run in runs):
        return round(statistics.median(runs), 4)
    return None
