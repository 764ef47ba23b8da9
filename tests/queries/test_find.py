"""Search from any identifier, of tables open here, over the socket, and of a server over HTTP."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.access.scope import EVERYTHING, Division, OutsideScope, Platform, Publisher, Scope
from suyuan.domain.identifiers.readings import forms
from suyuan.domain.identifiers.uscc import check_character, organisation_check_character
from suyuan.domain.keys import split_key
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.find import find
from suyuan.schemas.kinds import BUSINESS_KEYS
from suyuan.sinks.identifiers import PARTIES, identifier_fields
from tests.queries.rows import CHANCE, CODES, DIVISIONS, LISTING_EVENTS, PLATFORMS, SAID
from tests.queries.test_answers import is_in, only_publishers, scopes, sees_alert, sees_chain, sees_finding
from tests.sinks.contract.views import load
from tests.sinks.rows import GTIN, NOW, alert, block, chain, events, listing, lot

few = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
CODE = "91330784MABQYF7F4B"
LABS = tuple(CODES)[:2]
MAKER = tuple(CODES)[3]
OTHER_GTIN = "06903379452712"
DAY = dt.date(2026, 9, 2)
HOSTILE = (
    *("'; DROP TABLE name; --", "\\'", "{x:String}", "%(a)s", "\x00\x1f", "\u202e91330106", "1e400", "' OR 1=1 --"),
    *("a" * 400, "🀄" * 9),
)


def said(kind, **fields):
    return {"kind": kind, "publisher": CHANCE.choice(tuple(CODES))} | fields


def inspection(lab, report_no, name):
    fields = {
        "producer_code": MAKER,
        "gtin": GTIN,
        "lot": name,
        "purpose": "self",
        "result": "fail",
        "failed_items": [],
    }
    return said("inspection", agency_code=lab, report_no=report_no, inspected_on=DAY, **fields)


def recall(number, *lots):
    fields = {"producer_code": MAKER, "gtin": GTIN, "lots": list(lots), "level": 1, "reason": "铅", "status": "open"}
    return said("recall", recall_no=number, **fields)


def penalty(division, code):
    fields = {"ground": "假", "amount_fen": 1, "status": "in_force", "decided_on": DAY}
    return said("penalty", decision_no="罚-9", subject_code=code, division=division, **fields)


def offer(number, at=0, **fields):
    named = {"kind": "listing", "publisher": PLATFORMS[0], "platform_code": PLATFORMS[0], "occurred_at": NOW + at}
    return listing(number, seller_code=LABS[0], title="椴树蜂蜜 500g 100%纯") | named | fields


MORE = [
    *(said(kind, **row) for kind in ("entity", "listing", "lot", "shipment") for row in SAID[kind]),
    *(inspection(lab, "报-1", name) for lab, name in zip(LABS, ("L1", "H260112"), strict=True)),
    recall("R-7", "L1", "L2"),
    penalty("330106", MAKER),
    penalty("330203", LABS[0]),
    said("entity", code=CODE, name="桂花坊（杭州）食品", status="active", division="330100"),
    said("product", gtin=OTHER_GTIN, producer_code=CODE, name="桂花蜂蜜糕", category="糕点", requires_licence=True),
    said(
        "licence", licence_no="SC10133010600001", holder_code=CODE, categories=["糕点"], valid_from=DAY, status="valid"
    ),
    said("lot", **lot("H260112", maker=MAKER)),
    said("lot", **lot("H260113", "H260112", maker=LABS[1])),
    offer(900, gtin=OTHER_GTIN, lot="H260112"),
    offer(900, at=5, gtin=GTIN, lot="H260113"),
]
CHAINS = [
    chain(
        900, platform_code=PLATFORMS[0], title="椴树蜂蜜 500g 100%纯", verdict="contradicted", gtin=GTIN, lot="H260113"
    ),
    chain(901, platform_code=PLATFORMS[0], title="椴树蜂蜜 250g", verdict="complete", gtin=OTHER_GTIN),
]
ALERTS = [
    alert("b1", platform_code=PLATFORMS[0], listing_id="l900", severity="low", title_zh="低", title_en="low"),
    alert("b2", platform_code=PLATFORMS[0], listing_id="l900", severity="critical", title_zh="一级", title_en="one"),
    alert("b3", platform_code=PLATFORMS[0], listing_id="l900", state="cleared", severity="critical"),
]
for each in (*CHAINS, *ALERTS):
    each |= {"seller_division": "330106", "producer_division": None, "bureau": None}
DIVISION_OF = {**CODES, CODE: "330100"}


def filled(clickhouse):
    for kind in dict.fromkeys(row["kind"] for row in MORE):
        rows = [{name: value for name, value in row.items() if name != "kind"} for row in MORE if row["kind"] == kind]
        load(clickhouse, f"event.{kind}", events(kind, *rows[:4], first=1000), events(kind, *rows[4:], first=2000))
        load(clickhouse, f"event.{kind}", events(kind, *rows, first=3000))
    load(clickhouse, "chain", block("chain", *CHAINS))
    load(clickhouse, "alert.state", block("alert_state", *ALERTS))
    return clickhouse


@pytest.fixture(scope="module")
def embedded(embedded):
    return filled(embedded)


@pytest.fixture(scope="module")
def server(server):
    return filled(server)


ALL_EVENTS = [
    *MORE,
    *({"kind": kind, **row} for kind in ("entity", "listing", "lot", "shipment", "order") for row in SAID[kind]),
    *({"kind": "listing", **row} for row in LISTING_EVENTS),
]


def covered(scope, row):
    """Listings that an alert is about, or of which a finding of it stands."""
    if row["subject_kind"] == "listing":
        return [(row["platform_code"], row["listing_id"])]
    return [
        (each["platform_code"], each["listing_id"])
        for each in SAID["finding"]
        if each["alert_id"] == row["alert_id"]
        and each["change"] != "cleared"
        and (scope.is_everything or sees_finding(scope, each))
    ]


def used(row):
    """(field, identifier) of an event."""
    for name in identifier_fields(row["kind"]):
        outer, _, inner = name.partition(".")
        value = row.get(outer)
        if inner:
            yield from ((name, one[inner]) for one in value or ())
        elif isinstance(value, list):
            yield from ((name, one) for one in value)
        elif value:
            yield name, value


def key_of(row):
    return tuple(row.get(name) or "" for name in BUSINESS_KEYS[row["kind"]])


def sees(scope, row):
    return (
        scope.is_everything
        or is_in(scope, *(DIVISION_OF.get(row[name]) for name in PARTIES if row.get(name)))
        or row.get("platform_code") in scope.platforms
        or row["publisher"] in scope.publishers
    )


IDENTIFIERS = sorted({value for row in ALL_EVENTS for _, value in used(row)})


@few
@given(scope=scopes | st.just(EVERYTHING), text=st.sampled_from([*IDENTIFIERS, *PLATFORMS]))
def test_what_is_found_is_what_a_naive_filter_finds(queries, scope, text):
    expected = {}
    for row in ALL_EVENTS:
        for name, value in used(row):
            if value in forms(text) and sees(scope, row):
                expected.setdefault((row["kind"], name, value), set()).add(key_of(row))
    found = queries.find(scope, text)
    assert {(use.kind, use.field, use.identifier): use.records for use in found.uses} == {
        at: len(keys) for at, keys in expected.items()
    }
    of_kind = {}
    for (kind, *_), keys in expected.items():
        of_kind.setdefault(kind, set()).update(keys)
    groups = [group for group in (*found.subjects, found.lots, *found.records) if group.count]
    assert {group.kind: group.count for group in groups} == {
        kind: len(keys) for kind, keys in of_kind.items() if kind != "listing"
    }
    for group in groups:
        keys = [tuple(hit.key.get(name, "") for name in BUSINESS_KEYS[group.kind]) for hit in group.first]
        assert keys == sorted(of_kind[group.kind], key="\x1f".join)[:5]
        assert all(hit.evidence.startswith(f"{group.kind}/") for hit in group.first)
    listings = of_kind.get("listing", set())
    chains = (
        {}
        if only_publishers(scope) and not scope.is_everything
        else {
            (row["platform_code"], row["listing_id"]): row["verdict"]
            for row in (*SAID["chain"], *CHAINS)
            if (scope.is_everything or sees_chain(scope, row))
            and ((row["platform_code"], row["listing_id"]) in listings or row["platform_code"] == text)
        }
    )
    verdicts = list(chains.values())
    assert found.listings.verdicts == {verdict: verdicts.count(verdict) for verdict in set(verdicts)}
    assert {(one.platform_code, one.listing_id) for one in found.listings.first} <= listings | chains.keys()
    assert all(one.verdict == chains.get((one.platform_code, one.listing_id)) for one in found.listings.first)
    alerts = (
        []
        if only_publishers(scope) and not scope.is_everything
        else [
            row
            for row in (*SAID["alert"], *ALERTS)
            if (scope.is_everything or sees_alert(scope, row))
            and any((platform, number) in listings or platform == text for platform, number in covered(scope, row))
        ]
    )
    assert (found.alerts.count, found.alerts.raised) == (len(alerts), sum(row["state"] == "raised" for row in alerts))
    near = {each.identifier for each in found.near}
    assert near <= {value for row in ALL_EVENTS if sees(scope, row) for _, value in used(row)}


@few
@given(scope=scopes, text=st.sampled_from(["蜂蜜", "绿茶", "名", "桂花", "椴树蜂蜜 500"]))
def test_names_are_found_where_they_may_be_seen(queries, scope, text):
    names = {"listing": "title", "entity": "name", "product": "name"}
    expected = {}
    for row in ALL_EVENTS:
        if sees(scope, row) and all(word in row.get(names.get(row["kind"], ""), "") for word in text.split()):
            expected.setdefault(row["kind"], set()).add(key_of(row))
    if len(text) < 2:
        expected = {}
    found = queries.find(scope, text)
    assert {group.kind: group.count for group in found.subjects} == {
        kind: len(keys) for kind, keys in expected.items() if kind != "listing"
    }
    assert found.listings.count == len(expected.get("listing", ()))
    assert found.matched == ("name" if expected else None)


def test_one_number_of_several_issuers_is_each_of_them(queries):
    found = queries.find(EVERYTHING, "报-1")
    (group,) = found.records
    assert (group.kind, group.count) == ("inspection", 2)
    assert [hit.key["agency_code"] for hit in group.first] == sorted(LABS)
    assert {hit.facts["result"] for hit in group.first} == {"fail"}
    (decisions,) = queries.find(EVERYTHING, " 罚-9 ").records
    assert sorted(hit.key["division"] for hit in decisions.first) == ["330106", "330203"]


def test_a_lot_alone_is_found_in_whatever_case_with_what_was_made_of_it(queries):
    for text in ("H260112", "h260112"):
        found = queries.find(EVERYTHING, text)
        assert {(use.kind, use.field) for use in found.uses} >= {
            ("lot", "lot"),
            ("lot", "inputs.lot"),
            ("listing", "lot"),
            ("inspection", "lot"),
        }
        assert [hit.key["lot"] for hit in found.lots.first] == sorted(["H260113", "H260112"], key=_maker)
        (one,) = found.listings.first
        assert (one.listing_id, one.verdict, one.current) == ("l900", "contradicted", False)
        assert [each.alert_id for each in found.alerts.first] == ["b2", "b1", "b3"]
        assert (found.alerts.count, found.alerts.raised) == (3, 2)


def _maker(name):
    return MAKER if name == "H260112" else LABS[1]


def test_what_a_listing_said_before_is_told_from_what_it_says_now(queries):
    former = {one.listing_id: one.current for one in queries.find(EVERYTHING, "6903379452712").listings.first}
    assert former == {"l900": False}
    now = queries.find(EVERYTHING, "H260113").listings.first
    assert [(one.listing_id, one.current) for one in now] == [("l900", True)]


def test_a_code_that_fails_its_checks_says_so_and_who_was_meant(queries):
    mistyped = CODE[:5] + "8" + CODE[6:]
    found = queries.find(EVERYTHING, mistyped.lower())
    reading = found.readings[0]
    assert (reading.read_as, reading.valid, reading.fault) == ("credit_code", False, "check")
    assert found.matched is None
    assert (found.near[0].identifier, found.near[0].why) == (CODE, "mistyped")
    assert found.near[0].kinds == ["entity", "licence", "product"]
    far = queries.find(EVERYTHING, CODE[:8] + "Q" * 10)
    assert ("nearest", CODE) in {(each.why, each.identifier) for each in far.near}
    wrong = MAKER  # whose check characters nobody worked out
    assert queries.find(EVERYTHING, wrong).readings[0].valid is False
    assert queries.find(EVERYTHING, wrong).subjects[0].first[0].key == {"code": wrong}
    assert check_character(CODE[:17]) + organisation_check_character(CODE[8:16]) == CODE[17] + CODE[16]


def test_a_beginning_finds_what_begins_so(queries):
    found = queries.find(EVERYTHING, "h-26011")
    assert [(each.identifier, each.why) for each in found.near] == [("H260112", "begins"), ("H260113", "begins")]
    assert queries.find(EVERYTHING, "69033794").near[0].identifier == OTHER_GTIN
    assert queries.find(EVERYTHING, "H2601").near == []


def test_names_are_found_in_whatever_width_and_what_stands_for_anything_elsewhere_stands_for_itself(queries):
    (entity,) = [group for group in queries.find(EVERYTHING, "桂花坊(杭州)").subjects if group.kind == "entity"]
    assert entity.first[0].facts["name"] == "桂花坊（杭州）食品"
    found = queries.find(EVERYTHING, "５００Ｇ　100%纯")
    assert (found.matched, [one.listing_id for one in found.listings.first]) == ("name", ["l900"])
    assert found.listings.first[0].current is True
    for text in ("桂%糕", "桂_蜂蜜", "桂花\\", "%%", "__"):
        assert queries.find(EVERYTHING, text).matched is None, text


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_asked_for_is_a_text(queries, text):
    found = queries.find(EVERYTHING, text)
    assert (found.text, found.matched, found.uses) == (text, None, [])


def test_what_is_too_long_is_refused_and_what_is_nothing_finds_nothing(queries):
    with pytest.raises(SuyuanError, match="at most 400") as caught:
        queries.find(EVERYTHING, "9" * 401)
    assert caught.value.kind is ErrorKind.USAGE
    for text in ("", "  ", "无"):
        assert (queries.find(EVERYTHING, text).matched, queries.find(EVERYTHING, text).near) == (None, [])


def test_who_may_see_nothing_is_told_so_and_each_part_sees_its_own(queries):
    with pytest.raises(OutsideScope):
        queries.find(Scope(()), CODE)
    assert queries.find(Scope((Division("33"),)), CODE).matched == "identifier"
    assert queries.find(Scope((Division("65"),)), CODE).matched is None
    seen = queries.find(Scope((Publisher(PLATFORMS[0]),)), "H260113").listings
    assert (seen.count, seen.verdicts, seen.first[0].verdict) == (1, {}, None)
    assert queries.find(Scope((Platform(PLATFORMS[1]),)), "H260113").listings.count == 0
    assert len(DIVISIONS) == 5


class Counting:
    def __init__(self, tables):
        self._tables = tables
        self.asked = 0

    def select(self, statement, parameters=None):
        self.asked += 1
        return self._tables.select(statement, parameters)


@pytest.mark.parametrize("text", [CODE, "桂花", "H260112", PLATFORMS[0], "91330784MABQYF7F4C", "unheard of"])
def test_a_question_is_at_most_three_queries(embedded, text):
    for scope in (EVERYTHING, Scope((Division("33"), Platform(PLATFORMS[0]), Publisher(CODE)))):
        tables = Counting(embedded)
        find(tables, scope, text)
        assert 1 <= tables.asked <= 3


def test_business_keys_are_told_apart_as_they_were_joined(embedded):
    rows = embedded.writer.query("SELECT DISTINCT kind, subject FROM identifier").result_rows
    assert all(len(split_key(subject)) == len(BUSINESS_KEYS[kind]) for kind, subject in rows)
