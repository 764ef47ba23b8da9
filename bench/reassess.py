"""One event changes a million listings: how long until each of them is assessed anew, and how long others wait.

    make bench-reassess     (python bench/reassess.py --listings 1000000 --codes 20000 --rate 500 --runs 3)
    make bench-recall       (the same with --change recall)

The embedded system, one partition. A market of `codes` codes and the great producer, whose `listings` listings are of
one lot and sold by `sellers` sellers, are published and drained. Then comes the one event, which every chain says:

- `--change abnormal`: the producer's registration becomes abnormal, and an alert is raised for each seller
- `--change recall`: the lot is called back at level 1. An alert is about the lot, and each bureau has its own of the
  listings that are sold in its division: the sellers are of `divisions` divisions in turn

It comes alone; and, after it was taken back, once more, while others list `rate` goods a second, one in ten with a
fault. Each time: from the event's append until the last chain row, and the last finding, of these listings is in the
tables, and until the alerts have settled: as they stand in the tables, they cover all listings. Rows of alerts that
were told of on the way are counted. Of the others: from the log taking a listing until the row of the alert that it
raises is in the tables, for those that came while the great producer was being worked through, and for those of the
seconds before. Each run is a process of its own on an empty folder. Writes bench/results/reassess.json, or recall.json.
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
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import embedded
from environment import environment
from meanwhile import meanwhile

from suyuan.domain.divisions import division_name
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

RESULTS = Path(__file__).parent / "results"
DAY = dt.date(2026, 3, 1)
FIRST_NUMBER = 9_000_000
"""of the great producer's names: beyond those of any Bulk"""
BATCH = 20_000
QUIET_SECONDS = 10.0
"""in which others list while nothing else happens"""
PORTIONS = 20
"""of a second's listings"""
LOOK_SECONDS = 0.2
SELLERS = "(SELECT DISTINCT seller_code FROM chain_history WHERE producer_code = {code:String})"
"""of the great producer's goods, who sell no others"""
OF_ALERTS = f"(producer_code = {{code:String}} OR seller_code IN {SELLERS})"
"""alerts of its listings, whichever of both they are about"""
GOAL = {"alone_seconds": 60, "beside_seconds": 120, "others_p99_ms": 1000}


@dataclass(frozen=True, slots=True)
class Change:
    """What every listing of the great producer comes under. `result`: file that tells of it; `says`: SQL of the chains
    that say it; `rule`: that finds it.
    """

    result: str
    says: str
    rule: str


CHANGES = {
    "abnormal": Change("reassess.json", "producer_status = 'abnormal'", "operations_abnormal"),
    "recall": Change("recall.json", "recall_level = 1", "recalled_level_1_on_sale"),
}


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
    (RESULTS / CHANGES[options.change].result).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["median"], indent=1))


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--change", choices=list(CHANGES), default="abnormal", help="the one event")
    parser.add_argument("--listings", type=int, default=1_000_000, help="of the great producer")
    parser.add_argument("--sellers", type=int, default=None, help="that sell them: 1,000; 10,000 of a recall")
    parser.add_argument("--divisions", type=int, default=2_800, help="that the sellers are of (recall)")
    parser.add_argument("--codes", type=int, default=20_000, help="of the market beside it")
    parser.add_argument("--rate", type=int, default=500, help="listings of others a second")
    parser.add_argument("--quiet-seconds", type=float, default=QUIET_SECONDS, help="of others before the change")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="where the data folders are made")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    options.sellers = options.sellers or (10_000 if options.change == "recall" else 1_000)
    return options


def _in_process() -> dict[str, Any]:
    done = subprocess.run([sys.executable, *sys.argv, "--one"], check=True, stdout=subprocess.PIPE)
    run: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(run, file=sys.stderr)
    return run


