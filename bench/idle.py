"""What a system burns that has nothing to do, and how soon it is awake: `suyuan run` alone, with its portal and its
jobs, and a cluster of one worker, a loader and a broker.

    python -m bench.idle     (make bench-idle)

All three idle at the same time on one machine. Processor time of each process, a second; and how often its threads
were woken, a second (voluntary context switches), by the names that they have: what a wake-up costs differs from
machine to machine, and from day to day. Then a few listings are published after each rest, and the first alert that
comes of them is waited for, as a row of the tables: in each shape when the other one is half through its rest.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.cluster import feed, system
from bench.environment import environment
from suyuan.domain.keys import partition_of
from suyuan.eventlog.log import Log, Records
from suyuan.operations.webhooks.events import CONTROL, Created, encode_subscription
from suyuan.publishing.control import append_control
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load
from suyuan.schemas.topics import TOPICS
from suyuan.simulation.bulk import Bulk, EncodedEvents
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings

RESULT = Path(__file__).parent / "results" / "idle.json"
ALERTS = (
    "SELECT listing_id, min(toUnixTimestamp64Milli(loaded_at)) / 1000 FROM alert_state_history"
    " WHERE change = 'raised' AND subject_kind = 'listing' GROUP BY listing_id"
)
CODES = 50
AT_ONCE = 30
"""listings of one event's worth: some of them raise an alert of their own, which is told at once"""
PATIENCE = 120.0


def main() -> None:
    """Run, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settle-seconds", type=float, default=45)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--events", type=int, default=6, help="after a rest each, in both shapes")
    parser.add_argument("--rest-seconds", type=float, default=10)
    parser.add_argument("--no-cluster", action="store_true")
    parser.add_argument("--to", type=Path, default=RESULT, help="the result's file")
    options = parser.parse_args()
    where = environment()
    bulk = Bulk(AT_ONCE * options.events, CODES)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as opened:
        folder = Path(name)
        alone = opened.enter_context(_run(folder / "alone", bulk, portal=False))
        beside = opened.enter_context(_run(folder / "beside", bulk, portal=True))
        wanted = {"run": [alone], "run_with_portal_and_jobs": [beside]}
        cluster = None
        if not options.no_cluster:
            cluster = opened.enter_context(system.running(folder / "cluster", 1, PATIENCE))
            _start(cluster, bulk)
            wanted["cluster"] = [*_pids(cluster)]
        time.sleep(options.settle_seconds)
        idle = _idle(wanted, options.seconds)
        waits = _waits(folder / "alone", cluster, bulk, options)
        if cluster is not None:
            with ClickHouse(cluster.clickhouse(), make=False) as tables:
                loaded_in_cluster = dict(tables.writer.query(ALERTS).result_rows)
        else:
            loaded_in_cluster = {}
        opened.close()
        with ClickHouse(ClickHouseSettings(path=folder / "alone" / "clickhouse")) as tables:
            loaded = dict(tables.writer.query(ALERTS).result_rows)
    result = {
        "bench": "idle",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "options": {name: value for name, value in vars(options).items() if name != "to"},
        "environment": where | {"load_after": round(os.getloadavg()[0], 2)},
        "cores": {name: found["cores"] for name, found in idle.items()},
        "woken_per_second": {name: found["woken_per_second"] for name, found in idle.items()},
        "alert_after_a_rest_ms": {
            "run": _spread(waits["run"], loaded),
            **({"cluster": _spread(waits["cluster"], loaded_in_cluster)} if cluster is not None else {}),
        },
        "detail": idle,
    }
    options.to.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({name: result[name] for name in ("cores", "woken_per_second", "alert_after_a_rest_ms")}, indent=1))


# --- what idles


@contextlib.contextmanager
def _run(folder: Path, bulk: Bulk, *, portal: bool) -> Iterator[int]:
    """The pid of a `suyuan run` on records; with a portal there is a webhook as well, so that it has jobs."""
    _append(folder, bulk.record_batches(), make=True)
    if portal:
        webhook = Created("idle", 1, "bench", "bench", "idle", "https://127.0.0.1:9/", "")
        settings = load(data=folder)
        append_control(deployment_of(settings).outlet, CONTROL, webhook.id, encode_subscription(webhook))
    ports = {"SUYUAN_PORTAL_PORT": str(_free_port()) if portal else "0", "SUYUAN_METRICS_PORT": "0"}
    command = [*system.PRODUCT, "run", "--data", str(folder)]
    log = folder.with_suffix(".log")
    with (
        log.open("wb") as said,
        subprocess.Popen(command, env=os.environ | ports, stdout=said, stderr=said) as process,
    ):
        try:
            deadline = time.monotonic() + PATIENCE
            while b"suyuan runs on" not in log.read_bytes():
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(log.read_text(encoding="utf-8"))
                time.sleep(0.2)
            yield process.pid
        finally:
            process.terminate()


def _start(cluster: system.System, bulk: Bulk) -> None:
    cluster.start_front()
    feed.publish(cluster.connection, 1, bulk.record_batches())
    cluster.start_worker()
    cluster.start_loader()
    cluster.wait_done(loaded=True)


def _pids(cluster: system.System) -> list[int]:
    """Of worker, loader and broker; what stands in for a ClickHouse server is none of it."""
    own = [cluster._running[name]._children[0].pid for name in ("worker-1", "loader")]  # noqa: SLF001
    return [*own, cluster._broker_pid]  # noqa: SLF001


# --- how much


def _idle(wanted: dict[str, list[int]], seconds: float) -> dict[str, Any]:
    def all_threads() -> dict[str, dict[int, Any]]:
        return {name: {pid: _threads(pid) for root in pids for pid in _below(root)} for name, pids in wanted.items()}

    began, before = time.monotonic(), all_threads()
    time.sleep(seconds)
    took, after = time.monotonic() - began, all_threads()
    found: dict[str, Any] = {}
    for name, processes in after.items():
        each = [_figures(before[name].get(pid, {}), threads, took) for pid, threads in processes.items()]
        found[name] = {
            "cores": round(sum(one["cores"] for one in each), 4),
            "woken_per_second": round(sum(one["woken_per_second"] for one in each), 1),
            "processes": each,
        }
    return found


def _figures(before: dict[str, Any], after: dict[str, Any], took: float) -> dict[str, Any]:
    woken: Counter[str] = Counter()
    spent = 0
    for thread, (name, switches, nanoseconds) in after.items():
        _, switches_before, nanoseconds_before = before.get(thread, (name, 0, 0))
        woken[name] += switches - switches_before
        spent += nanoseconds - nanoseconds_before
    return {
        "process": next(name for name, *_ in after.values()),
        "cores": round(spent / took / 1e9, 4),
        "woken_per_second": round(woken.total() / took, 1),
        "by_thread": {name: round(count / took, 1) for name, count in woken.most_common(8) if count / took >= 0.1},
    }


def _threads(pid: int) -> dict[str, tuple[str, int, int]]:
    """Thread → (name, times that it waited, nanoseconds that it ran)."""
    found = {}
    for task in sorted(Path(f"/proc/{pid}/task").iterdir(), key=lambda task: int(task.name)):
        with contextlib.suppress(OSError):  # one that has just ended
            said = (task / "status").read_text(encoding="utf-8", errors="replace")
            ran = int((task / "schedstat").read_text(encoding="ascii").split()[0])
            name = _command(pid) if task.name == str(pid) else said.partition("Name:\t")[2].partition("\n")[0]
            waited = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", said, re.MULTILINE)
            found[task.name] = (name, int(waited[1]) if waited else 0, ran)
    return found


def _command(pid: int) -> str:
    """The main thread's name: what the process is."""
    words = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    if "kafka.Kafka" in words:
        return "broker"
    product = [word for word in words if word.startswith("suyuan.") or word in {"run", "worker", "loader"}]
    return product[-1] if product else Path(words[0]).name


