"""Whose event it is, for each role."""

from __future__ import annotations

import pytest

from suyuan.publishing.ownership import NOTHING, ForeignEvent, platform_right, publisher_right, regulator_right
from tests.streams.stages.published import event

OURS, OTHERS = "91330106MABQWU0B72", "91330784MABQYF7F4B"
PRODUCER = publisher_right(OURS, frozenset({"product", "lot", "shipment", "licence", "inspection", "recall"}))
LABORATORY = publisher_right(OURS, frozenset({"inspection", "certificate", "licence"}))


def refused(right, kind, **fields):
    with pytest.raises(ForeignEvent) as caught:
        right.refuse_foreign(kind, event(kind, **fields) | {"kind": kind})
    return caught.value.field


def allowed(right, kind, **fields):
    right.refuse_foreign(kind, event(kind, **fields))


def test_a_platform_publishes_its_own_listings_and_nothing_else():
    right = platform_right(OURS)
    allowed(right, "listing", publisher=OURS, platform_code=OURS)
    allowed(right, "listing", publisher=f" {OURS.lower()} ", platform_code=OURS)  # codes are compared in normal form
    assert refused(right, "listing", publisher=OTHERS, platform_code=OURS) == "publisher"
    assert refused(right, "listing", publisher=OURS, platform_code=OTHERS) == "platform_code"
    assert refused(right, "recall", publisher=OURS) == "kind"


def test_a_producer_publishes_what_is_its_own():
    for kind, field in (("lot", "producer_code"), ("shipment", "from_code"), ("licence", "holder_code")):
        allowed(PRODUCER, kind, publisher=OURS, **{field: OURS})
        assert refused(PRODUCER, kind, publisher=OURS, **{field: OTHERS}) == field
    assert refused(PRODUCER, "lot", publisher=OTHERS, producer_code=OURS) == "publisher"
    assert refused(PRODUCER, "penalty", publisher=OURS) == "kind"


def test_a_laboratory_or_registry_publishes_about_others_in_its_own_name():
    allowed(LABORATORY, "inspection", publisher=OURS, agency_code=OURS, producer_code=OTHERS)
    assert refused(LABORATORY, "inspection", publisher=OURS, agency_code=OTHERS, producer_code=OURS) == "agency_code"
    allowed(LABORATORY, "licence", publisher=OURS, holder_code=OTHERS)
    assert refused(LABORATORY, "licence", publisher=OTHERS, holder_code=OTHERS) == "publisher"


def test_a_regulator_publishes_what_regulators_do_within_its_divisions():
    right = regulator_right(("33",))
    without = {"handled_by": None}
    allowed(right, "bureau", division="330106", **without)
    for kind in ("recall", "inspection", "complaint"):
        allowed(right, kind, publisher=OTHERS)
    allowed(right, "penalty", division="330106")
    assert refused(right, "penalty", division="440300") == "division"
    allowed(right, "bureau", division="330191", handled_by=" 330100")
    assert refused(right, "bureau", division="440300") == "division"
    assert refused(right, "bureau", division="330191", handled_by="440300") == "handled_by"
    assert refused(right, "listing", publisher=OTHERS) == "kind"
    allowed(regulator_right(("",)), "penalty", division="440300")
    assert refused(regulator_right(()), "penalty", division="440300") == "division"


def test_nobody_publishes_as_the_system_and_whoever_has_no_right_publishes_nothing():
    assert refused(regulator_right(("",)), "recall", publisher="suyuan") == "publisher"
    assert refused(publisher_right(OURS, frozenset({"day"})), "day", publisher="SUYUAN") == "publisher"
    assert refused(publisher_right(OURS, frozenset({"alert_act"})), "alert_act", publisher="SUYUAN") == "publisher"
    for right in (regulator_right(("",)), platform_right(OURS)):
        assert refused(right, "alert_act", publisher="SUYUAN") == "kind"
    assert refused(NOTHING, "listing") == "kind"
