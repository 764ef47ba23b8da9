"""A plan as a form: its essentials, most of them a line each. What it makes is the plan as the API takes it.

| field      | a line of it                                                                |
|------------|-----------------------------------------------------------------------------|
| strata     | value of the column, how many, what officers need: `330106, 5, food`          |
| weights    | weight, expression: `3 verdict = 'broken'`; the first that is true counts     |
| officers   | a number of the register; or number, unit, most orders, qualifications, `reserve` |
|            | `A-01, first, 9, food`                                                        |
| recusals   | officer, code of the party, reason: `A-01, 91330106…, relative`               |
| parties    | name, commitment, default, of who commits to a secret                        |
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar

import msgspec
from pydantic import BaseModel, Field

from suyuan.portal.moments import ms_of
from suyuan.portal.problems import Fault, Problem

T = TypeVar("T")

LINE, TEXT = 4_000, 600_000
RESERVE = "reserve"
REGISTERED = "registered"
"""of an item: class and cap are those of the register"""
CLASSES = (REGISTERED, "key", "general")
SOURCES = ("drand", "commit_reveal")
# of the League of Entropy, as https://api.drand.sh/info tells it
BEACON = {
    "public_key": "868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31",
    "period": 30,
    "genesis_time": 1595431050,
    "hash": "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce",
    "groupHash": "176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a",
    "metadata": {"beaconID": "default"},
}
Line = Annotated[str, Field(max_length=LINE)]
Text = Annotated[str, Field(max_length=TEXT)]


class PlanForm(BaseModel):
    """The form as it was filled in. `plan`: all of it as JSON, in place of the other fields."""

    bureau: Line = ""
    title: Line = ""
    item_no: Line = ""
    item_class: Line = REGISTERED
    share_cap: Line = ""
    population: Line = ""
    objects: Text = ""
    column: Line = "seller_division"
    strata: Text = ""
    weights: Text = ""
    officers: Text = ""
    officers_each: Line = "2"
    recusals: Text = ""
    source: Line = "drand"
    beacon: Line = msgspec.json.format(msgspec.json.encode(BEACON), indent=1).decode()
    parties: Text = ""
    at: Line = ""
    plan: Text = ""

    def fields(self) -> dict[str, Any]:
        """As the API takes it. Raises Problem, invalid, which names fields of the form."""
        if self.plan.strip():
            return _object(self.plan, "/plan")
        item: str | dict[str, Any] = self.item_no.strip()
        if self.item_class != REGISTERED:
            item = {"item_no": item, "item_class": self.item_class}
            if self.share_cap.strip() and self.item_class == "general":
                item["share_cap"] = _number(self.share_cap, "/share_cap")
        made: dict[str, Any] = {
            "bureau": self.bureau.strip(),
            "title": self.title.strip(),
            "items": [item],
            "column": self.column.strip(),
            "strata": _lines(self.strata, "strata", _stratum),
            "weights": _lines(self.weights, "weights", _weight),
            "officers_each": _number(self.officers_each, "/officers_each"),
            "recusals": _lines(self.recusals, "recusals", _recusal),
            "randomness": self._randomness(),
        }
        if self.population.strip():
            made["population"] = self.population.strip()
        officers = _lines(self.officers, "officers", _officer)
        if officers:  # else all of the register
            made["officers"] = officers
        objects = [line.strip() for line in self.objects.splitlines() if line.strip()]
        return made | ({"objects": objects} if objects else {})

    def _randomness(self) -> dict[str, Any]:
        at = ms_of(self.at, "/at")
        if at is None:
            raise _wrong("say when", "/at")
        if self.source == "commit_reveal":
            return {"kind": self.source, "at": at, "parties": _lines(self.parties, "parties", _party)}
        info = _object(self.beacon, "/beacon")
        try:
            period, genesis = int(info["period"]), int(info["genesis_time"])
            number = max(1, -(-(at - genesis * 1000) // (period * 1000)) + 1)
            return {
                "kind": "drand",
                "chain": info["hash"],
                "public_key": info["public_key"],
                "period": period,
                "genesis": genesis,
                "group_hash": info["groupHash"],
                "beacon_id": (info.get("metadata") or {}).get("beaconID") or "default",
                "round": number,
                "at": (genesis + (number - 1) * period) * 1000,
            }
        except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError):
            raise _wrong("is not what a beacon's /info says", "/beacon") from None


FIELDS = tuple(PlanForm.model_fields)


def faults_by_field(problem: Problem) -> dict[str, list[str]]:
    """What is wrong, by the fields of the form; of none of them under an empty name."""
    found: dict[str, list[str]] = {}
    for fault in problem.errors or (Fault(problem.detail or problem.type.title),):
        pointer = fault.pointer or ""
        name, _, rest = pointer.strip("/").partition("/")
        if name == "randomness":
            name = {"parties": "parties", "at": "at"}.get(rest.partition("/")[0], "beacon")
        elif name == "items":
            name = "share_cap" if rest.endswith("share_cap") else "item_no"
        elif name == "check_id":
            name = "bureau"
        line = rest.partition("/")[0]
        where = f"{int(line) + 1}: " if line.isdigit() and name in {"strata", "weights", "officers", "recusals"} else ""
        found.setdefault(name if name in FIELDS else "", []).append(where + fault.detail)
    return found


def _lines(text: str, field: str, read: Callable[[str], T]) -> list[T]:
    """What lines say, those that say something."""
    found = []
    for place, line in enumerate(line for line in text.splitlines() if line.strip()):
        try:
            found.append(read(line.strip()))
        except (ValueError, IndexError):
            raise _wrong("is written otherwise than it is said there", f"/{field}/{place}") from None
    return found


def _parts(line: str) -> list[str]:
    return [part.strip() for part in line.replace("\uff0c", ",").split(",")]


def _stratum(line: str) -> Mapping[str, Any]:
    parts = _parts(line)
    return {"stratum": parts[0], "size": int(parts[1]), "needs": [part for part in parts[2:] if part]}


def _weight(line: str) -> Mapping[str, Any]:
    weight, _, expression = line.partition(" ")
    return {"weight": int(weight), "expression": expression.strip()}


def _officer(line: str) -> str | Mapping[str, Any]:
    parts = _parts(line)
    if len(parts) == 1:
        return parts[0]
    more = [part for part in parts[3:] if part]
    made = {"staff_no": parts[0], "unit": parts[1], "most": int(parts[2])}
    return {**made, "qualifications": [part for part in more if part != RESERVE], "reserve": RESERVE in more}


def _recusal(line: str) -> Mapping[str, Any]:
    parts = _parts(line)
    return {"staff_no": parts[0], "code": parts[1], "reason": parts[2]}


def _party(line: str) -> Mapping[str, Any]:
    parts = _parts(line)
    return {"name": parts[0], "commitment": parts[1].lower(), "default": parts[2].lower()}


def _object(text: str, pointer: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise _wrong(str(error), pointer) from None


def _number(text: str, pointer: str) -> int:
    if not (text.strip().isascii() and text.strip().isdecimal() and len(text.strip()) < 10):
        raise _wrong("is no whole number", pointer)
    return int(text)


def _wrong(what: str, pointer: str) -> Problem:
    return Problem("invalid", errors=[Fault(what, pointer)])
