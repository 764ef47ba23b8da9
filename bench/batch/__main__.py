"""The batch way beside the system: all chains of six groups of gaps by one SQL statement, every minute.

    make bench-batch     (python -m bench.batch --listings 1000000 --codes 50000 --events 450000 --runs 3)

What the batch way is, and what speaks for it, is said in bench/rivals/batch/README.md. In one call:
- same: a simulated market of `events` events with planted faults, and the bulk market, are assessed by the embedded
  system; the statement's rows are compared with its chains, row by row, those groups alone. Differences must be none.
- work: seconds, and seconds of processor time, per million listings: of loading the events, of the statement (median of
  `runs`), and of the embedded system, which does all groups, custody, history and alerts as well.
- age: `rate` listings a second come in evenly, on top of the bulk market, with a run every `period` seconds: how old an
  event is when its chain can be read, computed (waiting for the next run, loading, statement) and measured over
  `rounds` runs. Beside it how old a listing's alert is in the embedded system at that rate.
Each part is a process of its own, one after the other. Writes bench/results/batch.json.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from bench.batch.office import KINDS, office_of
from bench.batch.planted import assess
from bench.environment import environment
from suyuan.simulation.market import Market

BENCH = Path(__file__).parents[1]
RESULT = BENCH / "results" / "batch.json"
SEED = 7
T = TypeVar("T")


def main() -> None:
    """Run, print and write the result."""
    options = parsed(sys.argv[1:])
    if options.part:
        print(json.dumps(PARTS[options.part](options.data, options)))
        return
    where = environment()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        planted = _part("planted", Path(name) / "planted")
        data = Path(name) / "bulk"
        whole = _embedded("throughput", "--listings", options.listings, "--codes", options.codes, "--keep", data)
        batch = _part("bulk", data)
    alert = _embedded("latency", "--rate", options.rate, "--seconds", options.seconds, "--codes", options.codes)
    after = environment()
    result = {
        "bench": "batch",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "options": {name: value for name, value in vars(options).items() if name not in {"part", "data", "folder"}},
        "environment": where | {"load_after": after["load_before"], "yardstick_after_ms": after["yardstick_ms"]},
        "same": {"planted market": planted, "bulk market": batch.pop("same")},
        "work": {
            "batch": batch.pop("work"),
            "suyuan": {
                "seconds_per_million": round(1e6 / whole["listings_per_second"], 1),
                "processor_seconds_per_million": whole["cpu_us_per_listing"],
                "peak_memory_mib": whole["peak_memory_mib"],
            },
        },
        "age": {"batch": batch.pop("age"), "suyuan, of an alert": alert},
    }
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps({name: result[name] for name in ("same", "work", "age")}, indent=1, ensure_ascii=False))


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Options of the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=1_000_000, help="of the bulk market")
    parser.add_argument("--codes", type=int, default=50_000, help="of the bulk market")
    parser.add_argument("--events", type=int, default=450_000, help="of the planted market: a quarter are new listings")
    parser.add_argument("--runs", type=int, default=3, help="of the statement")
    parser.add_argument("--rate", type=int, default=2_000, help="listings a second (age)")
    parser.add_argument("--period", type=float, default=60.0, help="seconds between runs (age)")
    parser.add_argument("--rounds", type=int, default=3, help="runs (age)")
    parser.add_argument("--seconds", type=int, default=60, help="for which the embedded system's alerts are timed")
    parser.add_argument("--folder", type=Path, default=None, help="where the data folders are made")
    parser.add_argument("--part", choices=sorted(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _part(name: str, data: Path) -> dict[str, Any]:
    return _told([sys.executable, "-m", "bench.batch", *sys.argv[1:], "--part", name, "--data", str(data)])


def _embedded(what: str, *options: object) -> dict[str, Any]:
    return _told([sys.executable, str(BENCH / "embedded.py"), what, "--one", *map(str, options)])


def _told(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(told, file=sys.stderr)
    return told


def planted_part(data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """A planted market, assessed and compared."""
    assess(data, Market(SEED).events(options.events))
    with tempfile.TemporaryDirectory() as files, office_of(data, Path(files)) as office:
        office.fill()
        office.make_chains()
        return office.compare()


def bulk_part(data: Path, options: argparse.Namespace) -> dict[str, Any]:
    """The bulk market that the embedded system has left in a folder: what the batch way takes for it."""
    with tempfile.TemporaryDirectory(dir=data.parent) as files, office_of(data, Path(files)) as office:
        loading, loaded = _timed(office.fill)
        _reset_peak()
        runs = [_timed(office.make_chains)[0] for _ in range(options.runs)]
        peak = _peak_mib()
        same = office.compare()
        age = office.keep_timetable(options.rate, options.period, options.rounds)
    million = 1e6 / same["listings"]
    load_listing, statement = loaded["listing"] * million, statistics.median(wall for wall, _ in runs)
    portion = load_listing * options.rate * options.period / 1e6
    every = max(options.period, portion + statement)
    return {
        "same": same,
        "work": {
            "statement": {
                "seconds_per_million": round(statement * million, 2),
                "processor_seconds_per_million": round(statistics.median(cpu for _, cpu in runs) * million, 2),
                "peak_memory_mib": peak,
                "seconds_of_each_run": [round(wall, 2) for wall, _ in runs],
            },
            "load": {
                "seconds_per_million": round(loading[0] * million, 2),
                "processor_seconds_per_million": round(loading[1] * million, 2),
                "kinds": list(KINDS),
            },
        },
        "age": {
            "computed": {
                "mean_seconds": round(every / 2 + portion + statement, 2),
                "worst_seconds": round(every + portion + statement, 2),
            },
            "measured": age,
        },
    }


PARTS: dict[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {"planted": planted_part, "bulk": bulk_part}


def _timed(work: Callable[[], T]) -> tuple[tuple[float, float], T]:
    """(seconds, of processor time of the whole process), and what came of it."""
    began, worked = time.perf_counter(), time.process_time()
    found = work()
    return (time.perf_counter() - began, time.process_time() - worked), found


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mib() -> int:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) >> 10 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
