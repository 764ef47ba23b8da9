"""Live alerts: how soon they are at whoever listens, and what five hundred streams cost.

    make bench-live     (python -m bench.live; one part, whose result is not written: --only feed)

publish: `suyuan run` on a folder with the records of a market, its portal a process beside it. Faulty listings are
published over HTTP one by one, 20 a second; sound ones stream in straight by the log of the folder, 2,000 a second in
portions of a twentieth of a second, which costs least beside what is measured. Told is the time from when a request was
due to be sent until its alert was read from an open stream.

feed: a portal on a folder on which nothing runs; alerts are appended to their topic. nobody: what the portal uses
without a stream, with an idle one, and when that has left; `wakeups` are of all its threads. append: 40 messages a
second of one alert each, from before the append (which is synced, as a run's) until it was read from the one stream.
many: 500 streams of 100 keys, five filters that let everything through, 200 alerts a second in messages of five; one
stream, which goes on from a place some way back, does not read. Each of the others is to be told every alert once,
which is counted by their ids. The ring of the feed is full before, so that memory that grows is the streams'. Who
listens is one process beside the portal; the processor time is the portal's own.

Each part is done `--runs` times, each time on a new folder; the result holds each run and the median of each figure.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.environment import environment
from bench.live.feed import Alerts, fill_ring, measure_append, measure_many, measure_nobody
from bench.live.figures import median
from bench.live.published import PORTIONS, Market, market, measure_published, publish_records
from bench.live.system import PORTAL, RUN, Portal, drain, serving
from suyuan.access.principal import Role

RESULT = Path(__file__).parents[1] / "results" / "live.json"
GOALS = (
    ("event over HTTP to its alert in a stream, p99 ms", ("publish", "p99_ms"), 1_000),
    ("append to a stream's socket, p99 ms", ("append", "p99_ms"), 150),
    ("alerts that many streams were not told", ("many", "missing"), 0),
    ("alerts that they were told twice", ("many", "twice"), 0),
    ("cores of the portal with many streams", ("many", "portal_cores"), 0.6),
)


def main() -> None:
    """Measure, print, and write the result where all was measured."""
    options = parsed(sys.argv[1:])
    where = environment()
    with tempfile.TemporaryDirectory(prefix="live") as folder:
        runs = measured(Path(folder), options)
    middle = median(runs)
    result = {
        "bench": "live alerts",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "options": {name: value for name, value in vars(options).items() if name != "only"},
        "environment": where,
        "goals": {text: most for text, _, most in GOALS},
        "median": middle,
        "runs": runs,
    }
    if options.only is None:
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(summary(middle))


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(
        "python -m bench.live", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=["publish", "feed"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--codes", type=int, default=5_000, help="of the market")
    parser.add_argument("--listings", type=int, default=2_000, help="a second beside what is published")
    parser.add_argument("--published", type=int, default=20, help="listings a second that raise an alert")
    parser.add_argument("--publish-seconds", type=float, default=20)
    parser.add_argument("--idle-seconds", type=float, default=4)
    parser.add_argument("--append-rate", type=int, default=40)
    parser.add_argument("--append-seconds", type=float, default=8)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--alerts", type=int, default=200, help="a second to that many")
    parser.add_argument("--alerts-in-a-message", type=int, default=5)
    parser.add_argument("--many-seconds", type=float, default=12)
    parser.add_argument("--fsync", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args(arguments)


def measured(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """What each run found."""
    runs = list[dict[str, Any]]()
    bought, ready = None, folder / "ready"
    if options.only != "feed":
        bought = market_of(options)
        publish_records(ready, options.codes)
        drain(ready, fsync=options.fsync)
    for number in range(options.runs):
        found: dict[str, Any] = {}
        if bought is not None:
            shutil.copytree(ready, used := folder / f"p{number}", symlinks=True)
            with serving(RUN, used, fsync=options.fsync) as portal:
                found["publish"] = measure_published(portal, bought, options.published)
            shutil.rmtree(used)
        if options.only != "publish":
            with serving(PORTAL, folder / f"f{number}", fsync=options.fsync) as portal:
                found |= measured_feed(portal, options)
        print(json.dumps(found), file=sys.stderr, flush=True)
        runs.append(found)
    return runs


def market_of(options: argparse.Namespace) -> Market:
    """One listing more than are counted."""
    seconds, portion = options.publish_seconds, max(1, options.listings // PORTIONS)
    alerts = int(options.published * seconds) + 1
    return market(options.codes, alerts, int(PORTIONS * seconds) * portion, portion)


def measured_feed(portal: Portal, options: argparse.Namespace) -> dict[str, Any]:
    """On a portal that answers."""
    with Alerts(portal, fsync=options.fsync) as alerts:
        (key,) = portal.keys(1, Role.REGULATOR, division="")
        found = {"nobody": measure_nobody(portal, key, options.idle_seconds)}
        found["append"] = measure_append(portal, alerts, key, options.append_rate, options.append_seconds)
        fill_ring(portal, alerts, key)
        found["many"] = measure_many(
            portal, alerts, options.streams, options.alerts, options.alerts_in_a_message, options.many_seconds
        )
    return found


def summary(middle: dict[str, Any]) -> str:
    """For people: each goal and what came of it."""
    lines = list[str]()
    for text, (part, name), most in GOALS:
        if part in middle:
            got = middle[part].get(name)
            reached = got is not None and got <= most
            lines.append(f"{text}: {got} (goal {most}, {'reached' if reached else 'not reached'})")
    if "many" in middle:
        memory = middle["many"]["memory_mib"]
        lines.append(f"who does not read: evicted {middle['many']['evicted']:.0f} of 1; memory, MiB: {memory}")
        lines.append(f"nobody listens: {middle['nobody']}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
