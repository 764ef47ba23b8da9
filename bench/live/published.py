"""From an event that is published over HTTP to its alert in an open stream, while other listings stream in."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import msgspec

from bench.live.figures import spread
from bench.live.streams import LISTING_ID, Listener, Stream
from bench.live.system import Portal
from suyuan.access.principal import Role
from suyuan.eventlog.log import Log, Records
from suyuan.schemas.events import decode_event
from suyuan.schemas.topics import TOPICS
from suyuan.simulation.bulk import Bulk, EncodedEvents

FAULT = "custody_missing"
"""of listings that raise an alert, one each: what is wrong is about the listing alone"""
PLATFORMS = 8
"""that the market's listings come from in turn"""
PORTIONS = 20
"""of the other listings, a second"""
POSTERS = 4
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Market:
    """`bodies`: requests of one listing each, whose alert is waited for, all of one platform, by `listing_ids`;
    `sound`: listings that raise none, in portions.
    """

    platform: str
    listing_ids: list[bytes]
    bodies: list[bytes]
    sound: list[EncodedEvents]


def market(codes: int, alerts: int, sound: int, portion: int) -> Market:
    """So many of each."""
    bulk = Bulk(0, codes)
    numbers = islice((number for number in count() if bulk.fault(number) is None), sound)
    portions = list[EncodedEvents]()
    while batch := list(islice(numbers, portion)):
        portions.append(_only(bulk, batch))
    faulty = (number for number in count(0, PLATFORMS) if bulk.fault(number) == FAULT)
    listings = [_listing(bulk, number) for number in islice(faulty, alerts)]
    return Market(
        listings[0]["platform_code"],
        [listing["listing_id"].encode() for listing in listings],
        [msgspec.json.encode(listing) + b"\n" for listing in listings],
        portions,
    )


def publish_records(folder: Path, codes: int) -> None:
    """What sound listings rest on, into the log of a folder."""
    with Log.open(folder, "publish", "interval") as log:
        for topic in TOPICS:
            if topic.value == "event":
                log.create_topic(topic.name, 1)
        for batch in Bulk(0, codes).record_batches():
            _append(log, batch)


def measure_published(portal: Portal, bought: Market, rate: int) -> dict[str, Any]:
    """With `rate` of the market's requests a second, the sound listings beside them at PORTIONS a second. The first
    request is not counted.
    """
    (key,) = portal.keys(1, Role.PLATFORM, code=bought.platform)
    (watcher,) = portal.keys(1, Role.REGULATOR, division="")
    time.sleep(1)
    with Listener(Stream.open(portal.port, watcher, pattern=LISTING_ID)) as listener:
        poster = _Poster(portal.port, key, bought)
        poster.send(0)
        if listener.wait(bought.listing_ids[:1], PATIENCE):
            raise RuntimeError("no alert of the first listing came")
        feeder = threading.Thread(target=_feed, args=(portal.folder, bought.sound, late := list[float]()))
        used, began = portal.seconds(), time.monotonic()
        feeder.start()
        poster.send_all(began, rate)
        feeder.join()
        missing = listener.wait(bought.listing_ids[1:], PATIENCE)
        used, took = portal.seconds() - used, time.monotonic() - began
    seen = listener.seen
    sent = {bought.listing_ids[at]: due for at, due in poster.due.items()}
    return {
        **spread(seen[each] - due for each, due in sent.items() if each in seen),
        "alerts": len(sent) - len(missing),
        "missing": len(missing),
        "other_alerts": len(set(seen) - set(bought.listing_ids)),
        "listings_per_second": round(sum(len(each.keys) for each in bought.sound) / (len(bought.sound) / PORTIONS)),
        "listings_late_ms": round(max(late, default=0.0) * 1000, 1),
        "answer": spread(poster.took),
        "portal_cores": round(used / took, 3),
    }


class _Poster:
    """Sends requests, each of one listing, when each is due, by several connections."""

    def __init__(self, port: int, key: str, bought: Market) -> None:
        self._port, self._key, self._bodies = port, key, bought.bodies
        self.due: dict[int, float] = {}
        self.took = list[float]()
        self._failures = list[str]()

    def send(self, number: int, connection: http.client.HTTPConnection | None = None) -> None:
        """One. Raises RuntimeError where it is not taken."""
        made = connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        made.request("POST", "/api/v1/events", self._bodies[number], {"Authorization": f"Bearer {self._key}"})
        answer = made.getresponse()
        said = json.loads(answer.read())
        if (answer.status, said.get("accepted")) != (200, 1):
            raise RuntimeError(f"{answer.status}: {str(said)[:300]}")

    def send_all(self, began: float, rate: int) -> None:
        """All but the first, so many a second. Raises RuntimeError where one was not taken."""
        numbers, turn = iter(range(1, len(self._bodies))), threading.Lock()

        def post() -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
            while not self._failures:
                with turn:
                    number = next(numbers, None)
                if number is None:
                    return
                self.due[number] = due = began + number / rate
                time.sleep(max(0.0, due - time.monotonic()))
                try:
                    self.send(number, connection)
                except (OSError, RuntimeError, http.client.HTTPException) as error:
                    self._failures.append(str(error))
                self.took.append(time.monotonic() - due)

        posters = [threading.Thread(target=post) for _ in range(POSTERS)]
        for each in posters:
            each.start()
        for each in posters:
            each.join()
        if self._failures:
            raise RuntimeError(self._failures[0])


def _feed(folder: Path, portions: Sequence[EncodedEvents], late: list[float]) -> None:
    due = time.monotonic()
    with Log.open(folder, "publish", "interval") as log:
        for portion in portions:
            _append(log, portion)
            due += 1 / PORTIONS
            late.append(time.monotonic() - due)
            time.sleep(max(0.0, due - time.monotonic()))


def _append(log: Log, batch: EncodedEvents) -> None:
    at = (f"in.{batch.kind}", 0)
    log.append_many({at: Records(batch.keys, batch.values)}, {at: batch.ids})


def _only(bulk: Bulk, numbers: Sequence[int]) -> EncodedEvents:
    (all_of,) = bulk.listing_batches(numbers[0], numbers[-1] + 1)
    rows = [number - numbers[0] for number in numbers]
    keys, values, ids = ([column[row] for row in rows] for column in (all_of.keys, all_of.values, all_of.ids))
    return EncodedEvents("listing", keys, values, ids)


def _listing(bulk: Bulk, number: int) -> dict[str, Any]:
    (batch,) = bulk.listing_batches(number, number + 1)
    kind, event = decode_event(batch.values[0])
    return {"kind": kind} | {name: value for name, value in event.items() if value is not None}
