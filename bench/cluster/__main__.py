"""Benches of the cluster shape: Kafka, workers, loader and ClickHouse's interface, all on the same two cores.

    make bench-cluster-throughput    (python -m bench.cluster throughput)
    make bench-cluster-latency       (python -m bench.cluster latency)
    make bench-cluster-recovery      (python -m bench.cluster recovery)
    make bench-cluster-growth        (python -m bench.cluster growth)
    python -m bench.cluster --smoke all

`recovery` and `growth` come from one run, whichever is asked for; `latency` without `--rates` takes half of what
`throughput` measured last. Writes bench/results/cluster-*.json; with --smoke small sizes, and nothing is written but to
the screen.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import signal
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench.cluster import latency, state, throughput
from bench.environment import environment
from bench.trace_join.broker import only_two_cores

ROOT = Path(__file__).resolve().parents[2]
LATENCY_RATE = 2_000
SMOKE = {
    "listings": 20_000, "codes": 2_000, "seconds": 5, "runs": 1, "small_listings": 4_000, "small_codes": 500,
    "portion": 4_000, "keys": 200_000,
}  # fmt: skip


def main() -> None:
    """Run what the command line asks for; print, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["throughput", "latency", "recovery", "growth", "all"])
    parser.add_argument("--listings", type=int, default=500_000, help="of throughput")
    parser.add_argument("--codes", type=int, default=20_000, help="of throughput and latency")
    parser.add_argument("--partitions", type=int, default=2, help="of throughput; latency has one a worker")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="of throughput and latency")
    parser.add_argument("--runs", type=int, default=2, help="of throughput, for each number of workers")
    parser.add_argument("--rates", type=int, nargs="+", help="of latency; default: 2000, half of the throughput")
    parser.add_argument("--seconds", type=int, default=40, help="of latency, at each rate")
    parser.add_argument("--keys", type=int, default=10_000_000, help="of recovery and growth: the large state")
    parser.add_argument(
        "--small-codes", type=int, default=2_000, help="of the market that the large state is made from"
    )
    parser.add_argument("--small-listings", type=int, default=5_000, help="of that market")
    parser.add_argument("--portion", type=int, default=20_000, help="listings whose cost growth measures, twice")
    parser.add_argument("--patience", type=float, default=600.0, help="seconds, then a run has failed")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "cluster-bench", help="for all files")
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "results")
    parser.add_argument("--smoke", action="store_true", help="small sizes; no result is written")
    options = parser.parse_args()
    if options.smoke:
        vars(options).update(SMOKE)
    only_two_cores()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # whatever was started is ended then too
    began = time.time()
    results: dict[str, dict[str, Any]] = {}
    if options.what in {"throughput", "all"}:
        results["throughput"] = _keep(options, "throughput", _throughput)
    if options.what in {"latency", "all"}:
        results["latency"] = _keep(options, "latency", lambda given: _latency(given, results.get("throughput")))
    if options.what in {"recovery", "growth", "all"}:
        where = environment()
        for name, figures in state.measure(options).items():
            results[name] = _written(options, name, where, figures)
    for name, figures in results.items():
        print(name)
        for label, value in _flat(figures):
            print(f"  {label:<44} {value}")
    print(f"{time.time() - began:.0f} s in all", file=sys.stderr)


def _keep(options: argparse.Namespace, name: str, measure: Any) -> dict[str, Any]:
    where = environment()
    return _written(options, name, where, measure(options))


def _throughput(options: argparse.Namespace) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for workers in options.workers:
        runs = []
        for _ in range(options.runs):
            runs.append(throughput.measure(options, workers))
            print(workers, "workers", json.dumps(runs[-1]), file=sys.stderr, flush=True)
        median = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        figures[f"workers_{workers}"] = {"median": median, "runs": runs}
    return figures


def _latency(options: argparse.Namespace, measured: dict[str, Any] | None) -> dict[str, Any]:
    if not options.rates and measured is None:
        path = options.results / "cluster-throughput.json"
        measured = json.loads(path.read_text(encoding="utf-8"))["figures"]
    figures: dict[str, Any] = {}
    for workers in options.workers:
        rates = options.rates or _rates(measured or {}, workers)
        found = latency.measure(options, workers, rates)
        figures[f"workers_{workers}"] = {f"rate_{each['rate']}": each for each in found}
        print(workers, "workers", json.dumps(found), file=sys.stderr, flush=True)
    return figures


def _rates(throughput: dict[str, Any], workers: int) -> list[int]:
    most = throughput[f"workers_{workers}"]["median"]["listings_per_second"]
    return [LATENCY_RATE, round(most / 2)]


def _written(options: argparse.Namespace, name: str, where: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    left_out = {"folder", "results", "what", "smoke", "patience"}
    result = {
        "bench": f"cluster {name}",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "options": {option: value for option, value in vars(options).items() if option not in left_out},
        "environment": where,
        "figures": figures,
    }
    if not options.smoke:
        options.results.mkdir(parents=True, exist_ok=True)
        path = options.results / f"cluster-{name}.json"
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return figures


def _flat(figures: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines += _flat(value, f"{before}{name}.")
        elif name != "runs":
            lines.append((before + name, value))
    return lines


if __name__ == "__main__":
    main()
