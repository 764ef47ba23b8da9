"""The trace-join bench: the product and its rivals, one after another on the same two cores.

    make bench-trace-join     (python -m bench.trace_join)
    python -m bench.trace_join --listings 50000 --records 12500 --runs 1 suyuan kafka-streams flink

Runs every contestant in turn, `--runs` times over, in both orders (records first; half of them late), then at a steady
rate, then once with a kill in the middle, and writes bench/results/trace-join*.json and trace-join.md. README.md says
what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.trace_join.broker import only_two_cores
from bench.trace_join.contestants import CONTESTANTS, Contestant
from bench.trace_join.market import Market
from bench.trace_join.results import median_of, table, where
from bench.trace_join.run import Rules, measure
from bench.trace_join.steady import measure_steady

ROOT = Path(__file__).resolve().parents[2]
ORDERS = {
    "records-first": Rules(),
    "late-records": Rules(late=True),
    "steady": Rules(),
    "kill": Rules(late=True, kill=True),
}


_OPTIONS = ("listings", "records", "warm", "seed", "commit_ms", "rate", "seconds")


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contestants", nargs="*", metavar="CONTESTANT", help=f"all of {', '.join(CONTESTANTS)}")
    parser.add_argument("--listings", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=250_000)
    parser.add_argument("--warm", type=int, default=100_000, help="listings to warm up with, and a quarter of records")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rate", type=int, default=2_000, help="listings a second, at the steady rate")
    parser.add_argument("--seconds", type=int, default=30, help="at the steady rate")
    parser.add_argument("--commit-ms", type=int, default=5_000, help="between commits or checkpoints, for all")
    parser.add_argument("--patience", type=float, default=180.0, help="seconds without a chain, then a run has failed")
    parser.add_argument("--orders", nargs="+", choices=ORDERS, default=list(ORDERS))
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "trace-join", help="broker, state and logs")
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "results")
    options = parser.parse_args()
    unknown = set(options.contestants) - set(CONTESTANTS)
    if unknown:
        parser.error(f"no such contestant: {', '.join(sorted(unknown))}")
    cores = only_two_cores()
    contestants = [CONTESTANTS[name] for name in options.contestants or CONTESTANTS]
    for order in options.orders:
        environment = where(cores)
        runs = _in_turn(contestants, order, options)
        result = {
            "bench": f"trace-join {order}",
            "date": dt.datetime.now(dt.UTC).date().isoformat(),
            "options": {name: getattr(options, name) for name in _OPTIONS},
            "environment": environment,
            "median": {name: median_of(each) for name, each in runs.items()},
            "runs": runs,
        }
        options.results.mkdir(parents=True, exist_ok=True)
        path = options.results / f"trace-join-{order}.json"
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    text = table(options.results)
    (options.results / "trace-join.md").write_text(text, encoding="utf-8")
    print(text)


def _in_turn(contestants: list[Contestant], order: str, options: argparse.Namespace) -> dict[str, list[dict[str, Any]]]:
    runs: dict[str, list[dict[str, Any]]] = {one.name: [] for one in contestants}
    rules = replace(ORDERS[order], commit_ms=options.commit_ms, patience=options.patience)
    for _ in range(1 if rules.kill else options.runs):
        for one in contestants:
            if order == "steady":
                market = _market(one, options, options.rate * options.seconds)
                run = measure_steady(one, market, rules, options.rate, options.folder)
            else:
                market = _market(one, options, options.listings)
                run = measure(one, market, rules, options.folder)
            figures = {"listings": market.listings} | asyncio.run(run)
            runs[one.name].append(figures)
            print(order, one.name, json.dumps(figures), file=sys.stderr, flush=True)
    return runs


def _market(one: Contestant, options: argparse.Namespace, listings: int) -> Market:
    share = min(1.0, one.listings / listings) if one.listings else 1.0
    numbers = (listings, options.records, options.warm, options.warm // 4)
    return Market(*(max(4, round(number * share)) for number in numbers), seed=options.seed)


if __name__ == "__main__":
    main()
