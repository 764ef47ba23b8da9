"""One market whose chain is complete, and what each change to it makes of the chain."""

import datetime as dt

import pytest

from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.identifiers.uscc_levels import check_character, organisation_check_character


def code(number, division="320505"):
    body = f"91{division}{number:08d}"
    body += organisation_check_character(body[8:])
    return body + check_character(body)


def wrong(valid):
    """The code with another check character."""
    return valid[:17] + ("1" if valid[17] != "1" else "2")


MAKER, SELLER, HOLDER, OTHER, PLATFORM = (code(number) for number in range(1, 6))
GTIN, OTHER_GTIN = "06900000000014", "06900000000021"
NOON = 1_789_876_800_000
"""2026-09-20 12:00 in China"""
DAY = 86_400_000
ITEM = {"producer_code": MAKER, "gtin": GTIN}

COMPLETE = {
    "maker": {"kind": "entity", "code": MAKER, "name": "厂", "status": "active", "division": "320505"},
    "seller": {"kind": "entity", "code": SELLER, "name": "店", "status": "active", "division": None},
    "licence": {
        "kind": "licence",
        "licence_no": "SC1",
        "holder_code": MAKER,
        "categories": ["food"],
        "valid_from": "2025-01-01",
        "valid_to": "2026-12-31",
        "status": "valid",
    },
    "product": {"kind": "product", **ITEM, "name": "糕", "category": "food", "requires_licence": True},
    "lot": {
        "kind": "lot",
        **ITEM,
        "lot": "L1",
        "produced_on": "2026-03-01",
        "expires_on": "2026-12-01",
        "quantity": 100,
        "inputs": [{"producer_code": OTHER, "gtin": OTHER_GTIN, "lot": "I1", "quantity": 5}],
    },
    "input": {
        "kind": "lot",
        "producer_code": OTHER,
        "gtin": OTHER_GTIN,
        "lot": "I1",
        "produced_on": "2026-01-01",
        "expires_on": None,
        "quantity": 100,
        "inputs": [{"producer_code": OTHER, "gtin": OTHER_GTIN, "lot": "I2", "quantity": 5}],
    },
    "out": {
        "kind": "shipment",
        **ITEM,
        "shipment_id": "S1",
        "lot": "L1",
        "from_code": MAKER,
        "to_code": HOLDER,
        "quantity": 60,
        "occurred_at": NOON - 20 * DAY,
    },
    "in": {
        "kind": "shipment",
        **ITEM,
        "shipment_id": "S2",
        "lot": "L1",
        "from_code": HOLDER,
        "to_code": SELLER,
        "quantity": 45,
        "occurred_at": NOON - 10 * DAY,
    },
    "report": {
        "kind": "inspection",
        **ITEM,
        "report_no": "R1",
        "agency_code": OTHER,
        "lot": "L1",
        "purpose": "self",
        "result": "pass",
        "failed_items": [],
        "inspected_on": "2026-03-05",
    },
    "listing": {
        "kind": "listing",
        **ITEM,
        "platform_code": PLATFORM,
        "listing_id": "1",
        "status": "active",
        "url": None,
        "title": "糕",
        "category": "food",
        "seller_code": SELLER,
        "producer_name": None,
        "lot": "L1",
        "licence_no": "SC1",
        "price_fen": 100,
        "sold_30d": 45,
        "ship_from": None,
    },
}


def recall(**fields):
    return {
        "kind": "recall",
        **ITEM,
        "recall_no": "RC1",
        "lots": [],
        "level": 2,
        "reason": "x",
        "status": "open",
    } | fields


def report(**fields):
    return COMPLETE["report"] | {"report_no": "R2", "inspected_on": "2026-04-01"} | fields


def day(date):
    return {"kind": "day", "publisher": "SUYUAN", "date": date}


def market(changes):
    """COMPLETE with changes by name: fields to set, None to leave a record out, or a record of a new name."""
    records = dict(COMPLETE)
    for name, fields in changes.items():
        if fields is None:
            del records[name]
        else:
            records[name] = {**records.get(name, {}), **fields}
    envelope = {"publisher": "X", "occurred_at": NOON}
    return [{**envelope, "event_id": name, **record} for name, record in records.items()]


