"""The gaps of a trace chain, as one table.

A listing has at most one gap of each group: the first that holds, in the order of the table. A group whose
`needs` are not met is not asked (what it lacks is a gap already). Expressions are over the columns of
`joined.py`; a gap whose `when` is null does not hold.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from suyuan.domain.chain.phrases import events, evidence_of, field, first, has, lot_name, text

CONTRADICTED = "contradicted"
BROKEN = "broken"
UNVERIFIED = "unverified"

col = pl.col
nothing = pl.lit(value=True)


@dataclass(frozen=True, slots=True)
class Gap:
    """One way in which a chain falls short. Only the first gap of a group that holds counts, unless `also`."""

    group: str
    gap: str
    class_: str
    """contradicted, broken or unverified"""
    needs: pl.Expr
    when: pl.Expr
    subject: pl.Expr
    detail: pl.Expr
    evidence: pl.Expr
    """the listing's own event only where the gap rests on the listing alone"""
    also: bool = False
    """found beside others of its group"""

    @property
    def columns(self) -> list[str]:
        """The columns that its texts and evidence are made of."""
        parts = (self.subject, self.detail, self.evidence)
        return sorted({name for part in parts for name in part.meta.root_names()})


ALONE = events("listing_event")
PRODUCER = col("producer_valid")
PRODUCT = col("product_known")
KNOWN_LOT = col("lot_known")
OTHER_SELLER = ~col("sold_by_producer")
NAMED = col("licence_no").is_not_null()
REQUIRED = col("requires_licence")
HAD = (
    pl.when(first("exceeded", "code") != col("producer_code"))
    .then(pl.lit("received"))
    .when(first("exceeded", "received") == col("lot_quantity"))
    .then(pl.lit("made"))
    .otherwise(pl.lit("made and got back"))
)

