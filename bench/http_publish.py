"""Events a second that one portal takes by POST /api/v1/events, with no stages running beside it.

    python -m bench.http_publish [--events 200000] [--batch 1000] [--clients 4]

An empty data folder with its log on the disk, one partition, each append synced (SUYUAN_FSYNC, the default) and then,
in a folder of its own, not, which tells what the disk costs; a portal in a process of its own; clients that send
listings of 450 bytes as an object a line and wait for each answer. Each answer must say that every event was accepted.
Told are events per second of wall time, which others on the machine take from, and events per second of the portal's
processor time, which they do not.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from bench.environment import environment
from suyuan.access.principal import Role
from suyuan.operations.access import Wanted, append_access, key_granted
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings

PLATFORM, SELLER, PRODUCER = "91330106MABQWU0B72", "91370202005000018L", "91330784MABQYF7F4B"
WARM_UP = 5
"""batches that are not counted"""
RESULT = Path(__file__).parent / "results" / "http-publish.json"


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=1_000)
    parser.add_argument("--clients", type=int, default=4)
    options = parser.parse_args()
    about = environment()
    figures = {}
    for name, synced in (("synced", True), ("not_synced", False)):
        with tempfile.TemporaryDirectory() as folder:
            figures[name] = _measure(Path(folder), options, synced=synced)
    said = {
        "bench": "publishing over HTTP",
        "date": datetime.now(UTC).date().isoformat(),
        "options": vars(options),
        "environment": about | {"load_after": round(os.getloadavg()[0], 2)},
        "figures": figures,
    }
    RESULT.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def _measure(folder: Path, options: argparse.Namespace, *, synced: bool) -> dict[str, Any]:
    key = _granted(folder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "suyuan.portal", "--data", str(folder), "--port", str(port), "--embedded"]
    limits = {"SUYUAN_FSYNC": str(synced).lower(), "SUYUAN_PORTAL_REQUESTS_PER_SECOND": "1000"}
    portal = subprocess.Popen(command, env={**os.environ, **limits})
    try:
        _await(port)
        bodies = [_body(number, options.batch) for number in range(options.events // options.batch + WARM_UP)]
        for body in bodies[:WARM_UP]:
            _send(http.client.HTTPConnection("127.0.0.1", port), key, body, options.batch)
        began, used = time.monotonic(), _cpu_seconds(portal.pid)
        slowest = _send_all(port, key, bodies[WARM_UP:], options)
        seconds, used = time.monotonic() - began, _cpu_seconds(portal.pid) - used
    finally:
        portal.terminate()
        portal.wait()
    events = options.batch * (len(bodies) - WARM_UP)
    slowest.sort()
    return {
        "events": events,
        "seconds": round(seconds, 2),
        "events_per_second": round(events / seconds),
        "events_per_second_of_processor_time": round(events / used),
        "processor_microseconds_per_event": round(used / events * 1e6, 1),
        "batch_p50_ms": round(slowest[len(slowest) // 2] * 1000),
        "batch_p99_ms": round(slowest[len(slowest) * 99 // 100] * 1000),
    }


def _granted(folder: Path) -> str:
    key, granted = key_granted(
        Wanted(Role.PLATFORM, "bench", code=PLATFORM), "command", time.time_ns() // 1_000_000, secrets.token_bytes
    )
    append_access(deployment_of(Settings(data=folder)).outlet, granted)
    return str(key)


def _await(port: int) -> None:
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.1)


def _body(number: int, batch: int) -> bytes:
    at = time.time_ns() // 1_000_000
    return b"".join(
        json.dumps(_listing(number * batch + n, at), ensure_ascii=False).encode() + b"\n" for n in range(batch)
    )


def _listing(number: int, at: int) -> dict[str, Any]:
    return {
        "kind": "listing",
        "event_id": f"e-{number}",
        "publisher": PLATFORM,
        "occurred_at": at,
        "platform_code": PLATFORM,
        "listing_id": f"l-{number}",
        "status": "active",
        "title": "明前龙井绿茶 250g 罐装",
        "category": "tea",
        "seller_code": SELLER,
        "producer_code": PRODUCER,
        "producer_name": "杭州茶厂",
        "gtin": "06901234567892",
        "lot": f"L{number % 1000}",
        "licence_no": "SC11433010600017",
        "price_fen": 8800,
        "sold_30d": 12,
    }


def _send_all(port: int, key: str, bodies: list[bytes], options: argparse.Namespace) -> list[float]:
    """Seconds that each batch took."""
    took: list[float] = []
    next_one = count()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while (number := next(next_one)) < len(bodies):
            took.append(_send(connection, key, bodies[number], options.batch))

    clients = [threading.Thread(target=client) for _ in range(options.clients)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    if len(took) != len(bodies):
        raise SystemExit("a client failed")
    return took


def _send(connection: http.client.HTTPConnection, key: str, body: bytes, batch: int) -> float:
    began = time.monotonic()
    connection.request("POST", "/api/v1/events", body, {"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    said = json.loads(answer.read())
    if (answer.status, said.get("accepted")) != (200, batch):
        raise SystemExit(f"{answer.status}: {str(said)[:300]}")
    return time.monotonic() - began


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