@pytest.fixture
def chain(assess_market):
    """Changes to the complete market -> the chain of its listing."""

    def assess(**changes):
        (row,) = assess_market(market(changes)).to_dicts()
        return row

    return assess


def test_the_market_is_complete_before_it_is_changed(chain):
    found = chain()
    assert (found["verdict"], found["gaps"], found["gap_names"]) == ("complete", [], [])


NO_LOT = {"lot": None}
FOREIGN = code(9)
RESTRICTED = "02000000000008"
FORMAT_FAULT = "9132050500000001I0"
ONE_GAP = {
    # gap: changes, subject, detail, evidence
    "seller_code_invalid": ({"listing": {"seller_code": wrong(SELLER)}, "in": {"to_code": wrong(SELLER)}},
                            wrong(SELLER), "check", ["listing"]),
    "seller_unregistered": ({"seller": None}, SELLER, "no entity record", ["listing"]),
    "seller_inactive": ({"seller": {"status": "revoked"}}, SELLER, "revoked", ["seller"]),
    "seller_abnormal": ({"seller": {"status": "abnormal"}}, SELLER, "abnormal", ["seller"]),
    "producer_undeclared": ({"listing": {"producer_code": None, "producer_name": "某厂"}},
                            "某厂", "no producer code", ["listing"]),
    "producer_code_invalid": ({"listing": {"producer_code": wrong(MAKER)}}, wrong(MAKER), "check",
                              ["listing"]),
    "producer_unregistered": ({"maker": None}, MAKER, "no entity record", ["listing"]),
    "producer_inactive": ({"maker": {"status": "deregistered"}}, MAKER, "deregistered", ["maker"]),
    "producer_abnormal": ({"maker": {"status": "abnormal"}}, MAKER, "abnormal", ["maker"]),
    "product_undeclared": ({"listing": {"gtin": None}}, MAKER, "no gtin", ["listing"]),
    "gtin_invalid": ({"listing": {"gtin": "06900000000015"}}, "06900000000015", "length or check digit",
                     ["listing"]),
    "gtin_restricted": ({name: {"gtin": RESTRICTED} for name in ("product", "lot", "out", "in", "report", "listing")},
                        RESTRICTED, "for use inside one company: names no product", ["listing"]),
    "product_unknown": ({"product": None}, GTIN, "no product record", ["listing"]),
    "product_of_other_producer": ({"product": {"producer_code": OTHER}}, GTIN, f"made by {OTHER}",
                                  ["product"]),
    "licence_unknown": ({"licence": None}, "SC1", "no licence record", ["listing"]),
    "licence_of_other_holder": ({"licence": {"holder_code": OTHER}}, "SC1", f"held by {OTHER}", ["licence"]),
    "licence_not_in_force": ({"licence": {"valid_from": "2026-03-02"}}, "SC1",
                             "valid 2026-03-02..2026-12-31, needed on 2026-03-01", ["licence", "lot"]),
    "licence_out_of_scope": ({"licence": {"categories": ["toys"]}}, "SC1", "not for food",
                             ["licence", "product"]),
    "licence_missing": ({"listing": {"licence_no": None}, "licence": {"status": "suspended"}},
                        MAKER, "none in force for food on 2026-03-01", ["product", "lot"]),
    "lot_undeclared": ({"listing": NO_LOT, "report": NO_LOT}, GTIN, "no lot", ["listing"]),
    "lot_unknown": ({"listing": {"lot": "L9"}, "report": NO_LOT}, "L9", "no lot record", ["listing"]),
    "lot_expired": ({"lot": {"expires_on": "2026-09-19"}}, "L1", "expired after 2026-09-19", ["lot"]),
    "lot_recalled": ({"recall": recall(lots=["L0", "L1"])}, "RC1", "level 2", ["recall"]),
    "recall_possible": ({"recall": recall(lots=["L0"]), "listing": NO_LOT, "report": NO_LOT},
                        "RC1", "level 2, some lots", ["recall"]),
    "inspection_failed": ({"again": report(result="fail")}, "R2", "failed on 2026-04-01", ["again"]),
    "uninspected": ({"report": None}, GTIN, "no inspection", ["product"]),
    "custody_missing": ({"in": None, "listing": {"sold_30d": 0}}, SELLER, f"no shipments lead from {MAKER}",
                        ["lot"]),
    "custody_time_reversed": ({"in": {"occurred_at": NOON - 30 * DAY}}, SELLER,
                              "shipped on before it arrived",
                              ["out", "in"]),
    "quantity_exceeded": ({"in": {"quantity": 61}}, HOLDER, "sent 61 > received 60", ["in", "out"]),
    "oversold": ({"listing": {"sold_30d": 46}}, SELLER, "sold 46 > received 45", ["in"]),
    "input_recalled": ({"recall": recall(producer_code=OTHER, gtin=OTHER_GTIN, lots=["I2"])},
                       f"{OTHER}/{OTHER_GTIN}/I2", "recalled", ["recall"]),
    "input_failed": ({"again": report(producer_code=OTHER, gtin=OTHER_GTIN, lot="I1", result="fail")},
                     f"{OTHER}/{OTHER_GTIN}/I1", "failed", ["again"]),
}  # fmt: skip
BESIDE = {"recall_possible": ["lot_undeclared"]}
VERDICTS = {"contradicted": "contradicted", "broken": "broken", "unverified": "partial"}


