"""A producer with a million listings changes: how long until each of them is assessed anew, and how long others wait.

    make bench-reassess     (python bench/reassess.py --listings 1000000 --codes 20000 --rate 500 --runs 3)

The embedded system, one partition. A market of `codes` codes and the great producer, whose `listings` listings are sold
by `sellers` sellers, are published and drained. Then the producer's registration becomes abnormal, which every chain
says and an alert is raised for: alone; and, after it was active again, once more, while others list `rate` goods a
second, one in ten with a fault. Each time: from the event's append until the last chain row, and the last alert, of the
producer's listings is in the tables. Of the others: from the log taking a listing until its alert's row is in the
tables, for those that came while the great producer was being worked through, and for those of the seconds before.
Each run is a process of its own on an empty folder.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

import embedded
from environment import environment
from meanwhile import meanwhile

from suyuan.eventlog.log import Log, Records
from suyuan.publishing.keys import keys_and_ids
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.memory import tune_allocator
from suyuan.runtime.settings import load
from suyuan.schemas.events import encode_event
from suyuan.simulation.bulk import Bulk
from suyuan.simulation.calendar import moment
from suyuan.simulation.minting import Mint
from suyuan.simulation.places import PLACES

RESULT = Path(__file__).parent / "results" / "reassess.json"
DAY = dt.date(2026, 3, 1)
FIRST_NUMBER = 9_000_000
"""of the great producer's names: beyond those of any Bulk"""
BATCH = 20_000
QUIET_SECONDS = 10.0
"""in which others list while nothing else happens"""
PORTIONS = 20
"""of a second's listings"""
LOOK_SECONDS = 0.2
GOAL = {"alone_seconds": 60, "beside_seconds": 120, "others_p99_ms": 1000}


def main() -> None:
    """Run, print and write the result."""
    options = parsed(sys.argv[1:])
    if options.one:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            print(json.dumps(asyncio.run(measure(Path(name) / "data", options))))
        return
    where = environment()
    runs = [_in_process() for _ in range(options.runs)]
    result = {
        "bench": "reassess",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "options": {name: value for name, value in vars(options).items() if name not in {"one", "folder"}},
        "environment": where,
        "goal, for 1,000,000 listings and 500 others a second": GOAL,
        "median": {name: statistics.median(run[name] for run in runs) for name in runs[0]},
        "runs": runs,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["median"], indent=1))


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=1_000_000, help="of the great producer")
    parser.add_argument("--sellers", type=int, default=1_000, help="that sell them")
    parser.add_argument("--codes", type=int, default=20_000, help="of the market beside it")
    parser.add_argument("--rate", type=int, default=500, help="listings of others a second")
    parser.add_argument("--quiet-seconds", type=float, default=QUIET_SECONDS, help="of others before the change")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="where the data folders are made")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _in_process() -> dict[str, Any]:
    done = subprocess.run([sys.executable, *sys.argv, "--one"], check=True, stdout=subprocess.PIPE)
    run: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(run, file=sys.stderr)
    return run