async def measure(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """One run, in an empty folder."""
    tune_allocator()
    change = CHANGES[options.change]
    great = Great(options)
    others = Bulk(codes=options.codes)
    embedded._publish(folder, others.record_batches(), 1)  # noqa: SLF001 -- as the other benches of the embedded system
    great.publish(folder)
    run = EmbeddedRun(load(data=folder, fsync=False), once=True)
    await run.start()
    try:
        await run.wait_drained()
        alone = await asyncio.to_thread(_change, run, great, change)
        await run.wait_drained()
        great.comes_under(folder, change, now=False)
        await run.wait_drained()
        listing = threading.Event()
        with meanwhile(lambda ended: _list(folder, others, options.rate, listing, ended)):
            await asyncio.to_thread(listing.wait)
            since = time.time()
            await asyncio.sleep(options.quiet_seconds)
            beside = await asyncio.to_thread(_change, run, great, change)
        await run.wait_drained()
        before = _alerts_of_others(run, great, since, beside["began"])
        while_it = _alerts_of_others(run, great, beside["began"], beside["ended"])
        rows = {
            name: _rows_of_alerts(run, great, change, told) for name, told in (("alone", alone), ("beside", beside))
        }
    finally:
        await run.stop()
    return {
        "alone_seconds": alone["chains"],
        "alone_seconds_to_the_last_finding": alone["findings"],
        "alone_seconds_to_settled_alerts": alone["alerts"],
        **{f"alone_{name}": value for name, value in rows["alone"].items()},
        "beside_seconds": beside["chains"],
        "beside_seconds_to_the_last_finding": beside["findings"],
        "beside_seconds_to_settled_alerts": beside["alerts"],
        **{f"beside_{name}": value for name, value in rows["beside"].items()},
        **{f"others_{name}": value for name, value in while_it.items()},
        **{f"others_before_{name}": value for name, value in before.items()},
        "peak_memory_mib": embedded._peak_mib(),  # noqa: SLF001
    }


class Great:
    """A producer with one product and one lot, sold by many."""

    def __init__(self, options: argparse.Namespace) -> None:
        mint, sellers = Mint(FIRST_NUMBER), options.sellers
        divisions = [place.division for place in PLACES]
        if options.change == "recall":
            divisions = counties()[: options.divisions]
        self.code = mint.credit_code(PLACES[0].division)
        self.platform = mint.credit_code(PLACES[0].division)
        self._sellers = [mint.credit_code(divisions[n % len(divisions)]) for n in range(sellers)]
        self._named = {"producer_code": self.code, "gtin": "0" + mint.gtin(), "lot": "G1"}
        self.listings: int = options.listings
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

    def comes_under(self, folder: Path, change: Change, *, now: bool) -> float:
        """Publish the event, or what takes it back; the moment before the append, by time.time()."""
        self._versions += 1
        kind, event = "entity", self._entity(self.code, "abnormal" if now else "active")
        if change is CHANGES["recall"]:
            kind, event = "recall", self._recall("open" if now else "closed")
        with Log.open(folder, "publish", "interval") as log:
            began = time.time()
            _append(log, kind, [event])
        return began

    def _recall(self, status: str) -> dict[str, Any]:
        lot = {name: self._named[name] for name in ("producer_code", "gtin")} | {"lots": [self._named["lot"]]}
        said = {"recall_no": "G1", "level": 1, "reason": "重金属铅不符合标准", "status": status}
        return self._event("recall", lot | said, self._versions)

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


def counties() -> list[str]:
    """Divisions of the lowest level."""
    return [code for code in map(str, range(110_000, 660_000)) if code[4:] != "00" and division_name(code, DAY)]


def _change(run: EmbeddedRun, great: Great, change: Change) -> dict[str, Any]:
    """Publish the event, and wait until the tables have a chain and a finding of each listing that say so, and alerts
    that cover all.
    """
    had = run.loader.rows.get("chain_history", 0)
    chains_had, findings_had = _chains(run, great, change), _findings(run, great, change)
    began = great.comes_under(run.folder, change, now=True)
    ended: dict[str, float] = {}
    while ended.keys() != {"chains", "findings", "alerts"}:
        if run.failed.done():
            raise run.failed.result()
        time.sleep(LOOK_SECONDS)
        if run.loader.rows.get("chain_history", 0) - had < great.listings:
            continue  # no question before it can be through
        if "chains" not in ended and _chains(run, great, change) - chains_had >= great.listings:
            ended["chains"] = time.time()
        if "findings" not in ended and _findings(run, great, change) - findings_had >= great.listings:
            ended["findings"] = time.time()
        if "findings" in ended and "alerts" not in ended and _covered(run, great, change) == great.listings:
            ended["alerts"] = time.time()
    current = _count(run, "count()", f"chain_current WHERE {change.says}", great)
    if current != great.listings:
        raise RuntimeError(f"{current} chains of {great.listings} say {change.says}")
    return {name: round(at - began, 2) for name, at in ended.items()} | {"began": began, "ended": ended["chains"]}


def _chains(run: EmbeddedRun, great: Great, change: Change) -> int:
    return _count(run, "count()", f"chain_history WHERE {change.says}", great)


def _findings(run: EmbeddedRun, great: Great, change: Change) -> int:
    return _count(run, "count()", f"finding_history WHERE rule = '{change.rule}' AND change != 'cleared'", great)


def _covered(run: EmbeddedRun, great: Great, change: Change) -> int:
    """Listings that the alerts that stand say that they cover."""
    return _count(
        run, "sum(listings)", f"alert_current WHERE rule = '{change.rule}' AND state = 'raised'", great, OF_ALERTS
    )


def _rows_of_alerts(run: EmbeddedRun, great: Great, change: Change, told: dict[str, Any]) -> dict[str, float]:
    """How many alerts there were of what was told, and rows of them."""
    since, until = int(told["began"] * 1000), int((told["began"] + told["alerts"]) * 1000)
    of = (
        f"alert_state_history WHERE rule = '{change.rule}' AND change != 'cleared'"
        f" AND toUnixTimestamp64Milli(received_at) BETWEEN {since} AND {until}"
    )
    alerts, rows = (_count(run, what, of, great, OF_ALERTS) for what in ("uniqExact(alert_id)", "count()"))
    return {"alerts": alerts, "rows_of_an_alert": round(rows / max(1, alerts), 2)}


def _count(run: EmbeddedRun, what: str, of: str, great: Great, which: str = "producer_code = {code:String}") -> int:
    """Of rows of the great producer."""
    (found,) = run.clickhouse.select(
        f"SELECT {what} AS found FROM {of} AND {which}",  # noqa: S608 - texts of ours
        {"code": great.code},
    )
    return int(found["found"])


def _alerts_of_others(run: EmbeddedRun, great: Great, since: float, until: float) -> dict[str, Any]:
    """Of alerts raised by listings that the log took between two moments: how many, and how long each took."""
    (found,) = run.clickhouse.select(
        "SELECT count() AS alerts, arrayMap(x -> ifNotFinite(round(x), 0),"  # noqa: S608 - texts of ours
        " quantilesExact(0.5, 0.99, 1)(took)) AS ms"
        " FROM (SELECT toUnixTimestamp64Milli(loaded_at) - toUnixTimestamp64Milli(received_at) AS took"
        " FROM alert_state_history"
        f" WHERE change = 'raised' AND NOT ifNull({OF_ALERTS}, false)"
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
