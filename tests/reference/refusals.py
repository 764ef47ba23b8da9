"""Events that do not count, each for one reason: what is refused changes nothing, and leaves no trace in the chains."""

from __future__ import annotations

from tests.reference import names

KINDS = ("entity", "licence", "product", "lot", "shipment", "inspection", "recall", "listing")
SPOILT_LOTS = (
    "全部",
    "ALL",
    "所有批次",
    "无",
    "/",
    "L0、L1",
    "L0，L1",
    "L0；L1",
    "L0;L1",
    "L0|L1",
    "L0~L1",
    "L0至L1",
    "L0:L1",
)


def refused(rng, ledger):
    """Publish again a record that is known, spoilt in one field so that it cannot be accepted."""
    kind = rng.choice(KINDS)
    known = ledger.of_kind(kind)
    if not known:
        return
    fields = rng.choice(known)
    faults = {
        "at": rng.choice([1_770_696_000, 20_260_210, 46_063, 946_684_799_999, 18_730_000_000_000]),
        "event_id": rng.choice([" ", "\u200b", "\t"]),
        "publisher": rng.choice(names.NOTHING),
    }
    for name in fields.keys() & {"code", "holder_code", "from_code", "to_code", "agency_code"}:
        faults[name] = rng.choice([names.malformed_code(rng), "无"])
    for name in fields.keys() & {"price_fen", "quantity"}:
        faults[name] = -1
    for name in fields.keys() & {"inspected_on", "produced_on"}:
        faults[name] = "2026-09-12"
    for name in fields.keys() & {"licence_no", "listing_id", "platform_code", "recall_no", "report_no", "shipment_id"}:
        if kind != "listing" or name != "licence_no":
            faults[name] = rng.choice(["", " ", "\ufeff"])
    if kind != "listing":
        for name, spoil in (("gtin", names.wrong_gtin), ("producer_code", names.malformed_code)):
            if name in fields:
                faults[name] = spoil(rng)
    if kind in {"lot", "shipment"}:
        faults["lot"] = rng.choice(["无", " ", "/"])
    if kind in {"product", "listing"}:
        faults["category"] = rng.choice(["", "未知"])
    if kind == "recall":
        faults["lots"] = [*fields["lots"], rng.choice(SPOILT_LOTS)]
    name, value = rng.choice(sorted(faults.items()))
    ledger.publish(kind, **(fields | {name: value}), refused=True)