def test_every_gap_of_the_table_is_tried():
    assert [gap.gap for gap in GAPS] == list(ONE_GAP)


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap.gap)
def test_a_gap_alone(chain, gap):
    changes, subject, detail, evidence = ONE_GAP[gap.gap]
    found = chain(**changes)
    assert found["gap_names"] == sorted([gap.gap, *BESIDE.get(gap.gap, [])])
    assert found["verdict"] == VERDICTS[gap.class_]
    assert [x | {"evidence": of_any_kind(x)} for x in found["gaps"] if x["gap"] == gap.gap] == [
        {
            "gap": gap.gap,
            "class": gap.class_,
            "subject": subject,
            "detail": detail,
            "evidence": [f"X/{name}" for name in evidence],
        }
    ]


def of_any_kind(what):
    return [name.split("/", 1)[1] for name in what["evidence"]]


HELD = {"listing": {"licence_no": None}}
LAST_DAY = {"licence": {"valid_from": "2025-01-01", "valid_to": "2026-03-01"}}
OTHERS = [
    # what is tried, changes, gap names
    ("a seller may be its own producer", {"listing": {"seller_code": MAKER}, "in": None, "out": None}, []),
    ("what the seller is does not matter to what the goods are",
     {"seller": None, "again": report(result="fail")}, ["inspection_failed", "seller_unregistered"]),
    ("a code issued with a wrong check character, registered",
     {"seller": {"code": wrong(SELLER)}, "listing": {"seller_code": wrong(SELLER)},
     "in": {"to_code": wrong(SELLER)}},
     []),
    ("the producer's too, and its goods are looked at",
     {name: {"producer_code": wrong(MAKER)} for name in ("product", "lot", "out", "in", "report", "listing")}
     | {"out": {"from_code": wrong(MAKER), "producer_code": wrong(MAKER)}, "maker": {"code": wrong(MAKER)},
        "licence": {"holder_code": wrong(MAKER)}}, []),
    ("records of a code of the wrong form do not count",
     {"seller": {"code": FORMAT_FAULT}, "listing": {"seller_code": FORMAT_FAULT},
     "in": {"to_code": FORMAT_FAULT}},
     ["custody_missing", "oversold", "seller_code_invalid"]),
    ("an unregistered producer's goods are looked at", {"maker": None, "product": None},
     ["product_unknown", "producer_unregistered"]),
    ("an invalid producer's are not", {"listing": {"producer_code": wrong(MAKER), "gtin": None}},
     ["producer_code_invalid"]),
    ("nor where it has records under that code",
     {"maker": None, "product": {"producer_code": wrong(MAKER)}, "listing": {"producer_code": wrong(MAKER)},
      "recall": recall(producer_code=wrong(MAKER))}, ["producer_code_invalid"]),
    ("another producer's product is not looked into",
     {"product": {"producer_code": OTHER}, "recall": recall(), "again": report(result="fail")},
     ["product_of_other_producer"]),
    ("no licence is asked for where none is required",
     {"product": {"requires_licence": False}, "licence": {"status": "revoked"}}, []),
    ("a licence of another is not also out of force",
     {"licence": {"holder_code": OTHER, "status": "revoked"}}, ["licence_of_other_holder"]),
    ("out of force comes before out of scope",
     {"licence": {"status": "suspended", "categories": []}}, ["licence_not_in_force"]),
    ("the last day of validity counts", LAST_DAY, []),
    ("the first one too", {"licence": {"valid_from": "2026-03-01", "valid_to": None}}, []),
    ("the day after does not", {"licence": {"valid_to": "2026-02-28"}}, ["licence_not_in_force"]),
    ("without a known lot the listing's day counts",
     {**LAST_DAY, "listing": NO_LOT, "report": NO_LOT}, ["licence_not_in_force", "lot_undeclared"]),
    ("a licence not named but held", HELD, []),
    ("held, on its last day", {**HELD, **LAST_DAY}, []),
    ("held, out of force", {**HELD, "licence": {"valid_to": "2026-02-28"}}, ["licence_missing"]),
    ("held for another category", {**HELD, "licence": {"categories": ["toys"]}}, ["licence_missing"]),
    ("held by another", {**HELD, "licence": {"holder_code": OTHER}}, ["licence_missing"]),
    ("one of several held", {**HELD, "licence": {"status": "revoked"},
                             "second": COMPLETE["licence"] | {"licence_no": "SC2"}}, []),
    ("the day of expiry is still good", {"lot": {"expires_on": "2026-09-20"}}, []),
    ("a later day event expires it", {"lot": {"expires_on": "2026-09-20"}, "d": day("2026-09-21")},
     ["lot_expired"]),
    ("an earlier one does not bring it back", {"lot": {"expires_on": "2026-09-19"}, "d": day("2026-01-01")},
     ["lot_expired"]),
    ("the day is China's", {"lot": {"expires_on": "2026-09-20"}, "listing": {"occurred_at": NOON + DAY // 2}},
     ["lot_expired"]),
    ("the last moment of the day too",
     {"lot": {"expires_on": "2026-09-20"}, "listing": {"occurred_at": NOON + DAY // 2 - 1}}, []),
    ("a closed recall", {"recall": recall(status="closed")}, []),
    ("a recall of every lot needs no lot", {"recall": recall(), "listing": NO_LOT, "report": NO_LOT},
     ["lot_recalled", "lot_undeclared"]),
    ("a recall of a lot without a record",
     {"recall": recall(lots=["L9"]), "listing": {"lot": "L9"}, "report": NO_LOT},
     ["lot_recalled", "lot_unknown"]),
    ("a recall of other lots", {"recall": recall(lots=["L2"])}, []),
    ("a recall by somebody else", {"recall": recall(producer_code=OTHER)}, []),
    ("the lot's own inspection comes before the product's, however old",
     {"again": report(lot=None, result="fail")}, []),
    ("the product's counts where the lot has none", {"report": {"lot": None, "result": "fail"}},
     ["inspection_failed"]),
    ("inspections of a lot that is not known do not",
     {"listing": {"lot": "L9"}, "report": {"lot": "L9", "result": "fail"}}, ["lot_unknown", "uninspected"]),
    ("a later pass mends a fail", {"report": {"result": "fail"}, "again": report()}, []),
    ("nothing is asked of an unknown lot",
     {"lot": None, "in": {"quantity": 99}, "listing": {"sold_30d": 999}, "report": NO_LOT}, ["lot_unknown"]),
    ("sold without having received any", {"in": None}, ["custody_missing", "oversold"]),
    ("the producer may not send more than it made", {"lot": {"quantity": 59}}, ["quantity_exceeded"]),
    ("what came back may be sent again", {"back": COMPLETE["in"] | {"shipment_id": "S3", "from_code": HOLDER,
                                                                    "to_code": MAKER, "quantity": 15},
                                         "lot": {"quantity": 60},
                                         "anew": COMPLETE["out"] | {"shipment_id": "S4", "quantity": 15}}, []),
    ("but no more than that", {"back": COMPLETE["in"] | {"shipment_id": "S3", "to_code": MAKER, "quantity": 15},
                               "lot": {"quantity": 60},
                               "anew": COMPLETE["out"] | {"shipment_id": "S4", "quantity": 16}}, ["quantity_exceeded"]),
    ("a void shipment is none", {"in": {"quantity": 0}, "listing": {"sold_30d": 0}}, ["custody_missing"]),
    ("nothing passes through a lot whose GTIN names no product",
     {"lot": {"inputs": [{"producer_code": OTHER, "gtin": RESTRICTED, "lot": "I1", "quantity": 5}]},
      "input": {"gtin": RESTRICTED},
      "recall": recall(producer_code=OTHER, gtin=OTHER_GTIN, lots=["I2"]),
      "first": recall(producer_code=OTHER, gtin=RESTRICTED, recall_no="RC2")}, []),
    ("an input that is named by a word for nothing is followed nowhere",
     {"lot": {"inputs": [{"producer_code": OTHER, "gtin": OTHER_GTIN, "lot": "无", "quantity": 5}]},
      "recall": recall(producer_code=OTHER, gtin=OTHER_GTIN)}, []),
    ("both gaps of inputs", {"recall": recall(producer_code=OTHER, gtin=OTHER_GTIN),
                             "again": report(producer_code=OTHER, gtin=OTHER_GTIN, lot="I2", result="fail")},
     ["input_failed", "input_recalled"]),
    ("an input's product-level inspection is not the lot's own",
     {"again": report(producer_code=OTHER, gtin=OTHER_GTIN, lot=None, result="fail")}, []),
    ("a lot is not its own input",
     {"input": {"inputs": [{**ITEM, "lot": "L1", "quantity": 1}]}, "recall": recall()},
     ["lot_recalled"]),
    ("lower case and blanks in a code", {"listing": {"seller_code": f" {SELLER.lower()}\t"}}, []),
    ("a GTIN of 13 digits", {"listing": {"gtin": GTIN[1:]}}, []),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "gaps"), [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_the_rules_around_the_gaps(chain, changes, gaps):
    assert chain(**changes)["gap_names"] == sorted(gaps)


def test_a_contradiction_outweighs_a_break_and_a_break_what_is_unverified(chain):
    unverified = {"report": None}
    assert chain(**unverified)["verdict"] == "partial"
    assert chain(**unverified, seller=None)["verdict"] == "broken"
    assert chain(**unverified, seller=None, recall=recall())["verdict"] == "contradicted"


def test_a_removed_listing_has_no_gaps_whatever_is_known(chain):
    found = chain(listing={"status": "removed"}, seller=None, recall=recall())
    assert (found["verdict"], found["gaps"], found["gap_names"], found["hops"]) == ("removed", [], [], [])


def test_holders_stand_from_the_seller_back_to_the_producer(chain):
    onward = COMPLETE["out"] | {"shipment_id": "S3", "from_code": OTHER, "to_code": HOLDER}
    found = chain(out={"to_code": OTHER}, onward=onward)
    assert [hop["to_code"] for hop in found["hops"]] == [OTHER, HOLDER, SELLER]
    assert [node["id"] for node in found["nodes"]][:5] == [PLATFORM, SELLER, HOLDER, OTHER, MAKER]
    assert [node["evidence"] for node in found["nodes"]][2:4] == ["shipment/X/onward", "shipment/X/out"]


def test_gaps_stand_in_the_order_of_the_table_and_their_names_in_that_of_the_alphabet(chain):
    found = chain(seller=None, recall=recall(), report=None)
    assert [gap["gap"] for gap in found["gaps"]] == ["seller_unregistered", "lot_recalled", "uninspected"]
    assert found["gap_names"] == ["lot_recalled", "seller_unregistered", "uninspected"]


def test_the_level_is_that_of_the_gravest_recall_that_counts(chain):
    every, named = recall(level=3), recall(recall_no="RC2", level=1, lots=["L1"])
    assert chain(a=every)["recall_level"] == 3
    assert chain(a=every, b=named)["recall_level"] == 1
    assert chain(a=every, b=named, listing=NO_LOT)["recall_level"] == 3
    assert chain(b=named, listing=NO_LOT)["recall_level"] == 1
    assert chain(b=named | {"lots": ["L2"]})["recall_level"] is None
    assert chain(a=every, product={"producer_code": OTHER})["recall_level"] is None


def test_noon_is_noon_in_china():
    """A guard for the constant that the cases above are built on."""
    assert dt.datetime.fromtimestamp(NOON / 1000, dt.timezone(dt.timedelta(hours=8))).isoformat() == (
        "2026-09-20T12:00:00+08:00"
    )
