"""Search over 2,000,000 listings: milliseconds of a question, idle and while listings stream in.

    python -m bench.search [--listings 2000000] [--questions 24] [--rate 1000]

The tables of an empty folder are filled by SQL (entities, products, lots, shipments, recalls, listings, a chain of
each, alerts), and `identifier` and `name` from those by their views. Then questions are asked one after the other, as
`suyuan find` asks them: idle, and beside a thread that inserts `rate` listings a second, a second's at once, as the
loader does. No stages run: what is measured is the tables. `processor_ms` is what the whole process used a question,
inserts and merges included. Writes bench/results/search.json.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.environment import environment
from bench.meanwhile import meanwhile
from suyuan.access.scope import EVERYTHING, Division, Scope
from suyuan.queries.find import find
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import migrate

RESULTS = Path(__file__).parent / "results" / "search.json"
SELLERS, PRODUCERS, PRODUCTS, LOTS, RECALLS, PLATFORMS = 20_000, 5_000, 50_000, 200_000, 2_000, 4
"""how many there are: a seller has 100 of 2,000,000 listings, a product 40, a lot 10"""
BLOCK = 20_000
"""rows of an insert"""


def code_sql(kind: int, of: int, n: str = "n") -> str:
    """SQL of a credit code: the n-th of so many of a kind."""
    return f"concat('9133{kind:02}01MA', leftPad(toString({n} % {of}), 7, '0'), 'X')"


GTIN = f"leftPad(toString(6900000000000 + n % {PRODUCTS}), 14, '0')"
LOT = f"concat('H26', leftPad(toString(n % {LOTS}), 6, '0'))"
MAKER, SELLER, PLATFORM = code_sql(2, PRODUCERS), code_sql(1, SELLERS), code_sql(9, PLATFORMS)
TITLE = """concat(['桂花', '椴树', '荔枝', '紫云英'][1 + n % 4], ['蜂蜜', '糕点', '绿茶', '米酒', '酱油'][1 + n % 5],
    toString(n % 997), 'g ', ['特级', '农家', '包邮'][1 + n % 3], toString(cityHash64(n) % 1000))"""
OFFER = {
    "platform_code": PLATFORM,
    "listing_id": "toString(100000000 + n)",
    "title": TITLE,
    "seller_code": SELLER,
    "producer_code": MAKER,
    "gtin": GTIN,
    "lot": f"if(n % 5 = 0, NULL, {LOT})",
    "status": "'active'",
}
ITEM = {"producer_code": MAKER, "gtin": GTIN, "lot": LOT}
EVENTS = {
    "product": ({"gtin": GTIN, "producer_code": MAKER, "name": "concat('蜂蜜', toString(n))"}, PRODUCTS),
    "lot": (ITEM, LOTS),
    "shipment": (ITEM | {"shipment_id": "concat('S', toString(n))", "from_code": MAKER, "to_code": SELLER}, LOTS),
    "recall": (
        {"recall_no": "concat('R', toString(n))", "producer_code": MAKER, "gtin": GTIN, "lots": f"[{LOT}]"},
        RECALLS,
    ),
}


def insert_rows(clickhouse: ClickHouse, table: str, columns: dict[str, str], count: int, first: int = 0) -> None:
    """Rows n from `first` on, whose columns are SQL of n."""
    for begin in range(first, first + count, BLOCK):
        rows = min(BLOCK, first + count - begin)
        clickhouse.writer.command(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} "  # noqa: S608
            f"FROM (SELECT number + {begin} AS n FROM numbers({rows}))",
            settings={"max_threads": 1},
        )


def insert_events(clickhouse: ClickHouse, kind: str, columns: dict[str, str], count: int, first: int = 0) -> None:
    """Events of a kind, as they were accepted."""
    said = {
        "publisher": PLATFORM,
        "event_id": "toString(n)",
        "digest": "hex(sipHash64(n))",
        "outcome": "'accepted'",
        "source_offset": "n",
    }
    insert_rows(clickhouse, f"event_{kind}", columns | said, count, first)


def _fill(clickhouse: ClickHouse, listings: int) -> None:
    for role, count in ((1, SELLERS), (2, PRODUCERS), (9, PLATFORMS)):
        divisions = "['330106', '330203', '320100'][1 + n % 3]"
        names = {"code": code_sql(role, count), "name": "concat('第', toString(n), '食品厂')", "division": divisions}
        insert_events(clickhouse, "entity", names, count)
    for kind, (columns, count) in EVENTS.items():
        insert_events(clickhouse, kind, columns, count)
    insert_events(clickhouse, "listing", OFFER, listings)
    judged = {
        "verdict": "['complete', 'partial', 'broken', 'contradicted'][1 + n % 4]",
        "seller_division": "['330106', '330203', '320100'][1 + n % 3]",
    }
    insert_rows(clickhouse, "chain", OFFER | judged, listings)
    names = {"platform_code": PLATFORM, "listing_id": "toString(100000000 + n)", "alert_id": "toString(n)"}
    said = {
        "severity": "'high'",
        "state": "'raised'",
        "seller_division": "'330106'",
        "subject_kind": "'listing'",
        "subject": f"concat('listing:', {PLATFORM}, '/', toString(100000000 + n))",
        "listings": "1",
        "platforms": f"[({PLATFORM}, 1)]",
    }
    insert_rows(clickhouse, "alert_state", names | said, listings // 20)


def _questions(number: int) -> dict[str, Callable[[], str]]:
    chance = random.Random(number)
    return {
        "credit code of a producer": lambda: f"91330201MA{chance.randrange(PRODUCERS):07}X",
        "credit code of a seller": lambda: f"91330101MA{chance.randrange(SELLERS):07}X",
        "GTIN": lambda: f"{6_900_000_000_000 + chance.randrange(PRODUCTS):014}",
        "lot": lambda: f"H26{chance.randrange(LOTS):06}",
        "number of a listing": lambda: str(100_000_000 + chance.randrange(1_000_000)),
        "number of a delivery note": lambda: f"S{chance.randrange(LOTS)}",
        "mistyped GTIN, nobody's": lambda: str(7_900_000_000_000 + chance.randrange(10**6)),
        "first eight characters": lambda: f"H26{chance.randrange(10**5):05}",
        "first six characters": lambda: f"9133{chance.choice(['01', '02'])}",
        "name, four characters": lambda: chance.choice(["桂花蜂蜜", "椴树绿茶", "荔枝米酒", "紫云英糕"]),
        "name, rare": lambda: f"第{chance.randrange(PRODUCERS)}食品厂",
        "a platform, a quarter of all": lambda: f"91330901MA{chance.randrange(PLATFORMS):07}X",
    }


def _measure(clickhouse: ClickHouse, scope: Scope, count: int) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, text in _questions(7).items():
        times, took = list[float](), 0.0
        find(clickhouse, scope, text())
        for _ in range(max(5, count // 4) if "platform" in name or "name," in name else count):
            sought, began, worked = text(), time.perf_counter(), time.process_time()
            find(clickhouse, scope, sought)
            times.append((time.perf_counter() - began) * 1000)
            took += (time.process_time() - worked) * 1000
        times.sort()
        p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
        found[name] = {"p50_ms": round(p50, 1), "p95_ms": round(p95, 1), "processor_ms": round(took / len(times), 1)}
        print(f"  {name}: {found[name]}", flush=True)
    return found


@contextmanager
def _streaming(clickhouse: ClickHouse, first: int, rate: int) -> Iterator[list[float]]:
    """Listings come meanwhile; in what is given, how many seconds late each second's were in."""
    late = list[float]()

    def insert(ended: threading.Event) -> None:
        began, number = time.monotonic(), 0
        while not ended.wait(max(0.0, began + number - time.monotonic())):
            insert_events(clickhouse, "listing", OFFER, rate, first + number * rate)
            insert_rows(clickhouse, "chain", OFFER | {"verdict": "'partial'"}, rate, first + number * rate)
            number += 1
            late.append(time.monotonic() - began - number)

    with meanwhile(insert):
        yield late


