"""The embedded system as a whole: from published bytes to chain and alert rows in ClickHouse.

    make bench-throughput     (python bench/embedded.py throughput --listings 2000000 --codes 100000 --runs 3)
    make bench-latency        (python bench/embedded.py latency --rate 2000 --seconds 60 --runs 3)

throughput: records are published and processed first, then all listings are published; the clock runs from the start
of the run on them until they are drained into the tables. What the folder then takes on disk is told by its parts, per
million listings, with the records: ClickHouse's once with parts that merges have replaced and that are deleted minutes
later, once without (active). latency: listings are published at a steady rate beside a
running system; from the log taking the listing to the loader inserting the row of the alert that it raises. An alert is
about a subject, and is told of at once when it is raised: these rows are what was measured while each listing had an
alert of its own. Rows of alerts that change (`changed`) are counted apart: a step of the number of listings is told at
once, the exact number when the alert has settled, half a second to a second after the last listing, by intention.
Each run is a process of its own on an empty folder; the result file holds every run, their median, and the environment.
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
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from environment import environment

from suyuan.domain.keys import partition_of
from suyuan.eventlog.log import Log, Records
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.memory import tune_allocator
from suyuan.runtime.settings import load
from suyuan.schemas.topics import TOPICS
from suyuan.simulation.bulk import Bulk, EncodedEvents

RESULTS = Path(__file__).parent / "results"
TOLD = ("raised", "changed")
TOOK = (
    "SELECT count(), ifNotFinite(round(avg(took)), 0),"
    " arrayMap(x -> ifNotFinite(round(x), 0), quantilesExact(0.5, 0.95, 0.99, 1)(took)) FROM ("
    "SELECT toUnixTimestamp64Milli(loaded_at) - toUnixTimestamp64Milli(received_at) AS took"
    " FROM alert_state_history WHERE change = {change:String})"
)
"""how long rows of alerts that report a change took"""


def main() -> None:
    """Run what the command line asks for; print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["throughput", "latency"])
    parser.add_argument("--listings", type=int, default=2_000_000)
    parser.add_argument("--codes", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, default=1)
    parser.add_argument("--rate", type=int, default=2_000, help="listings per second (latency)")
    parser.add_argument("--seconds", type=int, default=60, help="for so long (latency)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="where the data folders are made")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--keep", type=Path, default=None, help=argparse.SUPPRESS)  # the data folder, for bench.batch
    options = parser.parse_args()
    if options.one:
        measure = _throughput if options.what == "throughput" else _latency
        print(json.dumps(asyncio.run(measure(options))))
        return
    where = environment()
    runs = [_in_process() for _ in range(options.runs)]
    result = {
        "bench": f"embedded {options.what}",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "options": {
            name: value for name, value in vars(options).items() if name not in {"one", "keep", "folder", "what"}
        },
        "environment": where,
        "median": {name: statistics.median(run[name] for run in runs) for name in runs[0] if name != "detail"},
        "runs": runs,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"embedded-{options.what}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["median"], indent=1))


def _in_process() -> dict[str, Any]:
    done = subprocess.run([sys.executable, *sys.argv, "--one"], check=True, stdout=subprocess.PIPE)
    run: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(run, file=sys.stderr)
    return run


async def _throughput(options: argparse.Namespace) -> dict[str, Any]:
    tune_allocator()
    bulk = Bulk(options.listings, options.codes)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = options.keep or Path(name) / "data"
        records = _publish_apart(folder, bulk, "record_batches", options.partitions)
        before = await _drain(folder)
        listings = _publish_apart(folder, bulk, "listing_batches", options.partitions)
        after = await _drain(folder)
        disk = {part: _bytes(folder / part) for part in ("log", "state", "clickhouse")}
        disk["clickhouse_active"] = after["bytes"]
        whole = _bytes(folder)
    return {
        "listings_per_second": round(listings / after["seconds"]),
        "records_per_second": round(records / before["seconds"]),
        "cpu_us_per_listing": round(after["cpu"] / listings * 1e6, 1),
        "peak_memory_mib": _peak_mib(),
        "folder_mib": whole >> 20,
        "disk_mib_per_million_listings": round(whole / 2**20 / listings * 1e6),
        **{f"{part}_mib_per_million_listings": round(size / 2**20 / listings * 1e6) for part, size in disk.items()},
        "detail": {"listings": listings, "records": records, "rows": after["rows"], "gap": after["gap"]},
    }


async def _drain(folder: Path) -> dict[str, Any]:
    run = EmbeddedRun(load(data=folder, fsync=False), once=True)
    await run.start()
    began, cpu = time.perf_counter(), time.process_time()
    try:
        await run.wait_drained()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        verification = await asyncio.to_thread(run.monitor.verify_all)
        (parts,) = run.clickhouse.select("SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE active")
        return {"seconds": seconds, "cpu": cpu, "rows": dict(run.loader.rows), "gap": verification.gap} | parts
    finally:
        await run.stop()


async def _latency(options: argparse.Namespace) -> dict[str, Any]:
    tune_allocator()
    bulk = Bulk(options.rate * options.seconds, options.codes)
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name) / "data"
        _publish(folder, bulk.record_batches(), options.partitions)
        await _drain(folder)
        run = EmbeddedRun(load(data=folder, fsync=False), once=True)
        await run.start()
        try:
            feeder = threading.Thread(target=_feed, args=(folder, bulk, options.partitions, options.rate))
            feeder.start()
            await asyncio.to_thread(feeder.join)
            await run.wait_drained()
            with run.clickhouse.reader() as client:
                raised, changed = (client.query(TOOK, {"change": change}).result_rows[0] for change in TOLD)
        finally:
            await run.stop()
    named = [
        dict(zip(("alerts", "mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms"), (*each[:2], *each[2]), strict=True))
        for each in (raised, changed)
    ]
    return named[0] | {f"changed_{name}": value for name, value in named[1].items()}


