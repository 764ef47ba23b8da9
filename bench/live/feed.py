"""The feed of a portal that nothing runs beside: alerts are appended as the stage that raises them does."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections.abc import Sequence
from subprocess import PIPE, Popen
from typing import Any, Self

import polars as pl

from bench.live.figures import spread
from bench.live.streams import Listener, Stream
from bench.live.system import ROOT, Portal
from suyuan.access.principal import Role
from suyuan.eventlog.log import Log, Record
from suyuan.operations.alerts.cursor import write_cursor
from suyuan.operations.alerts.outward import BLOCK, TOPIC
from suyuan.portal.live.feed import LINGER_SECONDS, MOST_OF_ONE, SEND_SECONDS
from suyuan.portal.live.ring import MOST_ROWS
from suyuan.schemas.blocks import block_schema, encode_block

PLATFORM = "91330106MABQWU0B72"
FILTERS: tuple[dict[str, str], ...] = (
    {},
    {"condition": "standing"},
    {"bureau": "33,32"},
    {"platform": PLATFORM},
    {"severity": "high,critical"},
)
"""of the streams in turn: all alerts are for all, and each filter is held against every one of them"""
PATIENCE = 60.0
SAMPLED = 25
"""of so many streams one says when each alert came"""
CHUNK = 100
"""alerts in a message, where the feed's ring is filled"""
LEFT = 50
"""messages that the stream that does not read is told first: what the system takes for it is full at once"""
LOOK_SECONDS = 0.25
SETTLE_SECONDS = 1.0
QUIET_SECONDS = 3.0
"""after the last write, until a log that is not written to is known to be still at less cost"""
EVICTED = "suyuan_portal_live_evicted_total"

Messages = list[tuple[list[bytes], bytes]]


