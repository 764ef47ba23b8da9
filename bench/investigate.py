"""What an investigator's questions take over 2,000,000 listings: milliseconds and queries of each, idle.

    python -m bench.investigate [--listings 2000000] [--questions 20]

The tables of an empty folder are filled by SQL, as `bench.search` fills them, each chain with a history of one version.
A chain, its history, the events of 30 evidence ids by one query, and a hop back and forward from a lot, a product, a
seller and a listing are asked one after the other, for the whole country and for one division; then the same with a
thread that inserts 1,000 chains a second. `processor_ms` is what the whole process used a question, inserts and merges
included. Writes bench/results/investigate.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import search
from bench.environment import environment
from bench.meanwhile import meanwhile
from suyuan.access.scope import EVERYTHING, Division, Scope
from suyuan.queries import sql
from suyuan.queries.hops import NodeKey, hop
from suyuan.queries.paging import Page
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import migrate
from suyuan.sinks.readers import Row, Tables

RESULTS = Path(__file__).parent / "results" / "investigate.json"
FIRST = 100_000_000
RATE = 1_000
JUDGED = {
    "verdict": "['complete', 'partial', 'broken', 'contradicted'][1 + n % 4]",
    "seller_division": "['330106', '330203', '320100'][1 + n % 3]",
    "producer_division": "['330106', '330203', '320100'][1 + n % 3]",
    "revision": "n",
    "assessment": "1",
}


class Counting:
    """Tables that count what they are asked."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.asked = 0

    def select(self, statement: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """As Tables.select."""
        self.asked += 1
        return self._tables.select(statement, parameters)


def _fill(clickhouse: ClickHouse, listings: int) -> None:
    for role, count in ((1, search.SELLERS), (2, search.PRODUCERS), (9, search.PLATFORMS)):
        divisions = "['330106', '330203', '320100'][1 + n % 3]"
        code = search.code_sql(role, count)
        names = {"code": code, "name": "concat('第', toString(n), '食品厂')", "division": divisions}
        search.insert_events(clickhouse, "entity", names, count)
    for kind, (columns, count) in search.EVENTS.items():
        quantity = {"quantity": "1000"} if kind in {"lot", "shipment"} else {}
        search.insert_events(clickhouse, kind, columns | quantity, count)
    search.insert_rows(clickhouse, "chain_history", search.OFFER | JUDGED, listings)


def _questions(tables: Tables, scope: Scope, listings: int) -> dict[str, Callable[[], object]]:
    chance = random.Random(7)

    def lot() -> NodeKey:
        n = chance.randrange(search.LOTS)
        return NodeKey("lot", (_maker(n), f"{6900000000000 + n % search.PRODUCTS:014}", f"H26{n:06}"))

    def listing() -> tuple[str, str]:
        n = chance.randrange(listings)
        return f"91330901MA{n % search.PLATFORMS:07}X", str(FIRST + n)

    def ids() -> list[str]:
        return [f"lot/91330901MA{n % search.PLATFORMS:07}X/{n}" for n in chance.sample(range(search.LOTS), 30)]

    return {
        "chain": lambda: sql.chain(tables, scope, *listing()),
        "history": lambda: sql.chain_versions(tables, scope, *listing(), Page(20)),
        "30 events": lambda: sql.events_by_evidence(tables, scope, ids()),
        "hop back from a listing": lambda: hop(tables, scope, NodeKey("listing", listing()), "back", limit=200),
        "hop back from a lot": lambda: hop(tables, scope, lot(), "back", limit=200),
        "hop forward from a lot": lambda: hop(tables, scope, lot(), "forward", limit=200),
        "hop forward from a product": lambda: hop(
            tables, scope, NodeKey("product", (lot().parts[1],)), "forward", limit=200
        ),
        "hop back to who sent a seller goods": lambda: hop(
            tables,
            scope,
            NodeKey("holder", (f"91330101MA{chance.randrange(search.SELLERS):07}X",)),
            "back",
            limit=200,
        ),
    }


def _maker(n: int) -> str:
    return f"91330201MA{n % search.PRODUCERS:07}X"


def _measure(clickhouse: ClickHouse, scope: Scope, listings: int, count: int) -> dict[str, dict[str, float]]:
    tables = Counting(clickhouse)
    found: dict[str, dict[str, float]] = {}
    for name, ask in _questions(tables, scope, listings).items():
        ask()
        times, before, worked = list[float](), tables.asked, time.process_time()
        for _ in range(count):
            began = time.perf_counter()
            ask()
            times.append((time.perf_counter() - began) * 1000)
        worked = time.process_time() - worked
        times.sort()
        found[name] = {
            "p50_ms": round(times[len(times) // 2], 1),
            "p95_ms": round(times[int(len(times) * 0.95)], 1),
            "processor_ms": round(worked * 1000 / count, 1),
            "queries": round((tables.asked - before) / count, 1),
        }
        print(f"  {name}: {found[name]}", flush=True)
    return found


@contextmanager
def _streaming(clickhouse: ClickHouse, first: int) -> Iterator[None]:
    """Chains come meanwhile, a second's at once."""

    def insert(ended: threading.Event) -> None:
        number = 0
        while not ended.wait(1.0):
            search.insert_rows(clickhouse, "chain_history", search.OFFER | JUDGED, RATE, first + number * RATE)
            number += 1

    with meanwhile(insert):
        yield


def main() -> None:
    """Fill, ask, and keep what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=2_000_000)
    parser.add_argument("--questions", type=int, default=20)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        ClickHouse(ClickHouseSettings(path=Path(folder) / "ch")) as clickhouse,
    ):
        migrate(clickhouse.writer)
        began = time.perf_counter()
        _fill(clickhouse, options.listings)
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        load = round(os.getloadavg()[0], 1)
        result: dict[str, Any] = {"environment": environment() | {"load_at_the_start": load}}
        result["listings"] = options.listings
        result["idle"] = _measure(clickhouse, EVERYTHING, options.listings, options.questions)
        scope = Scope((Division("33"),))
        result["idle, of one division"] = _measure(clickhouse, scope, options.listings, options.questions)
        with _streaming(clickhouse, options.listings):
            streaming = _measure(clickhouse, EVERYTHING, options.listings, options.questions)
        result[f"{RATE} chains/s come"] = streaming
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
