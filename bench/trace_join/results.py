"""Result files of the trace-join: environment, medians, and one Markdown table of what there is."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
from pathlib import Path
from typing import Any

from bench.environment import environment
from bench.trace_join.contestants import CONTESTANTS, RIVALS

_RATES = ("listings_per_second", "listings_per_cpu_second")


def where(cores: list[int]) -> dict[str, Any]:
    """Machine and versions, the rivals' too."""
    pom = (RIVALS / "pom.xml").read_text(encoding="utf-8")
    pinned = {
        line.partition("==")[0]: line.partition("==")[2].strip()
        for rival in ("quix", "faust")
        for line in (RIVALS / rival / "requirements.txt").read_text(encoding="utf-8").splitlines()
        if line.startswith(("quixstreams", "faust-streaming", "rocksdict"))
    }
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    return {
        **environment(),
        "cores_used": len(cores),
        "java": (java.splitlines() or [""])[0],
        "rivals": {
            "kafka-streams": _property(pom, "kafka.version"),
            "flink": _property(pom, "flink.version"),
            "flink-connector-kafka": _property(pom, "flink.connector.version"),
            **pinned,
        },
    }


def median_of(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Of the runs' figures; exact only if all are, failed if any has."""
    failed = [run["failed"] for run in runs if "failed" in run]
    if failed:
        return {"failed": failed[0]}
    numbers = [name for name, value in runs[0].items() if isinstance(value, (int, float)) and type(value) is not bool]
    verdicts = [name for name, value in runs[0].items() if type(value) is bool]
    return {name: statistics.median(run[name] for run in runs) for name in numbers} | {
        name: all(run[name] for run in runs) for name in verdicts
    }


def table(folder: Path) -> str:
    """All result files of the folder as Markdown."""
    lines = ["# Trace-join", ""]
    for order, title in (
        ("records-first", "Records before the listings that name them"),
        ("late-records", "Half of the records after all listings"),
    ):
        path = folder / f"trace-join-{order}.json"
        if path.exists():
            lines += [*_rates(title, json.loads(path.read_text(encoding="utf-8"))), ""]
    path = folder / "trace-join-steady.json"
    if path.exists():
        lines += [*_waits(json.loads(path.read_text(encoding="utf-8"))), ""]
    path = folder / "trace-join-kill.json"
    if path.exists():
        lines += _kills(json.loads(path.read_text(encoding="utf-8")))
    return "\n".join(lines).rstrip() + "\n"


def _rates(title: str, result: dict[str, Any]) -> list[str]:
    where, options, medians = result["environment"], result["options"], result["median"]
    load = f"{options['listings']:,} listings, {options['records']:,} records"
    lines = [f"## {title}", "", f"{load}. {result['date']}, {where['processor']}, {where['cores_used']} cores; "]
    lines[-1] += f"load of the machine before: {where['load_before']}. Medians of {_runs(result)}."
    lines += ["", "| | listings/s | per CPU-second | peak MiB | exact | × Kafka Streams | × Flink |"]
    lines.append("|---|---|---|---|---|---|---|")
    for name, median in medians.items():
        if "failed" in median:
            lines.append(f"| {name} | failed: {median['failed'].splitlines()[0]} | | | | | |")
            continue
        cells = [name, *(f"{median[rate]:,.0f}" for rate in _RATES), f"{median['peak_memory_mib']:,.0f}"]
        cells.append("yes" if median["exact"] else _flaws(median))
        for rival in ("kafka-streams", "flink"):
            theirs = medians.get(rival, {})
            ratios = [f"{median[rate] / theirs[rate]:.1f}" for rate in _RATES if rate in theirs]
            cells.append(" · ".join(ratios))
        if median["listings"] < options["listings"]:
            cells[0] += f" ({median['listings']:,} listings)"
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", "The last columns: by the clock · per CPU-second."]


def _waits(result: dict[str, Any]) -> list[str]:
    rate = result["options"]["rate"]
    lines = [f"## From a listing to its chain, at {rate:,} listings a second", ""]
    lines.append(
        f"{result['date']}, all records known; ms from when it was due to be published, medians of {_runs(result)}."
    )
    lines += ["", "| | p50 | p95 | p99 | longest | cores used | exact |", "|---|---|---|---|---|---|---|"]
    for name, median in result["median"].items():
        if "failed" in median:
            lines.append(f"| {name} | failed: {median['failed'].splitlines()[0]} | | | | | |")
            continue
        cells = [f"{median[each]:,.0f}" for each in ("p50_ms", "p95_ms", "p99_ms", "max_ms")]
        cells += [f"{median['cores']:.2f}", "yes" if median["exact"] else _flaws(median)]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _kills(result: dict[str, Any]) -> list[str]:
    lines = ["## Killed (SIGKILL) in the middle, twice, and started again", ""]
    lines += [
        f"{result['date']}, half of the records late.",
        "",
        "| | state survives | missing | wrong | written twice |",
    ]
    lines.append("|---|---|---|---|---|")
    for name, run in result["median"].items():
        if "failed" in run:
            lines.append(f"| {name} | failed: {run['failed'].splitlines()[0]} | | | |")
            continue
        figures = (f"{run[flaw]:,.0f}" for flaw in ("missing", "wrong", "repeated"))
        lines.append(f"| {name} | {'yes' if run['survives_kill'] else 'no'} | {' | '.join(figures)} |")
    return lines


def _flaws(median: dict[str, Any]) -> str:
    return ", ".join(f"{median[flaw]:,.0f} {flaw}" for flaw in ("missing", "repeated", "wrong") if median[flaw])


def _runs(result: dict[str, Any]) -> str:
    counts = {len(result["runs"][name]) for name in result["runs"] if name in CONTESTANTS}
    count = max(counts, default=0)
    return "1 run" if count == 1 else f"{count} runs"


def _property(pom: str, name: str) -> str:
    found = re.search(f"<{re.escape(name)}>(.*?)<", pom)
    return found.group(1) if found else "unknown"
