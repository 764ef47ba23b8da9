"""Which well-formed events count."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.domain.acceptance import refusal, refusals
from suyuan.domain.calendar import day_start_ms
from suyuan.domain.checks.bodies import canonical
from suyuan.domain.identifiers.uscc import check_uscc
from suyuan.domain.normalisation import normalise
from suyuan.schemas.kinds import EVENT_KINDS, KINDS, event_schema
from tests.spot_checks import CHECK, plan

NOON = day_start_ms(dt.date(2026, 6, 3)) + 12 * 3_600_000
LAST_INSTANT = day_start_ms(dt.date(2026, 6, 4)) - 1
NOTHING = ["", " ", "\u3000\u00a0\t", "\u200b", "\x00\x1b\x85", "\u202e \u2066", "\ufeff\r\n"]
CODE, WRONG_CHECK = "91110000600037341L", "91110000600037341M"
GTIN = "6903379001194"
VALUES = {
    "string": "x",
    "enum": None,
    "long": 1,
    "boolean": True,
    "date": dt.date(2026, 6, 1),
    "timestamp-millis": NOON,
    "array": [],
}
TEXTS = {
    "gtin": GTIN,
    "division": "330106",
    "handled_by": None,
    "complainant": "p" + "0" * 32,
    "line": None,
    "publisher": CODE,
}
OF_KINDS = {
    "check_act": {"publisher": "SUYUAN", "check_id": CHECK, "act": "plan", "body": canonical(plan()).decode()},
    "inspection": {"order_no": None, "sample_no": None},
    "order": {
        "publisher": "SUYUAN",
        "order_no": f"{CHECK}-1",
        "check_id": CHECK,
        "ticket": "0." + "7" * 77,
        "items": ["F-12"],
    },
    "order_answer": {
        "publisher": "SUYUAN",
        "order_no": f"{CHECK}-1",
        "answer": "bought",
        "sample": None,
        "spare": None,
        "party": None,
        "note_hash": None,
    },
    "officer": {"bureau": "330106"},
    "day": {"publisher": "SUYUAN"},
    "alert_act": {
        "publisher": "SUYUAN",
        "alert_id": "5f" * 16,
        "act": "resolve",
        "resolution": "confirmed",
        "until": None,
        "assignee": None,
        "note_hash": None,
    },
}


def event(kind, **other):
    """One that counts, with other values."""
    made = {
        field.name: CODE
        if field.name == "code" or field.name.endswith("_code")
        else TEXTS.get(field.name, field.values[0] if field.values else VALUES[field.type])
        for field in event_schema(kind).fields
    }
    return made | OF_KINDS.get(kind, {}) | other


def field_of(kind, **other):
    """The field at fault of an event with these values; None where it counts."""
    refused = refusal(EVENT_KINDS[kind], event(kind, **other), NOON)
    return refused and refused.field


@pytest.mark.parametrize("kind", KINDS)
def test_events_in_order_count(kind):
    assert refusal(EVENT_KINDS[kind], event(kind), NOON) is None


@pytest.mark.parametrize("blank", NOTHING)
@pytest.mark.parametrize("field", ["event_id", "publisher"])
def test_an_event_and_its_publisher_have_names(field, blank):
    refused = refusal(EVENT_KINDS["entity"], event("entity", **{field: blank}), NOON)
    assert refused.field == field
    assert "is missing" in refused.reason
    assert ":" in refused.reason, "and what to do"


@pytest.mark.parametrize("name", ["0", "贰", "\u200b-", "a b", "😀", "无"])
def test_whatever_can_be_seen_names_an_event(name):
    assert field_of("entity", event_id=name) is None
    assert field_of("entity", publisher=name) == ("publisher" if name in ("无", "\u200b-") else None)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("listing", "platform_code"),
        ("listing", "listing_id"),
        ("listing", "category"),
        ("entity", "code"),
        ("licence", "licence_no"),
        ("licence", "holder_code"),
        ("product", "gtin"),
        ("product", "category"),
        ("lot", "lot"),
        ("shipment", "lot"),
        ("shipment", "shipment_id"),
        ("inspection", "report_no"),
        ("recall", "recall_no"),
        ("complaint", "complaint_no"),
        ("complaint", "category"),
        ("penalty", "decision_no"),
    ],
)
def test_what_must_be_there_and_is_nothing_is_missing(kind, field):
    refused = refusal(EVENT_KINDS[kind], event(kind, **{field: " \u200b"}), NOON)
    assert (refused.field, "is missing" in refused.reason) == (field, True)
    if field not in ("listing_id", "shipment_id", "report_no", "recall_no", "complaint_no", "decision_no"):
        word = refusal(EVENT_KINDS[kind], event(kind, **{field: "ｎ/ａ "}), NOON)
        assert (word.field, "is missing" in word.reason) == (field, True)
        assert "stands for nothing" in word.reason or kind == "complaint"


def test_a_listing_stays_one_whatever_it_names():
    wrong = {"seller_code": "/", "producer_code": "9.13301E+17", "gtin": "6.90338E+12", "lot": "无", "licence_no": "?"}
    assert field_of("listing", **wrong) is None
    assert field_of("listing", seller_code="") is None
    assert field_of("listing", gtin="0000000000000", producer_code="110000600037341") is None
    assert field_of("inspection", lot="/") is None, "the whole product was inspected"


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (1_770_696_000, "is not ms but seconds (of 2026-02-10T04:00:00Z): multiply by 1,000"),
        (1_770_696_000_000_000, "microseconds"),
        (1_770_696_000_000_000_000, "nanoseconds"),
        (20260210, "write 2026-02-10T00:00:00+08:00"),
        (20260210120000, "write 2026-02-10T00:00:00+08:00"),
        (46063, "a spreadsheet's number of the day 2026-02-10"),
        (946_684_799_999, "before 2000-01-01"),
        (0, "before 2000-01-01"),
        (-(1 << 63), "before 2000-01-01"),
        ((1 << 63) - 1, "more than two days after 2026-06-03T04:00:00Z"),
        (2_906_769_600_000, "(2062-02-10T04:00:00Z) is more than two days after"),
        (NOON + 2 * 86_400_000 + 1, "more than two days after"),
    ],
)
def test_a_time_is_of_this_century_and_not_of_the_future(at, says):
    for kind in ("listing", "entity", "day"):
        refused = refusal(EVENT_KINDS[kind], event(kind, occurred_at=at), NOON)
        assert refused.field == "occurred_at"
        assert str(at) in refused.reason
        assert says in refused.reason
        assert ": " in refused.reason, "and what to do"


@pytest.mark.parametrize("at", [946_684_800_000, NOON + 2 * 86_400_000])
def test_the_ends_of_what_time_may_be_are_included(at):
    assert field_of("entity", occurred_at=at) is None


@pytest.mark.parametrize("kind", ["product", "lot", "shipment", "inspection", "recall"])
@pytest.mark.parametrize(
    ("gtin", "says"),
    [
        ("6.90338E+12", "spreadsheet"),
        ("6903379001194.0", "export the column as text"),
        ('="6903379001194"', "formula"),
        ("'6903379001194", "apostrophe"),
        ("EAN6903379001194", "digits alone"),
        ("69033790011", "8, 12, 13, 14 digits"),
        ("6903379001195", "check digit"),
        ("0000000000000", "all zeros"),
    ],
)
def test_a_record_of_no_gtin_would_match_nothing(kind, gtin, says):
    refused = refusal(EVENT_KINDS[kind], event(kind, gtin=gtin), NOON)
    assert refused.field == "gtin"
    assert repr(gtin) in refused.reason
    assert says in refused.reason


@pytest.mark.parametrize(
    "gtin", ["６９０３３７９００１１９４", "\u200b6903379001194", "6 903379 001194", "2100000001231"]
)
def test_what_is_a_gtin_in_normal_form_is_taken(gtin):
    assert field_of("recall", gtin=gtin) is None


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("entity", "code"),
        ("licence", "holder_code"),
        ("product", "producer_code"),
        ("lot", "producer_code"),
        ("shipment", "producer_code"),
        ("shipment", "from_code"),
        ("shipment", "to_code"),
        ("inspection", "agency_code"),
        ("inspection", "producer_code"),
        ("recall", "producer_code"),
        ("complaint", "subject_code"),
        ("penalty", "subject_code"),
    ],
)
def test_a_record_of_no_credit_code_would_match_nothing(kind, field):
    for code, says in [
        ("9.13301E+17", "spreadsheet"),
        ("某某食品有限公司", "8 characters, 18 expected"),
        ("110000600037341", "15 digits"),
    ]:
        refused = refusal(EVENT_KINDS[kind], event(kind, **{field: code}), NOON)
        assert refused.field == field
        assert (
            ("it is" in refused.reason or "it " in refused.reason[:3])
            if kind == "complaint"
            else says in refused.reason
        )
        assert (code in refused.reason) == (kind != "complaint")
    assert check_uscc(WRONG_CHECK).fault == "check"
    assert field_of(kind, **{field: WRONG_CHECK}) is None, "it may have been issued so"
    assert field_of(kind, publisher="何人", **{field: CODE.lower()}) is None


def test_a_complaint_is_not_quoted():
    for other in ({"occurred_at": 1_770_696_000}, {"subject_code": "张三的店"}, {"category": "未知"}):
        refused = refusal(EVENT_KINDS["complaint"], event("complaint", **other), NOON)
        assert refused.field in other
        assert not any(quoted in refused.reason for quoted in ("1770696000", "2026-02-10", "张三", "未知"))


def test_a_complaint_may_name_nobody():
    assert field_of("complaint", subject_code=None, platform_code=None, listing_id=None) is None
    assert field_of("complaint", subject_code="/") is None


@pytest.mark.parametrize("item", ["/", "无", "", " ", "NULL", "全部", "全部批次", "所有批次", "ALL", "all", "ＡＬＬ"])
def test_a_recall_of_every_lot_names_none(item):
    refused = refusal(EVENT_KINDS["recall"], event("recall", lots=["H1", item]), NOON)
    assert refused.field == "lots"
    assert repr(item) in refused.reason
    assert "write nothing (an empty list) for every lot" in refused.reason
    assert field_of("recall", lots=[]) is None


@pytest.mark.parametrize(
    "item",
    ["H1、H2", "H1，H2", "H1；H2", "H1;H2", "H1|H2", "H1｜H2", "H0~H9", "H0～H9", "H0至H9", "批号:H1", "批号：H1"],
)
def test_several_lots_in_one_item_would_match_none(item):
    refused = refusal(EVENT_KINDS["recall"], event("recall", lots=[item]), NOON)
    assert refused.field == "lots"
    assert item in refused.reason
    assert "write each lot alone" in refused.reason


def test_other_texts_are_lots_as_they_stand():
    assert field_of("recall", lots=["H1", "H1,H2", "H1 H2", "H0-H9", "h1", "Ｈ１", "H1/2", "无糖"]) is None
    assert field_of("lot", lot="批号:H1") is None


def test_an_input_that_cannot_match_is_only_text():
    named = {"producer_code": "某厂", "gtin": "6.90338E+12", "lot": "/", "quantity": 0}
    assert field_of("lot", inputs=[named]) is None
    assert field_of("lot", inputs=[named, named | {"quantity": -1}]) == "inputs"


@pytest.mark.parametrize(
    ("kind", "field"),
    [("lot", "produced_on"), ("inspection", "inspected_on"), ("penalty", "decided_on")],
)
def test_a_day_of_the_past_is_not_of_the_future(kind, field):
    assert field_of(kind, **{field: dt.date(2026, 6, 4)}) is None
    assert field_of(kind, **{field: dt.date(2026, 6, 5)}) == field
    assert field_of(kind, **{field: dt.date(2026, 6, 5)}, occurred_at=LAST_INSTANT + 1) is None
    assert field_of("lot", expires_on=dt.date(2030, 1, 1)) is None


@pytest.mark.parametrize(
    ("kind", "field"),
    [("listing", "price_fen"), ("listing", "sold_30d"), ("lot", "quantity"), ("shipment", "quantity")],
)
def test_nothing_is_less_than_nothing(kind, field):
    assert field_of(kind, **{field: 0}) is None
    refused = refusal(EVENT_KINDS[kind], event(kind, **{field: -1}), NOON)
    assert (refused.field, "-1 is negative" in refused.reason) == (field, True)


@pytest.mark.parametrize(
    ("publisher", "date", "taken_at", "field"),
    [
        ("SUYUAN", dt.date(2026, 6, 4), NOON, None),
        (" suyuan ", dt.date(2026, 6, 4), LAST_INSTANT, None),
        ("SUYUAN", dt.date(1, 1, 1), NOON, None),
        ("SUYUAN", dt.date(2026, 6, 5), LAST_INSTANT, "date"),
        ("SUYUAN", dt.date(2026, 6, 5), LAST_INSTANT + 1, None),
        ("SUYUAN", dt.date(9999, 12, 31), NOON, "date"),
        ("SUYUAN", dt.date(9999, 12, 31), 253_402_300_799_999, None),
        ("11100000MB0143028R", dt.date(2026, 6, 3), NOON, "publisher"),
        ("SUYUAN/", dt.date(2026, 6, 3), NOON, "publisher"),
    ],
)
def test_days_come_from_the_running_system_and_not_from_the_future(publisher, date, taken_at, field):
    refused = refusal(EVENT_KINDS["day"], event("day", publisher=publisher, date=date), taken_at)
    assert (refused and refused.field) == field


@pytest.mark.parametrize("text", ["质量 13912345678", "身份证 11010519491231002X", "卡号 6222021234567890128"])
def test_no_number_of_a_person_is_in_what_a_complaint_is_about(text):
    refused = refusal(EVENT_KINDS["complaint"], event("complaint", category=text), NOON)
    assert refused.field == "category"
    assert text not in refused.reason
    assert "leave it out" in refused.reason
    for kind, field in (("recall", "reason"), ("penalty", "ground")):
        assert refusal(EVENT_KINDS[kind], event(kind, **{field: text}), NOON) is None, "it counts all the same"


@pytest.mark.parametrize(
    "complainant",
    [
        "13912345678 张三",
        "",
        "p",
        "p" + "0" * 31,
        "p" + "0" * 33,
        "P" + "0" * 32,
        "p" + "A" * 32,
        "p" + "0" * 32 + "\n",
    ],
)
def test_who_complained_is_a_pseudonym_and_is_not_quoted(complainant):
    refused = refusal(EVENT_KINDS["complaint"], event("complaint", complainant=complainant), NOON)
    assert refused.field == "complainant"
    assert "pseudonym" in refused.reason
    assert "张三" not in refused.reason
    assert field_of("complaint", complainant="p" + "09af" * 8) is None


def columns(kind, events):
    """A frame of these events."""
    return pl.DataFrame(
        [pl.Series(f.name, [each[f.name] for each in events], f.dtype) for f in event_schema(kind).fields]
    )


def found_in_columns(kind, events, taken_at):
    """row → why"""
    rows = columns(kind, events)
    return dict(refusals(EVENT_KINDS[kind], rows, normalise(EVENT_KINDS[kind], rows), taken_at))


INPUT = st.fixed_dictionaries(
    {
        "producer_code": st.sampled_from([CODE, "/"]),
        "gtin": st.sampled_from([GTIN, "x"]),
        "lot": st.sampled_from(["H1", "无"]),
        "quantity": st.sampled_from([-1, 0, 5]),
    }
)


def odd_values(field):
    """Mostly in order, now and then not."""
    if field.name == "gtin":
        some = [GTIN, f"\u200b{GTIN}", "6.9E+12", "0000000000000", "96385074", "96385075", "/"]
    elif field.name == "code" or field.name.endswith("_code"):
        some = [CODE, CODE.lower(), WRONG_CHECK, "9.13301E+17", "110000600037341", "n/a", "", "某厂"]
    elif field.name == "lots":
        return st.lists(st.sampled_from(["H1", "无", "ALL", "H1；H2", "Ｈ2", ""]), max_size=2)
    elif field.name == "inputs":
        return st.lists(INPUT, max_size=2)
    elif field.values:
        return st.sampled_from(field.values)
    elif field.type == "timestamp-millis":
        some = [
            NOON,
            946_684_800_000,
            946_684_799_999,
            NOON + 172_800_000,
            NOON + 172_800_001,
            -(1 << 63),
            (1 << 63) - 1,
        ]
    elif field.type == "date":
        some = [dt.date(2026, 6, 3), dt.date(2026, 6, 4), dt.date(2026, 6, 5), dt.date(1, 1, 1), dt.date(9999, 12, 31)]
    elif field.type == "string":
        some = ["x", "无", "\u200b", "", "p" + "0" * 32, "ｘ"]
    else:
        some = {"long": [0, 7, -1], "boolean": [True], "array": [[]]}[field.type]
    return st.sampled_from([None, *some] if field.optional else some)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_rows_are_judged_as_one_by_one(kind, data):
    one = st.fixed_dictionaries({}, optional={field.name: odd_values(field) for field in event_schema(kind).fields})
    events = [event(kind, **other) for other in data.draw(st.lists(one, max_size=8))]
    taken_at = [NOON + data.draw(st.sampled_from([0, 1, 86_400_000])) for _ in events]
    one_by_one = {
        row: refusal(EVENT_KINDS[kind], each, at) for row, (each, at) in enumerate(zip(events, taken_at, strict=True))
    }
    assert found_in_columns(kind, events, taken_at) == {row: why for row, why in one_by_one.items() if why}


def test_days_are_judged_each_by_its_own_moment():
    days = [event("day", date=dt.date(2026, 6, 5))] * 2
    assert list(found_in_columns("day", days, [NOON, NOON + 86_400_000])) == [0]


@pytest.mark.parametrize(
    ("fields", "at_fault"),
    [
        ({}, None),
        ({"division": " 330106 "}, None),
        ({"handled_by": "330100"}, None),
        ({"handled_by": " "}, None),
        ({"handled_by": "330100", "status": "merged"}, None),
        ({"division": "3301"}, "division"),
        ({"division": "33010６"}, "division"),
        ({"division": "杭州市"}, "division"),
        ({"division": ""}, "division"),
        ({"division": "330106\n330108"}, "division"),
        ({"handled_by": "330"}, "handled_by"),
        ({"handled_by": "330106"}, "handled_by"),
        ({"handled_by": "330106 "}, "handled_by"),
        ({"status": "merged"}, "handled_by"),
        ({"code": "x"}, "code"),
        ({"officers": 0}, None),
        ({"officers": -1}, "officers"),
    ],
)
def test_bureaus_are_of_divisions_and_lead_on_to_others(fields, at_fault):
    assert field_of("bureau", **fields) == at_fault
    rows = pl.DataFrame([event("bureau", **fields)], schema_overrides={"handled_by": pl.String, "code": pl.String})
    found = list(refusals(EVENT_KINDS["bureau"], rows, normalise(EVENT_KINDS["bureau"], rows), [NOON]))
    assert [refused.field for _, refused in found] == ([at_fault] if at_fault else [])


def test_why_a_bureau_is_refused():
    kind = EVENT_KINDS["bureau"]
    assert refusal(kind, event("bureau", division="3301"), NOON).reason == (
        "'3301' is not of 6 digits: write it as GB/T 2260 has it, 330108"
    )
    assert "leave it out where it does its own work" in refusal(kind, event("bureau", handled_by="330106"), NOON).reason
    assert "write the division that took its place" in refusal(kind, event("bureau", status="merged"), NOON).reason