def _below(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            for child in (task / "children").read_text(encoding="ascii").split():
                found += _below(int(child))
    return found


# --- how soon it is awake


def _waits(
    folder: Path, cluster: system.System | None, bulk: Bulk, options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Shape → listing → when it was published, seconds since the epoch."""
    sent: dict[str, dict[str, float]] = {"run": {}, "cluster": {}}
    for number in range(options.events):
        first = number * AT_ONCE
        batches = list(bulk.listing_batches(first, first + AT_ONCE))
        ids = [f"I{at:08d}" for at in range(first, first + AT_ONCE)]
        time.sleep(options.rest_seconds / 2)
        _sent(sent["run"], ids, lambda each=batches: _append(folder, each))
        time.sleep(options.rest_seconds / 2)
        if cluster is not None:
            _sent(sent["cluster"], ids, lambda each=batches: feed.publish(cluster.connection, 1, each))
    time.sleep(options.rest_seconds / 2)
    return sent


def _sent(sent: dict[str, float], ids: list[str], publish: Callable[[], object]) -> None:
    publish()
    sent |= dict.fromkeys(ids, time.time())


def _append(folder: Path, batches: Iterator[EncodedEvents] | list[EncodedEvents], *, make: bool = False) -> None:
    with Log.open(folder, "publish", "interval") as log:
        for topic in TOPICS if make else ():
            if topic.value == "event":
                log.create_topic(topic.name, 1)
        for batch in batches:
            at = (f"in.{batch.kind}", partition_of(batch.keys[0], 1))
            log.append_many({at: Records(batch.keys, batch.values)}, {at: batch.ids})


def _spread(sent: dict[str, float], loaded: dict[str, float]) -> dict[str, float]:
    """The first alert of each portion, from what was published to the row in the tables."""
    portions: dict[float, float] = {}
    for listing, moment in sent.items():
        if listing in loaded:
            portions[moment] = min(portions.get(moment, float("inf")), (loaded[listing] - moment) * 1000)
    waits = sorted(portions.values())
    if not waits:
        return {"events": 0}
    return {"events": len(waits), "median": round(statistics.median(waits)), "max": round(waits[-1])}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
