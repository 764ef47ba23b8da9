"""What is known of a lot: (producer_code, gtin, lot)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from suyuan.domain.facts.balance import Exceeded, exceeded_by
from suyuan.domain.facts.lineage import Taint
from suyuan.domain.facts.quality import InspectionFact, RecallFact, gravest, latest
from suyuan.domain.facts.stored import Stored, stored
from suyuan.domain.keys import split_key
from suyuan.domain.records import Inspection, Lot, Recall, Shipment

MOST_NAMED = 20
"""input lots that the facts of a lot name at most: a gap needs one, a reader some"""


@stored
class TaintedInput(Stored, frozen=True, kw_only=True):
    """A lot that went into this one, recalled or failed; `evidence` is the recall or inspection."""

    producer_code: str
    gtin: str
    lot: str
    evidence: str


@stored
class LotFacts(Stored, frozen=True, kw_only=True):
    """Facts of a lot; `produced_on` to `evidence` are those of the lot record, null without one."""

    producer_code: str
    gtin: str
    lot: str
    known: bool
    produced_on: dt.date | None
    expires_on: dt.date | None
    quantity: int | None
    evidence: str | None
    inspection: InspectionFact | None
    """the latest of the lot itself"""
    recall: RecallFact | None
    """open, names the lot"""
    exceeded: tuple[Exceeded, ...]
    """who sent more of it than they had, the greatest excess first; empty for a lot without a record"""
    input_recalled: tuple[TaintedInput, ...]
    """nearest first, at most MOST_NAMED; so too `input_failed`"""
    input_failed: tuple[TaintedInput, ...]


def summarise_lot(
    lot_key: str,
    lot: Lot | None,
    shipments: Sequence[Shipment],
    inspections: Sequence[Inspection],
    recalls: Sequence[Recall],
    input_taints: Iterable[Taint],
) -> LotFacts:
    """`input_taints`: what `lineage.combine` says of the lot; its own taints are passed over. `shipments`:
    all current ones of the lot. Inspections and recalls of others are passed over.
    """
    producer_code, gtin, text = split_key(lot_key)
    item = (producer_code, gtin)
    inherited = sorted(
        (taint for taint in input_taints if taint.root != lot_key),
        key=lambda taint: (len(taint.path), taint.root),
    )
    return LotFacts(
        producer_code=producer_code,
        gtin=gtin,
        lot=text,
        known=lot is not None,
        produced_on=lot.produced_on if lot else None,
        expires_on=lot.expires_on if lot else None,
        quantity=lot.quantity if lot else None,
        evidence=lot.evidence if lot else None,
        inspection=latest(x for x in inspections if (x.producer_code, x.gtin) == item and x.lot == text),
        recall=gravest(x for x in recalls if (x.producer_code, x.gtin) == item and text in x.lots),
        exceeded=exceeded_by(lot, shipments) if lot else (),
        input_recalled=_tainted(inherited, "recalled"),
        input_failed=_tainted(inherited, "failed"),
    )


def _tainted(taints: Iterable[Taint], kind: str) -> tuple[TaintedInput, ...]:
    found = []
    for taint in taints:
        if taint.kind == kind:
            producer_code, gtin, lot = split_key(taint.root)
            found.append(TaintedInput(producer_code=producer_code, gtin=gtin, lot=lot, evidence=taint.evidence))
    return tuple(found[:MOST_NAMED])