# fmt: off
GAPS: tuple[Gap, ...] = (
    Gap("seller", "seller_code_invalid", BROKEN, nothing,
        when=~col("seller_valid"),
        subject=col("seller_code"), detail=col("seller_code_fault").fill_null("absent"), evidence=ALONE),
    Gap("seller", "seller_unregistered", BROKEN, nothing,
        when=~col("seller_registered"),
        subject=col("seller_code"), detail=pl.lit("no entity record"), evidence=ALONE),
    Gap("seller", "seller_inactive", CONTRADICTED, nothing,
        when=col("seller_status").is_in(["revoked", "deregistered"]),
        subject=col("seller_code"), detail=col("seller_status"), evidence=events("seller_evidence")),
    Gap("seller", "seller_abnormal", UNVERIFIED, nothing,
        when=col("seller_status") == "abnormal",
        subject=col("seller_code"), detail=col("seller_status"), evidence=events("seller_evidence")),

    Gap("producer", "producer_undeclared", BROKEN, nothing,
        when=col("producer_code").is_null(),
        subject=col("producer_name"), detail=pl.lit("no producer code"), evidence=ALONE),
    Gap("producer", "producer_code_invalid", BROKEN, nothing,
        when=~col("producer_valid"),
        subject=col("producer_code"), detail=col("producer_code_fault"), evidence=ALONE),
    Gap("producer", "producer_unregistered", BROKEN, nothing,
        when=~col("producer_registered"),
        subject=col("producer_code"), detail=pl.lit("no entity record"), evidence=ALONE),
    Gap("producer", "producer_inactive", CONTRADICTED, nothing,
        when=col("producer_status").is_in(["revoked", "deregistered"]),
        subject=col("producer_code"), detail=col("producer_status"), evidence=events("producer_evidence")),
    Gap("producer", "producer_abnormal", UNVERIFIED, nothing,
        when=col("producer_status") == "abnormal",
        subject=col("producer_code"), detail=col("producer_status"), evidence=events("producer_evidence")),

    Gap("product", "product_undeclared", UNVERIFIED, PRODUCER,
        when=col("gtin").is_null(),
        subject=col("producer_code"), detail=pl.lit("no gtin"), evidence=ALONE),
    Gap("product", "gtin_invalid", BROKEN, PRODUCER,
        when=~col("gtin_valid"),
        subject=col("gtin"), detail=pl.lit("length or check digit"), evidence=ALONE),
    Gap("product", "gtin_restricted", UNVERIFIED, PRODUCER,
        when=col("gtin_restricted"),
        subject=col("gtin"), detail=pl.lit("for use inside one company: names no product"), evidence=ALONE),
    Gap("product", "product_unknown", BROKEN, PRODUCER,
        when=~col("product_found"),
        subject=col("gtin"), detail=pl.lit("no product record"), evidence=ALONE),
    Gap("product", "product_of_other_producer", CONTRADICTED, PRODUCER,
        when=col("product_producer") != col("producer_code"),
        subject=col("gtin"), detail=text("made by {}", "product_producer"),
        evidence=events("product_evidence")),

    Gap("licence", "licence_unknown", BROKEN, PRODUCT,
        when=REQUIRED & NAMED & ~col("licence_found"),
        subject=col("licence_no"), detail=pl.lit("no licence record"), evidence=ALONE),
    Gap("licence", "licence_of_other_holder", CONTRADICTED, PRODUCT,
        when=REQUIRED & NAMED & (col("licence_holder") != col("producer_code")),
        subject=col("licence_no"), detail=text("held by {}", "licence_holder"),
        evidence=events("licence_evidence")),
    Gap("licence", "licence_not_in_force", CONTRADICTED, PRODUCT,
        when=REQUIRED & NAMED & ~col("licence_in_force"),
        subject=col("licence_no"),
        detail=text("{} {}..{}, needed on {}", "licence_status", "licence_from", "licence_to", "licence_day"),
        evidence=events("licence_evidence", pl.when("lot_known").then("lot_evidence"))),
    Gap("licence", "licence_out_of_scope", CONTRADICTED, PRODUCT,
        when=REQUIRED & NAMED & ~col("licence_categories").list.contains(col("product_category")),
        subject=col("licence_no"), detail=text("not for {}", "product_category"),
        evidence=events("licence_evidence", "product_evidence")),
    Gap("licence", "licence_missing", BROKEN, PRODUCT,
        when=REQUIRED & ~NAMED & col("held_licence").is_null(),
        subject=col("producer_code"),
        detail=text("none in force for {} on {}", "product_category", "licence_day"),
        evidence=events("product_evidence", pl.when("lot_known").then("lot_evidence"))),

    Gap("lot", "lot_undeclared", UNVERIFIED, PRODUCT,
        when=col("lot").is_null(),
        subject=col("gtin"), detail=pl.lit("no lot"), evidence=ALONE),
    Gap("lot", "lot_unknown", BROKEN, PRODUCT,
        when=~col("lot_known"),
        subject=col("lot"), detail=pl.lit("no lot record"), evidence=ALONE),

    Gap("expiry", "lot_expired", CONTRADICTED, KNOWN_LOT,
        when=col("expires_on") < col("present_day"),
        subject=col("lot"), detail=text("expired after {}", "expires_on"), evidence=events("lot_evidence")),

    Gap("recall", "lot_recalled", CONTRADICTED, PRODUCT,
        when=has("lot_recall", "recall_no") | has("recall_all", "recall_no"),
        subject=field("recall", "recall_no"), detail=text("level {}", field("recall", "level")),
        evidence=events(field("recall", "evidence"))),
    Gap("recall", "recall_possible", UNVERIFIED, PRODUCT,
        when=col("lot").is_null() & has("recall_some", "recall_no"),
        subject=field("recall", "recall_no"), detail=text("level {}, some lots", field("recall", "level")),
        evidence=events(field("recall", "evidence"))),

    Gap("inspection", "inspection_failed", CONTRADICTED, PRODUCT,
        when=field("inspection", "result") == "fail",
        subject=field("inspection", "report_no"),
        detail=text("failed on {}", field("inspection", "inspected_on")),
        evidence=events(field("inspection", "evidence"))),
    Gap("inspection", "uninspected", UNVERIFIED, PRODUCT,
        when=field("inspection", "result").is_null(),
        subject=col("gtin"), detail=pl.lit("no inspection"), evidence=events("product_evidence")),

    Gap("custody", "custody_missing", BROKEN, KNOWN_LOT,
        when=OTHER_SELLER & ~col("reachable"),
        subject=col("seller_code"), detail=text("no shipments lead from {}", "producer_code"),
        evidence=events("lot_evidence")),
    Gap("custody", "custody_time_reversed", CONTRADICTED, KNOWN_LOT,
        when=OTHER_SELLER & ~col("in_time"),
        subject=col("seller_code"), detail=pl.lit("shipped on before it arrived"),
        evidence=evidence_of("hops")),

    Gap("quantity", "quantity_exceeded", CONTRADICTED, KNOWN_LOT,
        when=col("exceeded").list.len() > 0,
        subject=first("exceeded", "code"),
        detail=text("sent {} > {} {}", first("exceeded", "sent"), HAD, first("exceeded", "received")),
        evidence=first("exceeded", "evidence")),

    Gap("oversold", "oversold", CONTRADICTED, KNOWN_LOT,
        when=OTHER_SELLER & (col("sold_30d") > col("received")),
        subject=col("seller_code"), detail=text("sold {} > received {}", "sold_30d", "received"),
        evidence=pl.when(col("received") > 0).then("receipts").otherwise(ALONE)),

    Gap("inputs", "input_recalled", CONTRADICTED, KNOWN_LOT,
        when=col("input_recalled").list.len() > 0,
        subject=lot_name("input_recalled"), detail=pl.lit("recalled"),
        evidence=evidence_of("input_recalled")),
    Gap("inputs", "input_failed", CONTRADICTED, KNOWN_LOT, also=True,
        when=col("input_failed").list.len() > 0,
        subject=lot_name("input_failed"), detail=pl.lit("failed"),
        evidence=evidence_of("input_failed")),
)
# fmt: on
