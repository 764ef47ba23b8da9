"""Facts of a lot: (producer_code, gtin, lot)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from suyuan.domain.facts.balance import Exceeded, exceeded_by
from suyuan.domain.facts.lineage import TOLD, Kind, Taint, inherited
from suyuan.domain.facts.quality import InspectionFact, RecallFact, gravest, latest
from suyuan.domain.facts.stored import Stored, stored
from suyuan.domain.keys import join_key, split_key
from suyuan.domain.records import Inspection, Lot, Recall, Shipment

MOST_NAMED = TOLD - 1
"""input lots that the facts of a lot name at most: the nearest, as far as they are known whether or not the lot is one
of those it tells of itself. All of them are what a trace is for."""


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
    """the nearest first, then by key, at most MOST_NAMED; so too `input_failed`"""
    input_failed: tuple[TaintedInput, ...]


def summarise_lot(
    lot_key: str,
    lot: Lot | None,
    shipments: Sequence[Shipment],
    inspections: Sequence[Inspection],
    recalls: Sequence[Recall],
    input_taints: Sequence[Taint],
) -> LotFacts:
    """The facts of one lot. `input_taints`: what `lineage.combine` returned for the lot; its own taints are passed
    over. `shipments`: all current ones of the lot. Inspections and recalls of others are passed over.
    """
    producer_code, gtin, text = split_key(lot_key)
    item = (producer_code, gtin)
    return LotFacts(
        producer_code=producer_code,
        gtin=gtin,
        lot=text,
        known=lot is not None,
        produced_on=lot.produced_on if lot else None,
        expires_on=lot.expires_on if lot else None,
        quantity=lot.quantity if lot else None,
        evidence=lot.evidence if lot else None,
        inspection=_inspection(item, text, inspections),
        recall=_recall(item, text, recalls),
        exceeded=exceeded_by(lot, shipments) if lot else (),
        input_recalled=_tainted(lot_key, input_taints, "recalled"),
        input_failed=_tainted(lot_key, input_taints, "failed"),
    )


def quality_anew(
    facts: LotFacts, inspections: Sequence[Inspection], recalls: Sequence[Recall], input_taints: Sequence[Taint]
) -> LotFacts:
    """The facts with inspections, recalls and taints anew, for a lot whose record and shipments are the same as when it
    was summarised.
    """
    item = (facts.producer_code, facts.gtin)
    lot_key = join_key(*item, facts.lot)
    return msgspec.structs.replace(
        facts,
        inspection=_inspection(item, facts.lot, inspections),
        recall=_recall(item, facts.lot, recalls),
        input_recalled=_tainted(lot_key, input_taints, "recalled"),
        input_failed=_tainted(lot_key, input_taints, "failed"),
    )


def _inspection(item: tuple[str, str], lot: str, inspections: Sequence[Inspection]) -> InspectionFact | None:
    return latest(x for x in inspections if (x.producer_code, x.gtin) == item and x.lot == lot)


def _recall(item: tuple[str, str], lot: str, recalls: Sequence[Recall]) -> RecallFact | None:
    return gravest(x for x in recalls if (x.producer_code, x.gtin) == item and lot in x.lots)


def _tainted(lot_key: str, taints: Sequence[Taint], kind: Kind) -> tuple[TaintedInput, ...]:
    found = []
    for taint in inherited(lot_key, taints, kind, MOST_NAMED):
        producer_code, gtin, lot = split_key(taint.root)
        found.append(TaintedInput(producer_code=producer_code, gtin=gtin, lot=lot, evidence=taint.evidence))
    return tuple(found)
