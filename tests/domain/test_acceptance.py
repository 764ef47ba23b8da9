"""Which well-formed events count."""

import datetime as dt

import polars as pl
import pytest

from suyuan.domain.acceptance import refusal, refusals
from suyuan.domain.calendar import day_start_ms

NOON = day_start_ms(dt.date(2026, 6, 3)) + 12 * 3_600_000
LAST_INSTANT = day_start_ms(dt.date(2026, 6, 4)) - 1
NAMED = {"event_id": "E1", "publisher": "P"}
NOTHING = ["", " ", "\u3000\u00a0\t", "\u200b", "\x00\x1b\x85", "\u202e \u2066", "\ufeff\r\n"]


@pytest.mark.parametrize("blank", NOTHING)
@pytest.mark.parametrize("field", ["event_id", "publisher"])
def test_an_event_and_its_publisher_have_names(field, blank):
    refused = refusal("entity", NAMED | {field: blank}, NOON)
    assert refused.field == field
    assert "is empty" in refused.reason
    assert ":" in refused.reason, "and what to do"


@pytest.mark.parametrize("name", ["0", "贰", "\u200b-", "a b", "😀"])
def test_whatever_can_be_seen_is_a_name(name):
    assert refusal("entity", NAMED | {"event_id": name, "publisher": name}, NOON) is None


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
    refused = refusal("day", NAMED | {"publisher": publisher, "date": date}, taken_at)
    assert (refused and refused.field) == field


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
    refused = refusal("complaint", NAMED | {"complainant": complainant}, NOON)
    assert refused.field == "complainant"
    assert "pseudonym" in refused.reason
    assert "张三" not in refused.reason
    assert refusal("complaint", NAMED | {"complainant": "p" + "09af" * 8}, NOON) is None


def test_rows_are_judged_as_one_by_one():
    names = [*NOTHING, "E1", "贰", "\u200bx"]
    rows = pl.DataFrame({"event_id": [*names, *["E"] * len(names)], "publisher": [*["P"] * len(names), *names]})
    found = dict(refusals("lot", rows, [NOON] * rows.height))
    one_by_one = {row: refusal("lot", each, NOON) for row, each in enumerate(rows.iter_rows(named=True))}
    assert found == {row: refused for row, refused in one_by_one.items() if refused}
    assert len(found) == 2 * len(NOTHING)
    days = pl.DataFrame([NAMED | {"publisher": "SUYUAN", "date": dt.date(2026, 6, 5)}] * 2)
    assert [row for row, _ in refusals("day", days, [NOON, NOON + 86_400_000])] == [0], "each by its own moment"