def main() -> None:
    """Fill, ask, and keep what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=2_000_000)
    parser.add_argument("--questions", type=int, default=24)
    parser.add_argument("--rate", type=int, default=1_000)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        ClickHouse(ClickHouseSettings(path=Path(folder) / "ch")) as clickhouse,
    ):
        migrate(clickhouse.writer)
        began = time.perf_counter()
        _fill(clickhouse, options.listings)
        for table in ("chain", "identifier", "name"):  # what merges it would do in the first minutes
            clickhouse.writer.command(f"OPTIMIZE TABLE {table} FINAL")
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        counts = {
            table: clickhouse.writer.query(f"SELECT count() FROM {table}").result_rows[0][0]  # noqa: S608
            for table in ("event_listing", "chain", "alert_state", "identifier", "name")
        }
        result = {"environment": environment(), "rows": counts}
        result["idle"] = _measure(clickhouse, EVERYTHING, options.questions)
        result["idle, of one division"] = _measure(clickhouse, Scope((Division("3301"),)), options.questions // 4)
        with _streaming(clickhouse, options.listings, options.rate) as late:
            result[f"{options.rate} listings/s come"] = _measure(clickhouse, EVERYTHING, options.questions)
        result["inserts_late_s"] = {"seconds": len(late), "most": round(max(late), 2), "last": round(late[-1], 2)}
    RESULTS.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n")


if __name__ == "__main__":
    main()
