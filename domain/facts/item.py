"""Facts of an item: a product under a producer code, (producer_code, gtin)."""

from __future__ import annotations

from collections.abc import Sequence

from suyuan.domain.facts.quality import InspectionFact, RecallFact, gravest, latest
from suyuan.domain.facts.stored import Stored, stored
from suyuan.domain.records import Inspection, Product, Recall


@stored
class ItemFacts(Stored, frozen=True, kw_only=True):
    """Facts of a gtin under a producer code; `product_producer` to `evidence` are the product record's,
    of whichever producer, and null without one. Inspections and recalls are those of this producer's gtin.
    """

    producer_code: str
    gtin: str
    known: bool
    product_producer: str | None
    name: str | None
    category: str | None
    requires_licence: bool | None
    evidence: str | None
    inspection: InspectionFact | None
    """the latest of the product as such (no lot named)"""
    recall_all: RecallFact | None
    """open, covers every lot"""
    recall_some: RecallFact | None
    """open, covers some lots"""


def summarise_item(
    producer_code: str,
    gtin: str,
    product: Product | None,
    inspections: Sequence[Inspection],
    recalls: Sequence[Recall],
) -> ItemFacts:
    """The facts of one item. `product`: the current record of the gtin. Inspections and recalls of others are passed
    over.
    """
    item = (producer_code, gtin)
    own = [recall for recall in recalls if (recall.producer_code, recall.gtin) == item]
    return ItemFacts(
        producer_code=producer_code,
        gtin=gtin,
        known=product is not None,
        product_producer=product.producer_code if product else None,
        name=product.name if product else None,
        category=product.category if product else None,
        requires_licence=product.requires_licence if product else None,
        evidence=product.evidence if product else None,
        inspection=latest(x for x in inspections if (x.producer_code, x.gtin) == item and x.lot is None),
        recall_all=gravest(recall for recall in own if not recall.lots),
        recall_some=gravest(recall for recall in own if recall.lots),
    )