async def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One run, in an empty folder."""
    tune_allocator()
    great = Great(options.listings, options.sellers)
    others = Bulk(codes=options.codes)
    embedded._publish(folder, others.record_batches(), 1)  # noqa: SLF001 -- as the other benches of the embedded system
    great.publish(folder)
    run = EmbeddedRun(load(data=folder, fsync=False), once=True)
    await run.start()
    try:
        await run.wait_drained()
        alone = await asyncio.to_thread(_change, run, great, "abnormal")
        await run.wait_drained()
        great.becomes(folder, "active")
        await run.wait_drained()
        listing = threading.Event()
        with meanwhile(lambda ended: _list(folder, others, options.rate, listing, ended)):
            await asyncio.to_thread(listing.wait)
            since = time.time()
            await asyncio.sleep(options.quiet_seconds)
            beside = await asyncio.to_thread(_change, run, great, "abnormal")
        await run.wait_drained()
        before = _alerts_of_others(run, great, since, beside["began"])
        while_it = _alerts_of_others(run, great, beside["began"], beside["ended"])
    finally:
        await run.stop()
    return {
        "alone_seconds": alone["chains"],
        "alone_seconds_to_the_last_alert": alone["alerts"],
        "beside_seconds": beside["chains"],
        "beside_seconds_to_the_last_alert": beside["alerts"],
        **{f"others_{name}": value for name, value in while_it.items()},
        **{f"others_before_{name}": value for name, value in before.items()},
        "peak_memory_mib": embedded._peak_mib(),  # noqa: SLF001
    }


class Great:
    """A producer with one product and one lot, sold by many."""

    def __init__(self, listings: int, sellers: int) -> None:
        mint = Mint(FIRST_NUMBER)
        self.code = mint.credit_code(PLACES[0].division)
        self.platform = mint.credit_code(PLACES[0].division)
        self._sellers = [mint.credit_code(PLACES[n % len(PLACES)].division) for n in range(sellers)]
        self._named = {"producer_code": self.code, "gtin": "0" + mint.gtin(), "lot": "G1"}
        self.listings = listings
        self._versions = 0

    def publish(self, folder: Path) -> None:
        """Its records, and all its listings."""
        with Log.open(folder, "publish", "interval") as log:
            _append(log, "entity", [self._entity(code, "active") for code in (self.code, *self._sellers)])
            product = {"name": "桂花糕", "category": "other", "requires_licence": False}
            _append(log, "product", [self._event("product", self._named | product)])
            lot = {"produced_on": DAY, "expires_on": None, "quantity": 1000 * len(self._sellers), "inputs": []}
            _append(log, "lot", [self._event("lot", self._named | lot)])
            report = {"report_no": "G1", "agency_code": self.platform, "purpose": "supervision", "result": "pass"}
            found = {"failed_items": [], "inspected_on": DAY}
            _append(log, "inspection", [self._event("inspection", {**self._named, **report, **found})])
            _append(log, "shipment", [self._shipment(seller) for seller in self._sellers])
            made = map(self._listing, range(self.listings))
            while batch := list(islice(made, BATCH)):
                _append(log, "listing", batch)

    def becomes(self, folder: Path, status: str) -> float:
        """Register it anew; the moment before the append, by time.time()."""
        self._versions += 1
        with Log.open(folder, "publish", "interval") as log:
            event = [self._entity(self.code, status)]
            began = time.time()
            _append(log, "entity", event)
        return began

    def _event(self, name: str, fields: dict[str, Any], version: int = 0) -> dict[str, Any]:
        at = moment(DAY, 12) + version
        return {"event_id": f"great-{name}-{version}", "publisher": self.platform, "occurred_at": at, **fields}

    def _entity(self, code: str, status: str) -> dict[str, Any]:
        fields = {"code": code, "name": "大食品厂", "status": status, "division": code[2:8]}
        return self._event(code, fields, self._versions)

    def _shipment(self, seller: str) -> dict[str, Any]:
        goods = {"shipment_id": seller, "from_code": self.code, "to_code": seller, "quantity": 1000}
        return self._event(seller, self._named | goods)

    def _listing(self, number: int) -> dict[str, Any]:
        listed = {"platform_code": self.platform, "listing_id": f"G{number:08d}", "status": "active", "url": None}
        shown = {"title": f"桂花糕 {number % 9 + 1}件装 包邮", "category": "other", "producer_name": "大食品厂"}
        sold = {"price_fen": 1_000 + number % 50_000, "sold_30d": number % 50, "licence_no": None, "ship_from": None}
        who = {"seller_code": self._sellers[number % len(self._sellers)]}
        return self._event(f"listing-{number}", listed | shown | sold | who | self._named)


def _append(log: Log, kind: str, events: list[dict[str, Any]]) -> None:
    keys, ids = keys_and_ids(kind, events)
    values = [encode_event(kind, event) for event in events]
    log.append_many({(f"in.{kind}", 0): Records(keys, values)}, {(f"in.{kind}", 0): ids})


def _change(run: EmbeddedRun, great: Great, status: str) -> dict[str, Any]:
    """Register it anew, and wait until the tables have a chain and an alert of each of its listings that say so."""
    had = run.loader.rows.get("chain_history", 0)
    chains_had, alerts_had = _chains(run, great, status), _alerts(run, great)
    began = great.becomes(run.folder, status)
    ended: dict[str, float] = {}
    while ended.keys() != {"chains", "alerts"}:
        if run.failed.done():
            raise run.failed.result()
        time.sleep(LOOK_SECONDS)
        if run.loader.rows.get("chain_history", 0) - had < great.listings:
            continue  # no question before it can be through
        if "chains" not in ended and _chains(run, great, status) - chains_had >= great.listings:
            ended["chains"] = time.time()
        if "alerts" not in ended and _alerts(run, great) - alerts_had >= great.listings:
            ended["alerts"] = time.time()
    (current,) = run.clickhouse.select(
        "SELECT count() AS chains FROM chain_current WHERE producer_code = {code:String}"
        " AND producer_status = {status:String}",
        {"code": great.code, "status": status},
    )
    if current["chains"] != great.listings:
        raise RuntimeError(f"{current['chains']} chains of {great.listings} say that the producer is {status}")
    return {
        "chains": round(ended["chains"] - began, 2),
        "alerts": round(ended["alerts"] - began, 2),
        "began": began,
        "ended": ended["chains"],
    }


def _chains(run: EmbeddedRun, great: Great, status: str) -> int:
    (found,) = run.clickhouse.select(
        "SELECT count() AS rows FROM chain_history WHERE producer_code = {code:String}"
        " AND producer_status = {status:String}",
        {"code": great.code, "status": status},
    )
    return int(found["rows"])


def _alerts(run: EmbeddedRun, great: Great) -> int:
    (found,) = run.clickhouse.select(
        "SELECT count() AS rows FROM alert_history WHERE producer_code = {code:String} AND change != 'cleared'",
        {"code": great.code},
    )
    return int(found["rows"])


def _alerts_of_others(run: EmbeddedRun, great: Great, since: float, until: float) -> dict[str, Any]:
    """Of listings that the log took between two moments: how many alerts, and how long each took."""
    (found,) = run.clickhouse.select(
        "SELECT count() AS alerts, arrayMap(x -> ifNotFinite(round(x), 0), quantilesExact(0.5, 0.99, 1)(took)) AS ms"
        " FROM (SELECT toUnixTimestamp64Milli(loaded_at) - toUnixTimestamp64Milli(received_at) AS took"
        " FROM alert_history"
        " WHERE ifNull(producer_code, '') != {code:String}"
        " AND toUnixTimestamp64Milli(received_at) BETWEEN {since:Int64} AND {until:Int64})",
        {"code": great.code, "since": int(since * 1000), "until": int(until * 1000)},
    )
    half, nearly_all, longest = found["ms"]
    return {"alerts": found["alerts"], "p50_ms": half, "p99_ms": nearly_all, "max_ms": longest}


def _list(folder: Path, others: Bulk, rate: int, listing: threading.Event, ended: threading.Event) -> None:
    """Listings of others, in portions of a twentieth of a second, until told to end; `listing`: the first are there."""
    portion = max(1, rate // PORTIONS)
    due = time.monotonic()
    with Log.open(folder, "publish", "interval") as log:
        for start in count(0, portion):
            for batch in others.listing_batches(start, start + portion):
                embedded._append(log, batch, 1)  # noqa: SLF001
            listing.set()
            due += portion / rate
            if ended.wait(max(0.0, due - time.monotonic())):
                return


if __name__ == "__main__":
    main()
