"""What a portal that nobody looks at costs: the pipeline beside it, and a run that idles.

    python bench/portal_cost.py     (--listings 200000 --codes 20000 --pairs 5 --idle-seconds 60)

throughput: `bench/embedded.py throughput` in turn without a portal and with one that is served from the same data
folder; each pair in one call, the order changing. On a machine that has other work the processor time says more: what
the portal used a listing, and what pipeline and portal used together by what the pipeline uses alone. idle: `suyuan
run` on an empty folder with its portal, which nobody asks; processor time of all its processes per second, a minute
after its portal answers.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import embedded
from environment import environment

from suyuan.runtime.memory import tune_allocator
from suyuan.simulation.bulk import Bulk

RESULT = Path(__file__).parent / "results" / "portal-cost.json"
SETTLE_SECONDS = 60


def main() -> None:
    """Run, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listings", type=int, default=200_000)
    parser.add_argument("--codes", type=int, default=20_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--idle-seconds", type=int, default=60)
    parser.add_argument("--one", choices=["alone", "beside"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(asyncio.run(_throughput(options, beside=options.one == "beside"))))
        return
    where = environment()
    idle = _idle(options.idle_seconds)
    pairs = [_pair(number) for number in range(options.pairs)]
    result = {
        "bench": "portal cost",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "options": {name: value for name, value in vars(options).items() if name != "one"},
        "environment": where,
        "median": {
            "listings_per_second_alone": statistics.median(pair["alone"]["listings_per_second"] for pair in pairs),
            "listings_per_second_beside_a_portal": statistics.median(
                pair["beside"]["listings_per_second"] for pair in pairs
            ),
            "throughput_ratio": round(
                statistics.median(
                    pair["beside"]["listings_per_second"] / pair["alone"]["listings_per_second"] for pair in pairs
                ),
                3,
            ),
            "processor_ratio": round(
                statistics.median(
                    (pair["beside"]["cpu_us_per_listing"] + pair["beside"]["portal_us_per_listing"])
                    / pair["alone"]["cpu_us_per_listing"]
                    for pair in pairs
                ),
                3,
            ),
            "portal_us_per_listing": statistics.median(pair["beside"]["portal_us_per_listing"] for pair in pairs),
            "portal_cores": statistics.median(pair["beside"]["portal_cores"] for pair in pairs),
            **idle,
        },
        "pairs": pairs,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["median"], indent=1))


def _pair(number: int) -> dict[str, Any]:
    pair: dict[str, Any] = {}
    for which in ("alone", "beside") if number % 2 == 0 else ("beside", "alone"):
        done = subprocess.run([sys.executable, *sys.argv, "--one", which], check=True, stdout=subprocess.PIPE)
        pair[which] = json.loads(done.stdout.splitlines()[-1])
    print(pair, file=sys.stderr)
    return pair


async def _throughput(options: argparse.Namespace, *, beside: bool) -> dict[str, Any]:
    tune_allocator()
    bulk = Bulk(options.listings, options.codes)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        embedded._publish(folder, bulk.record_batches(), 1)  # noqa: SLF001 -- the same bench with a portal beside it
        await embedded._drain(folder)  # noqa: SLF001
        embedded._publish(folder, bulk.listing_batches(), 1)  # noqa: SLF001
        if not beside:
            after, portal = await embedded._drain(folder), 0.0  # noqa: SLF001
        else:
            with _portal(folder) as process:
                await asyncio.sleep(2)
                before = _seconds_of(process.pid)
                after = await embedded._drain(folder)  # noqa: SLF001
                portal = _seconds_of(process.pid) - before
    return {
        "listings_per_second": round(options.listings / after["seconds"]),
        "cpu_us_per_listing": round(after["cpu"] / options.listings * 1e6, 1),
        "portal_us_per_listing": round(portal / options.listings * 1e6, 1),
        "portal_cores": round(portal / after["seconds"], 3),
    }


@contextmanager
def _portal(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "suyuan.portal", "--embedded", "--data", str(folder), "--with-parent"]
    port = _free_port()
    with subprocess.Popen([*command, "--port", str(port)], stdin=subprocess.PIPE) as process:
        try:
            _await_portal(port)
            yield process
        finally:
            process.terminate()


def _await_portal(port: int) -> None:
    """Until it answers: its start is none of what it costs."""
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=5):
            return
        time.sleep(0.2)


def _idle(seconds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "suyuan.cli.main", "run", "--data", name]
        port = _free_port()
        environment = os.environ | {"SUYUAN_PORTAL_PORT": str(port), "SUYUAN_METRICS_PORT": "0"}
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
            _await_portal(port)
            time.sleep(SETTLE_SECONDS)
            began, before = time.monotonic(), _by_process(process.pid)
            time.sleep(seconds)
            took, after = time.monotonic() - began, _by_process(process.pid)
            process.send_signal(signal.SIGINT)
    own = after[process.pid] - before[process.pid]
    return {
        "idle_cores": round((sum(after.values()) - sum(before.values())) / took, 4),
        "idle_cores_of_the_run_itself": round(own / took, 4),
    }


def _by_process(pid: int) -> dict[int, float]:
    """Processor seconds of a process and all below it."""
    found = {pid: _seconds_of(pid)}
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread or a child that has just ended
            for child in (task / "children").read_text(encoding="ascii").split():
                found |= _by_process(int(child))
    return found


def _seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


if __name__ == "__main__":
    main()
