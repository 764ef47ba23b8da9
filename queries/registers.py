"""The registers of spot checks: what may be looked at, and who may be drawn."""

from __future__ import annotations

import msgspec

from suyuan.access.scope import Scope
from suyuan.queries.rows import Tables, read
from suyuan.queries.visible import must_see_everything


class OfRegisters(msgspec.Struct, frozen=True):
    """Check items by their numbers, and all officers of bureaus."""

    item_nos: list[str]
    bureaus: list[str]


class RegisteredItem(msgspec.Struct, frozen=True):
    """A check item as it stands now: an event of kind `check_item`."""

    item_no: str
    title: str
    item_class: str
    share_cap: int | None
    status: str


class RegisteredOfficer(msgspec.Struct, frozen=True):
    """An officer as of now: an event of kind `officer`."""

    bureau: str
    staff_no: str
    unit: str
    qualifications: list[str]
    status: str


class Registers(msgspec.Struct, frozen=True):
    """What is on record, by number: items without those that nobody knows, officers of every status."""

    items: list[RegisteredItem]
    officers: list[RegisteredOfficer]


def registers(tables: Tables, scope: Scope, wanted: OfRegisters) -> Registers:
    """Raises OutsideScope."""
    must_see_everything(scope, "registers of spot checks")
    items = read(
        tables,
        "SELECT item_no, title, item_class, share_cap, status FROM current_check_item"
        " WHERE item_no IN {items:Array(String)} ORDER BY item_no",
        {"items": wanted.item_nos},
    )
    officers = read(
        tables,
        "SELECT bureau, staff_no, unit, qualifications, status FROM current_officer"
        " WHERE bureau IN {bureaus:Array(String)} ORDER BY bureau, staff_no",
        {"bureaus": wanted.bureaus},
    )
    return msgspec.convert({"items": items, "officers": officers}, Registers)