def _feed(folder: Path, bulk: Bulk, partitions: int, rate: int) -> None:
    """In portions of a twentieth of a second."""
    portion = max(1, rate // 20)
    encoded = [
        batch
        for start in range(0, bulk.listings, portion)
        for batch in bulk.listing_batches(start, min(start + portion, bulk.listings))
    ]
    due = time.monotonic()
    with Log.open(folder, "publish", "interval") as log:
        for batch in encoded:
            _append(log, batch, partitions)
            due += portion / rate
            time.sleep(max(0.0, due - time.monotonic()))


def _publish_apart(folder: Path, bulk: Bulk, batches: str, partitions: int) -> int:
    """In a process of its own: what publishing takes is no memory of the run's."""
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:
        return apart.submit(_publish_all, folder, bulk, batches, partitions).result()


def _publish_all(folder: Path, bulk: Bulk, batches: str, partitions: int) -> int:
    return _publish(folder, getattr(bulk, batches)(), partitions)


def _publish(folder: Path, batches: Iterable[EncodedEvents], partitions: int) -> int:
    count = 0
    with Log.open(folder, "publish", "interval") as log:
        for topic in TOPICS:
            if topic.value == "event":
                log.create_topic(topic.name, partitions)
        for batch in batches:
            _append(log, batch, partitions)
            count += len(batch.keys)
    return count


def _append(log: Log, batch: EncodedEvents, partitions: int) -> None:
    parts: dict[int, list[int]] = {}
    for index, key in enumerate(batch.keys):
        parts.setdefault(partition_of(key, partitions), []).append(index)
    log.append_many(
        {
            (f"in.{batch.kind}", at): Records([batch.keys[i] for i in rows], [batch.values[i] for i in rows])
            for at, rows in parts.items()
        },
        {(f"in.{batch.kind}", at): [batch.ids[i] for i in rows] for at, rows in parts.items()},
    )


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _peak_mib() -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) >> 10
    return 0


if __name__ == "__main__":
    main()