class Alerts:
    """Appends alerts to the log of a folder, and knows when it did. A context."""

    def __init__(self, portal: Portal, *, fsync: bool) -> None:
        self._log = Log.open(portal.folder, "publish", "always" if fsync else "interval")
        self._made = 0
        self.appended: dict[bytes, float] = {}
        """when it began to append each: the log's own time is part of what is measured"""

    def __enter__(self) -> Self:
        self._log.create_topic(TOPIC, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._log.close()

    def made(self, count: int, in_each: int) -> Messages:
        """Ids and bytes of messages with so many alerts each, `count` alerts in all."""
        numbers = range(self._made, self._made + count)
        self._made += count
        return [_message(numbers[at : at + in_each]) for at in range(0, count, in_each)]

    def place(self, messages: int) -> str:
        """Of a stream that has so many messages to be told again."""
        return write_cursor(TOPIC, {(TOPIC, 0): max(0, self._log.end_offset(TOPIC, 0) - messages)})

    def say(self, messages: Messages, every: float, jitter: float = 0.0) -> None:
        """So many seconds between two messages, each up to `jitter` of that later."""
        chance, due = random.Random(1), time.monotonic()
        for ids, value in messages:
            time.sleep(max(0.0, due + chance.random() * jitter * every - time.monotonic()))
            now = time.monotonic()
            self.appended |= dict.fromkeys(ids, now)
            self._log.append(TOPIC, 0, [Record(b"k", value)])
            due += every


def measure_nobody(portal: Portal, key: str, seconds: float) -> dict[str, Any]:
    """What the portal uses without a stream, with one to which nothing comes, and when that has left and the feed has
    waited for it to come back.
    """
    time.sleep(QUIET_SECONDS)
    found = {"without_a_stream": _idle(portal, seconds)}
    with Listener(Stream.open(portal.port, key)):
        time.sleep(SETTLE_SECONDS)
        found["with_an_idle_stream"] = _idle(portal, seconds)
    time.sleep(LINGER_SECONDS + SETTLE_SECONDS)
    return found | {"when_it_has_left": _idle(portal, seconds)}


def _idle(portal: Portal, seconds: float) -> dict[str, float]:
    began, used, woken = time.monotonic(), portal.seconds(), portal.wakeups()
    time.sleep(seconds)
    took, used, woken = time.monotonic() - began, portal.seconds() - used, portal.wakeups() - woken
    return {"cores": round(used / took, 4), "wakeups_per_second": round(woken / took, 1)}


def measure_append(portal: Portal, alerts: Alerts, key: str, rate: int, seconds: float) -> dict[str, Any]:
    """One alert a message, one stream."""
    messages = alerts.made(int(rate * seconds), 1)
    with Listener(Stream.open(portal.port, key)) as listener:
        time.sleep(SETTLE_SECONDS)
        alerts.say(messages, 1 / rate, jitter=0.9)
        names = [name for ids, _ in messages for name in ids]
        missing = listener.wait(names, PATIENCE)
    seen = listener.seen
    return {**spread(seen[each] - alerts.appended[each] for each in names if each in seen), "missing": len(missing)}


def fill_ring(portal: Portal, alerts: Alerts, key: str) -> None:
    """As many alerts as the feed keeps, so that its memory does not grow by them later."""
    messages = alerts.made(MOST_ROWS, CHUNK)
    with Listener(Stream.open(portal.port, key)) as listener:
        alerts.say(messages, 0.0)
        if listener.wait(messages[-1][0], PATIENCE):
            raise RuntimeError("alerts do not come")


def measure_many(
    portal: Portal, alerts: Alerts, streams: int, rate: int, in_each: int, seconds: float
) -> dict[str, Any]:
    """Every stream but one reads all. What was told twice is told, and what never came; the processor time is all that
    the portal used until all was delivered, a second in which alerts were appended.
    """
    messages = alerts.made(int(rate * seconds), in_each)
    names = [name.decode() for ids, _ in messages for name in ids]
    keys = portal.keys(-(-streams // MOST_OF_ONE), Role.REGULATOR, division="")
    time.sleep(SETTLE_SECONDS)
    as_whom = [(keys[at // MOST_OF_ONE], FILTERS[at % len(FILTERS)]) for at in range(streams)]
    wanted = {
        "port": portal.port,
        "not_reading": [(as_whom[0][0], {"after": alerts.place(LEFT)})],
        "reading": as_whom[1:],
        "alerts": len(names),
        "sampled": SAMPLED,
    }
    wanted["seconds"] = 2 * seconds + PATIENCE
    memory, before = {"before": portal.mib()}, portal.counted(EVICTED)
    with _Listeners(wanted) as listeners:
        time.sleep(SETTLE_SECONDS)
        memory["with_streams"] = portal.mib()
        with _Most(portal) as most:
            used, began = portal.seconds(), time.monotonic()
            alerts.say(messages, in_each / rate)
            took = time.monotonic() - began
            told = listeners.told()  # where the machine has other work, some of this one is done later
            used = portal.seconds() - used
            _await_eviction(portal, before)
    evicted = {name: at - before.get(name, 0.0) for name, at in portal.counted(EVICTED).items()}
    time.sleep(SETTLE_SECONDS)
    memory |= {"most": most.mib, "after": portal.mib()}
    came = [(name.encode(), at) for each in told for name, at in each["came"]]
    return {
        "streams": len(told),
        "delivered": sum(each["different"] for each in told),
        "missing": sum(len(names) - each["different"] for each in told),
        "twice": sum(each["told"] - each["different"] for each in told),
        "bursts_and_resets": sum(len(each["others"]) for each in told),
        "ended_early": sum(each["ended"] for each in told),
        "evicted": sum(evicted.values()),
        "portal_cores": round(used / took, 3),
        "microseconds_a_delivery": round(used / max(1, sum(each["told"] for each in told)) * 1e6, 2),
        "alerts_per_second": round(len(names) / took, 1),
        "memory_mib": memory,
        **spread(at - alerts.appended[name] for name, at in came),
        "evicted_for": evicted,
    }


class _Listeners:
    """A process of `bench.live.streams`. A context, which begins when all streams are open."""

    def __init__(self, wanted: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "bench.live.streams"]
        self._process = Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True)
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(wanted) + "\n")
            self._process.stdin.flush()

    def __enter__(self) -> Self:
        if self._line() != "open\n":
            self._process.wait()
            raise RuntimeError("streams were not opened")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def told(self) -> list[dict[str, Any]]:
        """Of each stream; waits until they were told everything."""
        told: list[dict[str, Any]] = json.loads(self._line())
        return told

    def _line(self) -> str:
        return "" if self._process.stdout is None else self._process.stdout.readline()


class _Most:
    """The most memory that a portal has meanwhile. A context."""

    def __init__(self, portal: Portal) -> None:
        self.mib = 0.0
        self._portal = portal
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            self.mib = max(self.mib, self._portal.mib())


def _await_eviction(portal: Portal, before: dict[str, float]) -> None:
    """Of who does not read; one for whom little waits is given up after a while."""
    until = time.monotonic() + SEND_SECONDS + 2 * LOOK_SECONDS
    while portal.counted(EVICTED) == before and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)


def _message(numbers: Sequence[int]) -> tuple[list[bytes], bytes]:
    schema, names = block_schema(BLOCK), [f"{number:032x}-330106" for number in numbers]
    rows = [dict.fromkeys(schema) | _alert(number, name) for number, name in zip(numbers, names, strict=True)]
    return [name.encode() for name in names], encode_block(BLOCK, pl.DataFrame(rows, schema=schema))


def _alert(number: int, name: str) -> dict[str, Any]:
    """Of 1.5 kB, as it is told, and so grave that it is never only counted."""
    now = time.time_ns() // 1_000_000
    title = f"【正品】手工桂花蜂蜜糕 300g {number % 9 + 1}件装 包邮"
    return {
        "alert_id": name,
        "rule": "recalled_on_sale",
        "rule_version": 1,
        "severity": ("high", "critical")[number % 2],
        "title_zh": "召回产品仍在销售",
        "title_en": "Recalled product still on sale",
        "subject_kind": "lot",
        "subject": f"lot:91330784MABQYF7F4B/06903379452712/H{number:08d}",
        "state": "raised",
        "handling": "open",
        "change": "raised",
        "listings": 1,
        "platforms": [{"platform_code": PLATFORM, "listings": 1}],
        "verdict": "contradicted",
        "producer_code": "91330784MABQYF7F4B",
        "gtin": "06903379452712",
        "lot": f"H{number:08d}",
        "gap_names": ["lot_recalled"],
        "explanation_zh": f"商品“{title}”（GTIN 06903379452712，批次 H260112）已被召回（2 级），"
        "仍在销售，近30日销量 12。",
        "explanation_en": f"“{title}” (GTIN 06903379452712, lot H260112) is under a level 2 recall and still on sale; "
        "12 sold in 30 days.",
        "triggering": json.dumps({"gap_names": ["lot_recalled"], "recall_level": 2, "title": title, "sold_30d": 12}),
        "evidence": [f"listing/{PLATFORM}/g{number}", "recall/11100000MB0143028R/r18", "lot/11100000MB0143028R/l18"],
        "producer_division": "330784",
        "bureau": "330106",
        "bureau_why": "seller:330106",
        "basis": f"{number:016x}",
        "newest_listed_at": now,
        "raised_at": now,
        "changed_at": now,
        "received_at": now,
        "sequence": 1,
    }
