"""Events into the log, in batches."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from suyuan.domain.keys import SEPARATOR
from suyuan.errors import SuyuanError
from suyuan.publishing.checking import refuse
from suyuan.publishing.door import Door
from suyuan.publishing.errors import Undelivered
from suyuan.publishing.files.outlet import Outlet, Taken
from suyuan.publishing.files.tally import Tally
from suyuan.publishing.files.verdicts import Place, Said, Told, Verdict
from suyuan.publishing.keys import Identities, identities
from suyuan.schemas.events import encode_event

_BATCH = 4_000
_BATCH_BYTES = 16 << 20
"""of all kinds together: what is held in memory, whatever the size of events"""
_UNDER_WAY = 2
"""batches being stored while the next one is read"""
_NOWHERE = Place(0, 0)

Judge = Callable[[str, Mapping[str, Any]], None]
"""of a kind and an event: raises InvalidEvent for one that may not be published here"""


@dataclass(slots=True)
class _Batch:
    events: list[Mapping[str, Any]] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)


class Publisher:
    """Collects events by kind and hands them to the outlet in batches of one kind. What its tally counts is stored."""

    def __init__(
        self,
        outlet: Outlet,
        tally: Tally | None = None,
        clock: Callable[[], float] = time.time,
        judge: Judge | None = None,
        told: Told | None = None,
        *,
        with_keys: bool = False,
        door: Door | None = None,
    ) -> None:
        """`clock`: seconds since the epoch; the log will take an event about now. `told`: gets a verdict of each event
        that is stored, in no order; `with_keys`: with its business key. `door`: that events come in by, None for one
        that has no key.
        """
        self._outlet = outlet
        self._tally = tally if tally is not None else Tally()
        if outlet.knows_reuse and self._tally.reused_id is None:
            self._tally.reused_id = 0
        self._clock = clock
        self._judge = judge
        self._told = told
        self._with_keys = with_keys
        self._door = door or Door()
        self._batches: defaultdict[str, _Batch] = defaultdict(_Batch)
        self._bytes = 0
        self._under_way: deque[tuple[Future[Taken], Identities, list[Place]]] = deque()

    def take(self, kind: str, event: Mapping[str, Any], place: Place = _NOWHERE) -> Mapping[str, Any]:
        """Take one event in; returns it as the door admitted it. Raises InvalidEvent where the rules of acceptance or
        the judge refuse it, ValueError where its schema does not allow it; what the door raises.
        """
        if self._judge is not None:
            self._judge(kind, event)
        event = self._door.admit(kind, event)
        refuse(kind, event, self._clock())
        value = encode_event(kind, event)
        batch = self._batches[kind]
        batch.events.append(event)
        batch.values.append(value)
        if self._told is not None:
            batch.places.append(place)
        self._bytes += len(value)
        if len(batch.values) >= _BATCH:
            self._hand_over(kind)
        elif self._bytes >= _BATCH_BYTES:
            self._hand_over(*self._batches)
        return event

    def flush(self) -> None:
        """Return when everything taken in so far is stored. Raises SuyuanError: what is not told is not known to be."""
        self._hand_over(*self._batches)
        self._await_appends(0)

    def settle(self) -> None:
        """Return when what was handed over is stored and counted; the rest of what was taken in is not handed over.
        Raises SuyuanError.
        """
        self._await_appends(0)

    def _hand_over(self, *kinds: str) -> None:
        for kind in kinds:
            batch = self._batches.pop(kind)
            self._bytes -= sum(map(len, batch.values))
            named = identities(kind, batch.events)
            self._under_way.append((self._outlet.append(named, batch.values), named, batch.places))
            self._await_appends(_UNDER_WAY)

    def _await_appends(self, most: int) -> None:
        failures: list[SuyuanError] = []
        while len(self._under_way) > (0 if failures else most):
            future, named, places = self._under_way.popleft()
            try:
                taken = future.result()
            except SuyuanError as error:
                failures.append(error)
                continue
            self._count(taken, named, places)
            if taken.failure is not None:
                failures.append(taken.failure)
        if failures:
            lost = [each.count for each in failures if isinstance(each, Undelivered)]
            reason = next((each.reason for each in failures if isinstance(each, Undelivered)), "")
            raise Undelivered(sum(lost), reason) if len(lost) == len(failures) else failures[0]

    def _count(self, taken: Taken, named: Identities, places: list[Place]) -> None:
        accepted = taken.new.count(True)
        self._tally.accepted += accepted
        self._tally.duplicate += taken.new.count(False)
        if taken.reused is not None:
            self._tally.reused_id = (self._tally.reused_id or 0) + taken.reused
        if self._told is not None:
            told = zip(taken.new, places, named.refs(), named.rows["event_id"].to_list(), named.keys, strict=True)
            for new, place, ref, event_id, key in told:
                if new is not None:
                    said = Said.ACCEPTED if new else Said.DUPLICATE
                    parts = tuple(key.decode().split(SEPARATOR)) if self._with_keys else None
                    self._told(Verdict(place.index, place.line, said, named.kind, event_id, ref, parts))
