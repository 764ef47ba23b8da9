"""What a market's publishers send: its events in no order, some again, in slices; and what they take back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from itertools import chain
from random import Random
from typing import Any

from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.calendar import day_start_ms
from suyuan.simulation.market import Market
from tests.end_to_end.markets import markets
from tests.reference.records import current_listings

Event = dict[str, Any]
COMMITTED, ABORTED, ABANDONED, PLAIN = "committed", "aborted", "abandoned", "plain"
DECOY = "aborted-"
"""what event ids begin with that publishers take back"""
_CHINA = dt.timezone(dt.timedelta(hours=8))
_BURST_EVENTS = 400
_LARGEST_TRANSACTION = 60


@dataclass(frozen=True, slots=True)
class Slice:
    """`at`: seconds after the market began. `how`: whether a transaction holds it, and how that one ends."""

    at: float
    publisher: int
    how: str
    events: list[Event]


@dataclass(slots=True)
class Script:
    """`events`: all that count, each once. `touches`: for each time that all is calm a newer version of every listing,
    which changes nothing: what is missing from a state then shows in the chains. `slices`: the events, some of them
    again, and what is taken back.
    """

    events: list[Event]
    touches: list[list[Event]]
    slices: list[Slice] = field(default_factory=list)

    @property
    def all_events(self) -> list[Event]:
        return [*self.events, *chain.from_iterable(self.touches)]


def draw_script(
    seed: int, simulated: int, dense: int, seconds: float, bursts: list[float], calms: int, *, transactions: bool
) -> Script:
    """`simulated` events of a simulated market, and `dense` small markets that have every gap. `bursts`: moments at
    which many events come at once, so that blocks are in work then. `calms`: times that all is calm.
    """
    chance = Random(f"events of {seed}")
    orderly = [event for event in Market(seed).events(simulated) if event["kind"] != "day"]
    shuffled = [event for event in markets(range(100 * seed, 100 * seed + dense)) if event["kind"] != "day"]
    if chance.random() < 0.5:
        shuffled += orderly
        orderly = []
    shuffled += _days()
    chance.shuffle(shuffled)
    places = sorted(chance.random() for _ in shuffled)
    paced = list(zip(places, shuffled, strict=True))
    paced += [(place / max(1, len(orderly)), event) for place, event in enumerate(orderly)]
    paced.sort(key=lambda pair: pair[0])
    events = [event for _, event in paced]
    script = Script(events, [_touches(events, calm) for calm in range(calms)])
    deliveries = list(events)
    for event in chance.choices(events, k=len(events) // 8):
        deliveries.insert(chance.randrange(len(deliveries) + 1), event)
    script.slices = _slices(chance, deliveries, seconds, bursts, transactions=transactions)
    return script


def _slices(
    chance: Random, deliveries: list[Event], seconds: float, bursts: list[float], *, transactions: bool
) -> list[Slice]:
    """Half of it in bursts, the rest as a trickle."""
    bursts = [at for at in bursts if at < seconds]
    share = min(0.5, _BURST_EVENTS * len(bursts) / len(deliveries))
    trickle: list[Event] = []
    gathered: list[Event] = []
    for event in deliveries:
        (gathered if chance.random() < share else trickle).append(event)
    parts: list[tuple[float, list[Event]]] = []
    for place, at in enumerate(bursts):
        parts.append((at, gathered[place :: len(bursts)]))
    place = 0
    while place < len(trickle):
        size = min(chance.choice((1, 2, 5, 20, 60)), len(trickle) - place)
        parts.append((seconds * place / len(trickle), trickle[place : place + size]))
        place += size
    slices = []
    newest = max(event["occurred_at"] for event in deliveries) + 3_600_000
    for at, some in sorted(parts, key=lambda part: part[0]):
        if not transactions or chance.random() < 0.5:
            slices.append(Slice(at, chance.randrange(2), PLAIN, some))
            continue
        slices += [
            Slice(at, chance.choice((2, 3)), COMMITTED, some[first : first + _LARGEST_TRANSACTION])
            for first in range(0, len(some), _LARGEST_TRANSACTION)
        ]
        if chance.random() < 0.25:
            how = ABANDONED if chance.random() < 0.1 else ABORTED
            decoys = [_decoy(event, newest, f"{len(slices)}-{number}") for number, event in enumerate(some[:20])]
            slices.append(Slice(at, chance.choice((2, 3)), how, decoys))
    return slices


def _decoy(event: Event, at: int, number: str) -> Event:
    """An event that changes chains wherever it counts."""
    decoy = event | {"event_id": f"{DECOY}{number}", "occurred_at": at}
    if event["kind"] == "listing":
        return decoy | {"status": "removed" if event["status"] == "active" else "active"}
    if event["kind"] == "entity":
        return decoy | {"status": "active" if event["status"] == "revoked" else "revoked"}
    if event["kind"] == "recall":
        return decoy | {"lots": [], "status": "closed" if event["status"] == "open" else "open"}
    if event["kind"] == "inspection":
        result = "pass" if event["result"] == "fail" else "fail"
        return decoy | {"result": result, "failed_items": ["x"] if result == "fail" else []}
    if event["kind"] == "shipment":
        return decoy | {"quantity": 0}
    if event["kind"] == "licence":
        return decoy | {"status": "revoked" if event["status"] == "valid" else "valid"}
    return decoy


def _days() -> list[Event]:
    """Until tomorrow, in China: later than any day that the running system publishes meanwhile."""
    tomorrow = dt.datetime.now(_CHINA).date() + dt.timedelta(days=1)
    return [
        {
            "kind": "day",
            "event_id": f"day-{day.isoformat()}",
            "publisher": SYSTEM,
            "occurred_at": day_start_ms(day),
            "date": day.isoformat(),
        }
        for day in (tomorrow - dt.timedelta(days=ago) for ago in (300, 200, 80, 60, 2, 1, 0))
    ]


def _touches(events: list[Event], calm: int) -> list[Event]:
    # no other id is greater; a later moment could be another day
    return [event | {"event_id": f"~{calm}-{number}"} for number, event in enumerate(current_listings(events))]
