"""Plans whose items and officers are in the registers (一单两库): what is on record is written into the plan.

| in the file                                        | becomes                                                     |
|----------------------------------------------------|-------------------------------------------------------------|
| of items a text                                    | the check item of this number: its class and cap            |
| of officers a text, or an object without `unit`    | the officer of this number: unit and qualifications         |
| no officers at all                                 | every active officer of the bureau that the check is of     |
| `bureau` of such an object                         | whose officer it is; else the bureau that the check is of   |
| no `most`                                          | as many orders as there can be                              |

All else is taken as it stands. Published is what comes of it: a stranger needs no register, and what one says later
changes no check.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from suyuan.access.scope import EVERYTHING
from suyuan.domain.checks.bodies import Plan
from suyuan.domain.checks.faults import BodyError, Fault, read_loosely
from suyuan.domain.checks.numbers import check_number
from suyuan.queries.api import Queries
from suyuan.queries.registers import OfRegisters, RegisteredItem, RegisteredOfficer

_MOST = 10_000
_FROM_THE_REGISTER = frozenset({"staff_no", "bureau", "most", "reserve"})


def read_plan(ask: Queries, text: bytes) -> Plan:
    """The plan that a file holds, with what it takes from the registers. Raises BodyError, which names the field."""
    try:
        given = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyError("plan", [Fault("", f"is no JSON: {error}", "write an object in JSON, in UTF-8")]) from None
    return read_loosely("plan", filled(ask, given) if isinstance(given, dict) else given)  # type: ignore[return-value]


def filled(ask: Queries, plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan's fields, with items and officers as they are on record. Raises BodyError: for numbers that are on no
    record, for an item or an officer that is not active, and a general item without a cap.
    """
    number = check_number(plan["check_id"]) if isinstance(plan.get("check_id"), str) else None
    own = number.bureau if number else ""
    items, officers = _list(plan.get("items")), _list(plan.get("officers"))
    references = {place: name for place, each in enumerate(officers) if (name := _reference(each, own))}
    item_nos = [each for each in items if isinstance(each, str)]
    whole = plan.get("officers") is None and number is not None
    if not (item_nos or references or whole):
        return dict(plan)
    bureaus = sorted({own} if whole else {bureau for bureau, _ in references.values()})
    found = ask.registers(EVERYTHING, OfRegisters(item_nos, bureaus))
    known_items = {each.item_no: each for each in found.items}
    known_officers = {(each.bureau, each.staff_no): each for each in found.officers}
    faults = [
        *(
            fault
            for place, each in enumerate(items)
            if isinstance(each, str)
            for fault in _of_item(place, each, known_items)
        ),
        *(fault for place, name in references.items() for fault in _of_officer(place, name, known_officers)),
    ]
    if faults:
        raise BodyError("plan", faults)
    if whole:
        active = [each for each in found.officers if each.status == "active"]
        made: list[Any] = [_officer(each, {}, plan) for each in active]
    else:
        made = [
            _officer(known_officers[references[place]], each if isinstance(each, dict) else {}, plan)
            if place in references
            else each
            for place, each in enumerate(officers)
        ]
    return {
        **plan,
        "items": [_item(known_items[each]) if isinstance(each, str) else each for each in items],
        "officers": made,
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _reference(each: Any, own: str) -> tuple[str, str] | None:
    """Bureau and staff number of an entry that is taken from the register."""
    if isinstance(each, str):
        return own, each
    if isinstance(each, dict) and isinstance(each.get("staff_no"), str) and _FROM_THE_REGISTER.issuperset(each):
        return str(each.get("bureau", own)), each["staff_no"]
    return None


def _of_item(place: int, item_no: str, known: Mapping[str, RegisteredItem]) -> Iterator[Fault]:
    item = known.get(item_no)
    if item is None:
        yield Fault(f"items[{place}]", f"{item_no} is on no record", "publish it as a check_item, or mend the number")
    elif item.status != "active":
        yield Fault(f"items[{place}]", f"{item_no} is {item.status}", "name one that is active")
    elif item.item_class == "general" and item.share_cap is None:
        yield Fault(f"items[{place}]", f"{item_no} is a general item without a cap", "publish it with its share_cap")


def _of_officer(
    place: int, name: tuple[str, str], known: Mapping[tuple[str, str], RegisteredOfficer]
) -> Iterator[Fault]:
    officer, (bureau, staff_no) = known.get(name), name
    if officer is None:
        reason = f"{staff_no} of bureau {bureau} is on no record"
        yield Fault(f"officers[{place}]", reason, "publish who it is as an officer, or mend the number")
    elif officer.status != "active":
        yield Fault(f"officers[{place}]", f"{staff_no} of bureau {bureau} is {officer.status}", "name others")


def _item(item: RegisteredItem) -> dict[str, Any]:
    made = {"item_no": item.item_no, "item_class": item.item_class}
    return made | ({"share_cap": item.share_cap} if item.item_class == "general" else {})


def _officer(officer: RegisteredOfficer, said: Mapping[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    made = {"staff_no": officer.staff_no, "unit": officer.unit, "qualifications": officer.qualifications}
    return made | {"most": _orders(plan)} | {name: said[name] for name in ("most", "reserve") if name in said}


def _orders(plan: Mapping[str, Any]) -> int:
    """How many there can be."""
    sizes = [each.get("size") for each in _list(plan.get("strata")) if isinstance(each, dict)]
    return max(1, min(_MOST, sum(size for size in sizes if isinstance(size, int))))
