"""The gaps by class, and the verdict that follows from them."""

from __future__ import annotations

CONTRADICTED = {
    "seller_inactive", "producer_inactive", "product_of_other_producer", "licence_of_other_holder",
    "licence_not_in_force", "licence_out_of_scope", "lot_expired", "lot_recalled", "inspection_failed",
    "custody_time_reversed", "quantity_exceeded", "oversold", "input_recalled", "input_failed",
}  # fmt: skip
BROKEN = {
    "seller_code_invalid", "seller_unregistered", "producer_undeclared", "producer_code_invalid",
    "producer_unregistered", "gtin_invalid", "product_unknown", "licence_unknown", "licence_missing",
    "lot_unknown", "custody_missing",
}  # fmt: skip
UNVERIFIED = {
    "seller_abnormal", "producer_abnormal", "product_undeclared", "gtin_restricted", "lot_undeclared",
    "recall_possible", "uninspected",
}  # fmt: skip
GAPS = CONTRADICTED | BROKEN | UNVERIFIED


def verdict(gaps):
    gaps = sorted(gap for gap in gaps if gap is not None)
    if CONTRADICTED.intersection(gaps):
        return "contradicted", gaps
    if BROKEN.intersection(gaps):
        return "broken", gaps
    return ("partial" if gaps else "complete"), gaps
