"""Lots made from lots: how long a recall of all of them takes, and how long listings of others wait meanwhile.

    python -m bench.lineage row 1000      (shapes: row, circle, tree; circle: the first is made from the last)

The embedded system on an empty folder, one partition. Lots with a listing each are published and processed; then a
recall of their gtin, and when every chain says so its closing. Beside each of the two, and before, a stranger lists
something every 200 ms: the delay of that is from its publishing until its chain is in the log.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

from bench.appending import append_events
from suyuan.eventlog.log import Log
from suyuan.runtime.embedded.system import EmbeddedRun
from suyuan.runtime.memory import tune_allocator
from suyuan.runtime.settings import load
from suyuan.schemas.blocks import decode_block
from suyuan.schemas.topics import TOPICS

MAKER, STRANGER, GTIN, OTHER_GTIN = "91330106MABQWU0B72", "91330784MABQYF7F4B", "06903379452712", "06901234567892"
AT = 1_788_000_000_000
NUMBERS = count()
QUIET = 15
"""listings of the stranger beside nothing, for comparison"""


def main() -> None:
    """Run one shape and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=["row", "circle", "tree"])
    parser.add_argument("lots", type=int)
    options = parser.parse_args()
    print(json.dumps({"shape": options.shape, "lots": options.lots} | asyncio.run(_measure(options))))


async def _measure(options: argparse.Namespace) -> dict[str, Any]:
    tune_allocator()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "data"
        with Log.open(folder, "publish", "interval") as log:
            for topic in TOPICS:
                if topic.value == "event":
                    log.create_topic(topic.name, 1)
            append_events(log, _market(options.shape, options.lots))
        run = EmbeddedRun(load(data=folder, fsync=False), once=True)
        await run.start()
        try:
            await run.wait_drained()
            result: dict[str, Any] = {"mib_before": _peak_mib()}
            cpu = time.process_time()
            made = sum(bool(_parts(options.shape, number, options.lots)) for number in range(options.lots))
            for at, status, expected in ((0, "quiet", 0), (1, "open", made), (2, "closed", 0)):
                seconds, delays = await asyncio.to_thread(_watch, folder, at, status, expected)
                result[f"{status}_seconds"] = round(seconds, 1)
                result[f"{status}_others_max_ms"] = round(max(delays) * 1000)
            result["cpu_seconds"] = round(time.process_time() - cpu, 1)
            await run.wait_drained()
        finally:
            await run.stop()
    return result | {"peak_mib": _peak_mib()}


def _watch(folder: Path, at: int, status: str, expected: int) -> tuple[float, list[float]]:
    """Seconds until so many listings have the gap, and the delays of the stranger's."""
    waiting: dict[str, float] = {}
    delays: list[float] = []
    gaps: set[str] = set()
    recall = {"recall_no": "RC", "producer_code": MAKER, "gtin": GTIN, "lots": [], "level": 1, "reason": "x"}
    with Log.open(folder, "publish", "interval") as log:
        if status != "quiet":
            append_events(log, [_event("recall", at, **recall, status=status)])
        offset, began, told, done = log.end_offset("chain", 0), time.perf_counter(), 0, 0.0
        changed = 0
        while not done or waiting:
            now = time.perf_counter()
            if not done and now - began >= told * 0.2:
                waiting[f"{status}-{told}"] = now
                append_events(log, [_listing(f"{status}-{told}", STRANGER, OTHER_GTIN, None)])
                told += 1
            found = log.fetch("chain", 0, offset) if log.end_offset("chain", 0) > offset else None
            for each, block in zip(found.offsets, found.values, strict=True) if found else ():
                offset = each + 1
                for listing_id, names in decode_block(block or b"").select("listing_id", "gap_names").iter_rows():
                    if listing_id in waiting:
                        delays.append(time.perf_counter() - waiting.pop(listing_id))
                    elif "input_recalled" in names:
                        gaps.add(listing_id)
                    elif listing_id.startswith("I"):
                        changed += 1
                        gaps.discard(listing_id)
            if status == "quiet":
                done = 0.0 if told < QUIET else now - began
            elif not done and len(gaps) == expected and (expected or changed):
                done = time.perf_counter() - began
            time.sleep(0.005)
    return done, delays


def _market(shape: str, lots: int) -> list[dict[str, Any]]:
    events = []
    for code, gtin in ((MAKER, GTIN), (STRANGER, OTHER_GTIN)):
        events.append(_event("entity", 0, code=code, name="企业", status="active", division=None))
        facts = {"name": "产品", "category": "food", "requires_licence": False}
        events.append(_event("product", 0, gtin=gtin, producer_code=code, **facts))
    for number in range(lots):
        item = {"producer_code": MAKER, "gtin": GTIN}
        inputs = [item | {"lot": f"L{part:05}", "quantity": 1} for part in _parts(shape, number, lots)]
        facts = {"produced_on": "2026-08-01", "expires_on": None, "quantity": 10, "inputs": inputs}
        events.append(_event("lot", 0, **item, lot=f"L{number:05}", **facts))
        events.append(_listing(f"I{number}", MAKER, GTIN, f"L{number:05}"))
    return events


def _parts(shape: str, number: int, lots: int) -> list[int]:
    if shape == "tree":
        return [part for part in (2 * number + 1, 2 * number + 2) if part < lots]
    return [(number - 1) % lots] if number or shape == "circle" else []


def _listing(listing_id: str, code: str, gtin: str, lot: str | None) -> dict[str, Any]:
    facts = {"title": "商品", "category": "food", "price_fen": 1, "sold_30d": 0, "status": "active"}
    who = {"platform_code": STRANGER, "seller_code": code, "producer_code": code}
    return _event("listing", 0, listing_id=listing_id, **who, gtin=gtin, lot=lot, **facts)


def _event(kind: str, at: int, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "event_id": f"E{next(NUMBERS)}", "publisher": STRANGER, "occurred_at": AT + at, **fields}


def _peak_mib() -> int:
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) >> 10
    return 0


if __name__ == "__main__":
    main()
