"""Plans whose items and officers are in the registers."""

from __future__ import annotations

import json

import msgspec
import pytest

from suyuan.domain.checks.bodies import Item, Officer, canonical
from suyuan.domain.checks.faults import BodyError
from suyuan.operations.spot_checks.registers import read_plan
from suyuan.queries.registers import RegisteredItem, RegisteredOfficer, Registers
from tests.spot_checks import plan

ITEMS = [
    RegisteredItem("F-12", "蜂蜜", "key", None, "active"),
    RegisteredItem("F-13", "糕点", "general", 500, "active"),
    RegisteredItem("F-14", "旧项", "key", None, "ended"),
    RegisteredItem("F-15", "茶", "general", None, "active"),
]
OFFICERS = [
    RegisteredOfficer("330100", "浙A-01", "食品处", ["food"], "active"),
    RegisteredOfficer("330100", "A-02", "网监处", ["food", "标签"], "active"),
    RegisteredOfficer("330100", "A-03", "网监处", [], "away"),
    RegisteredOfficer("330106", "A-02", "一科", ["food"], "active"),
]


class Tables:
    def __init__(self):
        self.asked = []

    def registers(self, _scope, wanted):
        self.asked.append(wanted)
        items = [each for each in ITEMS if each.item_no in wanted.item_nos]
        return Registers(items, [each for each in OFFICERS if each.bureau in wanted.bureaus])


def read(tables=None, **changed):
    fields = {**json.loads(canonical(plan())), "recusals": [], **changed}
    return read_plan(
        tables or Tables(), json.dumps({name: value for name, value in fields.items() if value is not None})
    )


def test_items_and_officers_are_as_they_are_on_record():
    found = read(
        items=["F-13", {"item_no": "own", "item_class": "key"}],
        officers=[
            "浙A-01",
            {"staff_no": "A-02", "most": 3, "reserve": True},
            {"staff_no": "B", "unit": "u", "most": 1},
        ],
    )
    assert found.items == (
        Item(item_no="F-13", item_class="general", share_cap=500),
        Item(item_no="own", item_class="key"),
    )
    assert found.officers == (
        Officer(staff_no="浙A-01", unit="食品处", most=8, qualifications=("food",)),
        Officer(staff_no="A-02", unit="网监处", most=3, qualifications=("food", "标签"), reserve=True),
        Officer(staff_no="B", unit="u", most=1),
    )


def test_without_officers_all_of_the_bureau_who_are_there():
    found = read(officers=None, items=["F-12"])
    assert [officer.staff_no for officer in found.officers] == ["浙A-01", "A-02"]
    assert found.items == (Item(item_no="F-12", item_class="key"),)


def test_an_officer_of_another_bureau():
    found = read(officers=["浙A-01", {"bureau": "330106", "staff_no": "A-02"}])
    assert [officer.unit for officer in found.officers] == ["食品处", "一科"]


def test_a_plan_that_says_everything_asks_no_register():
    tables = Tables()
    assert read(tables) == msgspec.structs.replace(plan(), recusals=())
    assert tables.asked == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"items": ["F-99"]}, r"items\[0\]: F-99 is on no record"),
        ({"items": ["F-12", "F-14"]}, r"items\[1\]: F-14 is ended"),
        ({"items": ["F-15"]}, r"items\[0\]: F-15 is a general item without a cap"),
        ({"officers": ["浙A-01", "Z"]}, r"officers\[1\]: Z of bureau 330100 is on no record"),
        ({"officers": ["A-02", {"staff_no": "A-03"}]}, r"officers\[1\]: A-03 of bureau 330100 is away"),
        (
            {"officers": [{"bureau": "330106", "staff_no": "浙A-01"}]},
            r"officers\[0\]: 浙A-01 of bureau 330106 is on no",
        ),
        ({"officers": [{"staff_no": "A-02", "qualifications": ["x"], "most": 1}]}, "officers.*unit"),
        ({"items": 7}, "items"),
        ({"check_id": None, "officers": None}, "check_id"),
    ],
)
def test_what_is_on_no_record_or_not_active_is_named(changed, says):
    with pytest.raises(BodyError, match=says):
        read(**changed)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b"7"])
def test_what_is_no_plan(text):
    with pytest.raises(BodyError):
        read_plan(Tables(), text)
