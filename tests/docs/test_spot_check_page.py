"""The plan that the page shows is one that is accepted, with the registers of the examples."""

from __future__ import annotations

import csv

import pytest

from suyuan.domain.checks.faults import plan_faults
from suyuan.operations.spot_checks.registers import read_plan
from suyuan.queries.registers import RegisteredItem, RegisteredOfficer, Registers
from tests.docs.pages import DOCS, code_blocks


def rows(name):
    with (DOCS / "examples" / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


class Tables:
    """What the examples publish."""

    def registers(self, _scope, wanted):
        items = [
            RegisteredItem(row["item_no"], row["title"], row["item_class"], None, row["status"])
            for row in rows("check_items.csv")
            if row["item_no"] in wanted.item_nos
        ]
        officers = [
            RegisteredOfficer(
                row["bureau"], row["staff_no"], row["unit"], row["qualifications"].split(";"), row["status"]
            )
            for row in rows("officers.csv")
            if row["bureau"] in wanted.bureaus
        ]
        return Registers(items, officers)


@pytest.mark.parametrize("page", ["spot-checks.md", "spot-checks.zh.md"])
def test_the_plan_of_the_page_is_accepted(page):
    (block,) = code_blocks(DOCS / "how-to" / page, "json")
    plan = read_plan(Tables(), block.encode())
    assert list(plan_faults(plan)) == []
    assert [officer.most for officer in plan.officers] == [30, 30, 5]
