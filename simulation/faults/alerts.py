"""Which alert each gap shall call up: rule ids of the shipped catalogue, any one of them will do."""

from __future__ import annotations

ALERTS: dict[str, tuple[str, ...]] = {
    "seller_code_invalid": ("seller_code_fake",),
    "seller_unregistered": ("seller_unregistered",),
    "seller_inactive": ("seller_inactive",),
    "seller_abnormal": ("operations_abnormal",),
    "producer_code_invalid": ("producer_code_fake",),
    "producer_unregistered": ("producer_unregistered",),
    "producer_inactive": ("producer_inactive",),
    "producer_abnormal": ("operations_abnormal",),
    "product_of_other_producer": ("product_of_other_producer",),
    "gtin_invalid": ("gtin_fake",),
    "licence_missing": ("licence_missing",),
    "licence_unknown": ("licence_unknown",),
    "licence_of_other_holder": ("licence_of_other_holder",),
    "licence_not_in_force": ("licence_not_in_force",),
    "licence_out_of_scope": ("licence_out_of_scope",),
    "lot_unknown": ("lot_invented",),
    "lot_expired": ("expired_on_sale",),
    "lot_recalled": ("recalled_on_sale", "recalled_level_1_on_sale"),
    "recall_possible": ("recall_possible",),
    "inspection_failed": ("failed_inspection_on_sale",),
    "custody_missing": ("custody_missing",),
    "custody_time_reversed": ("custody_time_reversed",),
    "quantity_exceeded": ("quantity_exceeded",),
    "oversold": ("oversold",),
    "input_recalled": ("input_recalled",),
    "input_failed": ("input_failed",),
}
