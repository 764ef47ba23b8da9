"""Holders that sent more of a lot than they had."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from suyuan.domain.facts.stored import Stored, storable, stored
from suyuan.domain.records import Lot, Shipment

MOST_NAMED = 20
"""holders, and shipments of each, that are named at most: a lot may have a hundred thousand of both"""


@stored
class Exceeded(Stored, frozen=True, kw_only=True):
    """A holder whose sum sent exceeds what it had: `received`, which for the producer is the lot's quantity and what
    came back. `evidence`: its shipments out, the greatest first, then those in; for the producer the lot's record
    first.
    """

    code: str
    sent: int
    received: int
    evidence: tuple[str, ...]


def exceeded_by(lot: Lot, shipments: Sequence[Shipment]) -> tuple[Exceeded, ...]:
    """The holders that sent more than they had. `shipments`: all current ones of the lot, void ones too."""
    shipments = [shipment for shipment in shipments if shipment.quantity > 0]
    sent: dict[str, int] = defaultdict(int)
    received: dict[str, int] = defaultdict(int)
    for shipment in shipments:
        sent[shipment.from_code] += shipment.quantity
        received[shipment.to_code] += shipment.quantity
    received[lot.producer_code] += lot.quantity
    over = sorted((received[code] - total, code) for code, total in sent.items() if total > received[code])
    named = {code for _, code in over[:MOST_NAMED]}
    moves: dict[str, list[tuple[bool, int, str]]] = {code: [] for code in named}
    for shipment in shipments:
        if shipment.from_code in named:
            moves[shipment.from_code].append((False, -shipment.quantity, shipment.evidence))
        if shipment.to_code in named and shipment.to_code != shipment.from_code:
            moves[shipment.to_code].append((True, -shipment.quantity, shipment.evidence))
    facts = []
    for _, code in over[:MOST_NAMED]:
        evidence = [evidence for _, _, evidence in sorted(moves[code])]
        if code == lot.producer_code:
            evidence.insert(0, lot.evidence)
        facts.append(
            Exceeded(
                code=code,
                sent=storable(sent[code]),
                received=storable(received[code]),
                evidence=tuple(evidence[:MOST_NAMED]),
            )
        )
    return tuple(facts)
