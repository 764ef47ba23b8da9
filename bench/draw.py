"""A spot check drawn from a great frame, and verified by the stranger's file: seconds, and µs of processor time a row.

    python -m bench.draw [--rows 10000000] [--orders 10000] [--times 3] [--chains 1000000]

Rows are made up (three strata, weights 1 to 3: two tickets a row) and go the way of `suyuan checks`: frozen into a
packed file, drawn from it, published; then `verify.py` runs over the public files in a process of its own. Draw and
verification are repeated; medians, and every time that was taken. Then a frame is asked of tables with so many chains,
two versions each, as `suyuan checks freeze` asks them. Writes bench/results/draw.json.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.environment import environment
from bench.search import OFFER, insert_rows
from suyuan.domain.checks import randomness as chance
from suyuan.domain.checks.bodies import CommitReveal, Item, Officer, Party, Plan, Reveal, Reveals, Stratum, Weight
from suyuan.domain.checks.frame import Row
from suyuan.domain.checks.publication import FRAME, VERIFY, Proofs
from suyuan.domain.checks.stage import Check
from suyuan.operations.spot_checks import acting, steps
from suyuan.queries.open_tables import OpenTables
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import migrate

RESULTS = Path(__file__).parent / "results" / "draw.json"
STRATA = ("330106", "330108", "330110")
CHECK = "330100-2026-1"
SECRETS = {"university": "a1" * 32, "consumers": "b2" * 32}
FROZEN_AT = 1_800_000_000_000

T = TypeVar("T")


def made_up(rows: int) -> Iterator[Row]:
    """Rows of the usual length, in their order."""
    for number in range(rows):
        platform, seller = "91330106MABQWU0B72", f"91330106{number % 100_000:010}"
        yield Row(f"{platform}/{number:012}", (platform, seller), STRATA[number % len(STRATA)], 1 + number % 3)


def the_plan(orders: int) -> Plan:
    """A plan that draws so many, by two hundred officers."""
    sizes = [orders // len(STRATA) + (place < orders % len(STRATA)) for place in range(len(STRATA))]
    return Plan(
        check_id=CHECK,
        title="bench",
        weights=tuple(Weight(expression=f"sold_30d > {100 * weight}", weight=weight) for weight in (3, 2)),
        planned_at=FROZEN_AT - 1,
        items=(Item(item_no="1", item_class="key"),),
        population="verdict != 'complete'",
        column="seller_division",
        strata=tuple(Stratum(stratum=name, size=size) for name, size in zip(STRATA, sizes, strict=True) if size),
        officers=tuple(Officer(staff_no=f"A-{n:03}", unit="u", most=10_000) for n in range(200)),
        randomness=CommitReveal(
            parties=tuple(
                Party(name=name, commitment=chance.commitment(CHECK, name, secret), default="00" * 32)
                for name, secret in SECRETS.items()
            ),
            at=FROZEN_AT + 1,
        ),
    )


def from_tables(plan: Plan, chains: int) -> dict[str, float]:
    """What it takes to freeze the chains of chdb's tables, by an expression for weights."""
    weighted = Weight(expression="verdict = 'broken'", weight=3)
    plan = msgspec.structs.replace(plan, population="title IS NOT NULL", weights=(weighted,))
    with (
        tempfile.TemporaryDirectory() as kept,
        ClickHouse(ClickHouseSettings(path=Path(kept) / "ch")) as clickhouse,
    ):
        migrate(clickhouse.writer)
        for revision in (1, 2):
            judged = {
                "verdict": "['complete', 'partial', 'broken', 'contradicted'][1 + n % 4]",
                "seller_division": f"{list(STRATA)}[1 + n % 3]",
                "received_at": f"fromUnixTimestamp64Milli(toInt64({FROZEN_AT - 10 + revision}))",
                "revision": str(revision),
            }
            insert_rows(clickhouse, "chain_history", OFFER | judged, chains)
        queries = OpenTables(clickhouse)
        times = {"as_known_at": FROZEN_AT, "now": FROZEN_AT}
        frozen, taken = measured(lambda: acting.frozen(queries, Check(plan), Path(kept) / "public", **times), chains)
        assert frozen.rows == chains  # noqa: S101
    return {**taken, "rows_per_second": round(chains / taken["seconds"])}


def measured(step: Callable[[], T], rows: int, who: int = resource.RUSAGE_SELF) -> tuple[T, dict[str, float]]:
    """What a step gives, and what it took. `who`: whose processor time."""
    began, used = time.perf_counter(), _used(who)
    found = step()
    return found, {
        "seconds": round(time.perf_counter() - began, 1),
        "processor_us_per_row": round((_used(who) - used) / rows * 1e6, 2),
    }


def repeated(step: Callable[[], object], rows: int, times: int, who: int = resource.RUSAGE_SELF) -> dict[str, object]:
    """Medians of a step, and the seconds of each time."""
    taken = [measured(step, rows, who)[1] for _ in range(times)]
    medians = {name: round(statistics.median(each[name] for each in taken), 2) for name in taken[0]}
    return {**medians, "each_seconds": [each["seconds"] for each in taken]}


def _used(who: int) -> float:
    found = resource.getrusage(who)
    return found.ru_utime + found.ru_stime


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--orders", type=int, default=10_000)
    options.add_argument("--times", type=int, default=3)
    options.add_argument("--chains", type=int, default=1_000_000)
    options.add_argument("--out", type=Path, default=RESULTS)
    asked = options.parse_args()
    where, plan, found = environment(), the_plan(asked.orders), {}
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        check = Check(plan)
        frozen, found["freeze"] = measured(
            lambda: steps.freeze(check, made_up(asked.rows), folder, as_known_at=FROZEN_AT, now=FROZEN_AT), asked.rows
        )
        check = check._replace(freeze=frozen)
        source = Reveals(reveals=tuple(Reveal(name=name, secret=secret) for name, secret in SECRETS.items()))
        check = check._replace(randomness=steps.randomness(check, source, now=plan.randomness.at))
        found["draw"] = repeated(lambda: steps.drawn(check, folder), asked.rows, asked.times)
        check = check._replace(draw=steps.drawn(check, folder).draw)
        steps.published(check, folder, Proofs(missing="a bench has no log"))
        command = [sys.executable, "-I", str(folder / VERIFY), str(folder)]
        found["verify"] = repeated(
            lambda: subprocess.run(command, check=True), asked.rows, asked.times, resource.RUSAGE_CHILDREN
        )
        size = (folder / FRAME).stat().st_size
    found["freeze from tables"] = {"chains": asked.chains, **from_tables(plan, asked.chains)}
    figures = {"rows": asked.rows, "orders": asked.orders, "frame_mib": round(size / 2**20, 1), "steps": found}
    asked.out.write_text(json.dumps({"environment": where, **figures}, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
