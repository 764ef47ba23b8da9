"""How a lot came from its producer to each holder, by its shipments.

Two searches over the shipments, whatever their number: one that only follows shipments in the order of time
(never leaving before it arrived), and one that follows all. The first is preferred where it reaches the
holder.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from suyuan.domain.facts.stored import Stored, storable, stored
from suyuan.domain.keys import split_key
from suyuan.domain.records import Shipment

ORIGIN = -1
MOST_RECEIPTS = 20
"""shipments named at most as evidence of what a holder received"""


@stored
class Hop(Stored, frozen=True, kw_only=True):
    """One shipment on the way. `shipped_at`: ms since the epoch, UTC."""

    shipment_id: str
    from_code: str
    to_code: str
    quantity: int
    shipped_at: int
    evidence: str


@stored
class CustodyFacts(Stored, frozen=True, kw_only=True):
    """What a holder received of a lot, and on which way."""

    producer_code: str
    gtin: str
    lot: str
    seller_code: str
    received: int
    receipts: tuple[str, ...]
    """evidence of `received`, the greatest quantities first, at most MOST_RECEIPTS"""
    reachable: bool
    """some path of shipments leads here from the producer"""
    in_time: bool
    """on some such path the times never go back"""
    hops: tuple[Hop, ...]
    """the path with the fewest hops, of those in time if there is one; ties: earliest arrival, then the business keys
    along the path
    """


class Custody(Mapping[str, CustodyFacts]):
    """Custody facts of every holder that was sent a lot, by code. Hops are made when asked for: of a lot with a hundred
    thousand holders only those that sell it need them.
    """

    def __init__(self, lot_key: str, producer_code: str, shipments: Sequence[Shipment]) -> None:
        self._key = split_key(lot_key)
        self._producer = producer_code
        self._shipments = sorted((x for x in shipments if x.quantity > 0), key=_in_order)
        self._receipts: dict[str, list[Shipment]] = defaultdict(list)
        for shipment in self._shipments:
            self._receipts[shipment.to_code].append(shipment)
        self._in_time = _search_in_time(producer_code, self._shipments)
        self._any: _Paths | None = None

    def __getitem__(self, holder: str) -> CustodyFacts:
        if holder not in self._receipts:
            raise KeyError(holder)
        receipts = sorted(self._receipts[holder], key=lambda x: (-x.quantity, *_in_order(x)))
        in_time = holder in self._in_time
        paths = self._in_time if in_time else self._all_paths()
        producer_code, gtin, lot = self._key
        return CustodyFacts(
            producer_code=producer_code,
            gtin=gtin,
            lot=lot,
            seller_code=holder,
            received=storable(sum(shipment.quantity for shipment in receipts)),
            receipts=tuple(shipment.evidence for shipment in receipts[:MOST_RECEIPTS]),
            reachable=holder in paths,
            in_time=in_time,
            hops=tuple(_hop(self._shipments[number]) for number in paths.to(holder)),
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self._receipts)

    def __len__(self) -> int:
        return len(self._receipts)

    def _all_paths(self) -> _Paths:
        if self._any is None:
            self._any = _search_any(self._producer, self._shipments)
        return self._any


def custody(lot_key: str, producer_code: str, shipments: Sequence[Shipment]) -> Custody:
    """Custody of a lot by its current shipments, in any order, void ones too. O(n log n)."""
    return Custody(lot_key, producer_code, shipments)


class _Paths:
    """Shortest paths from one origin over shipments, which are named by their index in a list; ORIGIN is no shipment.

    Of equally short ways to a holder the one that goes on is that of the least keys from the origin on; the one that is
    told is the first to arrive, then that of the least keys. Two paths are compared where they part, which is found in
    O(log n) steps: each path knows another one that it goes on from far back (skew-binary jump pointers).
    """

    def __init__(self, origin: str, shipments: Sequence[Shipment]) -> None:
        self.hops: dict[str, int] = {origin: 0}
        self._shipments = shipments
        self._goes_on: dict[str, int] = {origin: ORIGIN}
        self._told: dict[str, int] = {origin: ORIGIN}
        self._before = {ORIGIN: ORIGIN}
        self._far_before = {ORIGIN: ORIGIN}
        self._length = {ORIGIN: 0}

    def __contains__(self, holder: object) -> bool:
        return holder in self.hops

    def extend(self, number: int, shipment: Shipment) -> bool:
        """Extend a path by a shipment from a holder already reached; True if it leads to a new or nearer holder."""
        distance = self.hops[shipment.from_code] + 1
        known = self.hops.get(shipment.to_code)
        if known is not None and distance > known:
            return False
        self._lead_to(number, self._goes_on[shipment.from_code])
        if known is None or distance < known:
            self.hops[shipment.to_code] = distance
            self._goes_on[shipment.to_code] = self._told[shipment.to_code] = number
            return True
        if self._precedes(number, self._goes_on[shipment.to_code]):
            self._goes_on[shipment.to_code] = number
        told = self._told[shipment.to_code]
        arrived = self._shipments[told].occurred_at
        if shipment.occurred_at < arrived or (shipment.occurred_at == arrived and self._precedes(number, told)):
            self._told[shipment.to_code] = number
        return False

    def to(self, holder: str) -> list[int]:
        """The shipments of the path, from the origin on; empty for the origin and for a holder that is not reached."""
        path = []
        number = self._told.get(holder, ORIGIN)
        while number != ORIGIN:
            path.append(number)
            number = self._before[number]
        return path[::-1]

    def _lead_to(self, number: int, before: int) -> None:
        far = self._far_before[before]
        farther = self._far_before[far]
        even = self._length[before] - self._length[far] == self._length[far] - self._length[farther]
        self._before[number] = before
        self._far_before[number] = farther if even else before
        self._length[number] = self._length[before] + 1

    def _precedes(self, one: int, other: int) -> bool:
        """Whether one of two paths of the same length, named by their last shipments, precedes the other."""
        while self._before[one] != self._before[other]:
            step = self._far_before if self._far_before[one] != self._far_before[other] else self._before
            one, other = step[one], step[other]
        return _key(self._shipments[one]) < _key(self._shipments[other])


def _search_in_time(origin: str, shipments: Sequence[Shipment]) -> _Paths:
    """Paths that never leave a holder before they arrived. Shipments are taken in the order of time, so a holder's
    distance is that of the arrivals before the present shipment leaves. Shipments of one moment may follow one another
    in any order: nearest holders first.
    """
    paths = _Paths(origin, shipments)
    for _, moment in groupby(range(len(shipments)), key=lambda number: shipments[number].occurred_at):
        leaving: dict[str, list[int]] = defaultdict(list)
        for number in moment:
            leaving[shipments[number].from_code].append(number)
        nearest = [(paths.hops[holder], holder) for holder in leaving if holder in paths]
        heapq.heapify(nearest)
        while nearest:
            _, holder = heapq.heappop(nearest)
            for number in leaving.pop(holder, ()):
                to_code = shipments[number].to_code
                if paths.extend(number, shipments[number]) and to_code in leaving:
                    heapq.heappush(nearest, (paths.hops[to_code], to_code))
    return paths


def _search_any(origin: str, shipments: Sequence[Shipment]) -> _Paths:
    """Paths by breadth first, whatever the times."""
    paths = _Paths(origin, shipments)
    leaving: dict[str, list[int]] = defaultdict(list)
    for number, shipment in enumerate(shipments):
        leaving[shipment.from_code].append(number)
    frontier = [origin]
    while frontier:
        frontier = [
            shipments[number].to_code
            for holder in frontier
            for number in leaving.pop(holder, ())
            if paths.extend(number, shipments[number])
        ]
    return paths


def _in_order(shipment: Shipment) -> tuple[int, tuple[str, ...]]:
    return shipment.occurred_at, _key(shipment)


def _key(shipment: Shipment) -> tuple[str, ...]:
    """The parts of the business key in which shipments of one lot differ."""
    return shipment.from_code, shipment.shipment_id, shipment.to_code, shipment.line or ""


def _hop(shipment: Shipment) -> Hop:
    return Hop(
        shipment_id=shipment.shipment_id,
        from_code=shipment.from_code,
        to_code=shipment.to_code,
        quantity=shipment.quantity,
        shipped_at=shipment.occurred_at,
        evidence=shipment.evidence,
    )
