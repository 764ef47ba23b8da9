"""What figures of divisions take over 2,000,000 listings in every county of China: milliseconds of a question.

    python -m bench.divisions [--listings 2000000] [--questions 20]

The tables of an empty folder are filled by SQL as `bench.search` fills them, chains and alerts alone: of ten chains one
has an alert, a quarter of which are cleared. The country, a province and a city are asked for one after another, idle;
then the same with a thread that inserts 1,000 chains a second, ten of them second versions. Nothing is kept from
one question to the next. Writes bench/results/divisions.json.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import search
from bench.environment import environment
from bench.meanwhile import meanwhile
from suyuan.access.scope import EVERYTHING
from suyuan.domain.divisions import division_name
from suyuan.queries.divisions import divisions
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import migrate

RESULTS = Path(__file__).parent / "results" / "divisions.json"
TODAY = dt.date(2026, 11, 30)
RATE = 1_000
AGAIN = 10
ASKED = {"the whole country": "", "a province": "33", "a city": "3301"}


def _county() -> str:
    counties = [code for code in map(str, range(110_000, 660_000)) if code[4:] != "00" and division_name(code, TODAY)]
    return f"{counties}[1 + cityHash64(n) % {len(counties)}]"


def _judged(county: str) -> dict[str, str]:
    return {
        "verdict": "['complete', 'partial', 'broken', 'contradicted'][1 + n % 4]",
        "seller_division": f"if(n % 50 = 0, NULL, {county})",
        "producer_division": "if(n % 100 = 0, NULL, '330106')",
        "revision": "n",
        "assessment": "1",
    }


def _fill(clickhouse: ClickHouse, listings: int, county: str) -> None:
    search.insert_rows(clickhouse, "chain_history", search.OFFER | _judged(county), listings)
    alerts = {
        "alert_id": "hex(sipHash64(n))",
        "platform_code": search.PLATFORM,
        "listing_id": "toString(100000000 + n)",
        "subject_kind": "'listing'",
        "listings": "if(n % 16 < 4, 0, 1)",
        "platforms": f"if(n % 16 < 4, [], [({search.PLATFORM}, 1)])",
        "severity": "['critical', 'high', 'medium', 'low'][1 + n % 4]",
        "state": "if(n % 16 < 4, 'cleared', 'raised')",
        "bureau": f"if(n % 100 = 0, '100000', {county})",
        "raised_at": "toDateTime64('2026-11-01 00:00:00', 3, 'UTC')",
        "changed_at": "toDateTime64('2026-11-01 00:00:00', 3, 'UTC') + toIntervalMinute(n % 9000)",
        "sequence": "1",
    }
    search.insert_rows(clickhouse, "alert_state_history", alerts, listings // 10)


def _measure(clickhouse: ClickHouse, count: int) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, prefix in ASKED.items():
        divisions(clickhouse, EVERYTHING, prefix, TODAY)
        times, worked = list[float](), time.process_time()
        for _ in range(count):
            began = time.perf_counter()
            divisions(clickhouse, EVERYTHING, prefix, TODAY)
            times.append((time.perf_counter() - began) * 1000)
        worked = time.process_time() - worked
        times.sort()
        found[name] = {
            "p50_ms": round(times[len(times) // 2], 1),
            "p95_ms": round(times[int(len(times) * 0.95)], 1),
            "processor_ms": round(worked * 1000 / count, 1),
        }
        print(f"  {name}: {found[name]}", flush=True)
    return found


@contextmanager
def _streaming(clickhouse: ClickHouse, listings: int, county: str) -> Iterator[None]:
    """Chains come meanwhile, a second's at once."""

    def insert(ended: threading.Event) -> None:
        number = 0
        while not ended.wait(1.0):
            new, second = listings + number * RATE, number * AGAIN % listings
            columns = search.OFFER | _judged(county)
            search.insert_rows(clickhouse, "chain_history", columns, RATE - AGAIN, new)
            search.insert_rows(clickhouse, "chain_history", columns | {"assessment": "2"}, AGAIN, second)
            number += 1

    with meanwhile(insert):
        yield


def main() -> None:
    """Fill, ask, and keep what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=2_000_000)
    parser.add_argument("--questions", type=int, default=20)
    options = parser.parse_args()
    county = _county()
    with (
        tempfile.TemporaryDirectory() as folder,
        ClickHouse(ClickHouseSettings(path=Path(folder) / "ch")) as clickhouse,
    ):
        migrate(clickhouse.writer)
        began = time.perf_counter()
        _fill(clickhouse, options.listings, county)
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        load = round(os.getloadavg()[0], 1)
        result: dict[str, Any] = {"environment": environment() | {"load_at_the_start": load}}
        result["listings"], result["alerts"] = options.listings, options.listings // 10
        result["idle"] = _measure(clickhouse, options.questions)
        with _streaming(clickhouse, options.listings, county):
            result[f"{RATE} chains/s come"] = _measure(clickhouse, options.questions)
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
