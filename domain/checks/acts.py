"""Acts on checks, orders and answers on them as events, published by the running system alone; and what a laboratory's
report has to say of the order that it is the result of.

What an event is refused for is told by itself: whether an act is its check's turn is for the door, which knows the
others (`faults.py`), and what is void all the same for whoever folds (`stage.py`, `life.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from suyuan.domain.alerts.acts import AHEAD_MS, ID_CHARACTERS
from suyuan.domain.checks.bodies import ACTS, Plan
from suyuan.domain.checks.faults import BodyError, decode, plan_faults
from suyuan.domain.checks.life import ANSWERS, PARTIES
from suyuan.domain.checks.numbers import check_number, check_of

CHECK_ACT, ORDER, ORDER_ANSWER, INSPECTION = "check_act", "order", "order_answer", "inspection"
_TICKET = re.compile(r"0\.[0-9]{64,78}")
_HEAVIEST = 16
_SHOWN = 40
_SEAL_CHARACTERS = 128


def check_act_faults(event: Mapping[str, Any], taken_at: int) -> Iterator[tuple[str, str]]:
    """(field, reason) of all for which an act on a check is not accepted. `event`: every field of the kind, None where
    absent; `taken_at`: ms since the epoch, when the log took it.
    """
    yield from _common(event, taken_at)
    if check_number(event["check_id"]) is None:
        yield "check_id", f"{event['check_id'][:_SHOWN]!r} is no check's number: write it as 330100-2026-7"
    if event["act"] not in ACTS:
        yield "act", f"{event['act'][:_SHOWN]!r} is not one of {', '.join(ACTS)}: a later version may know it"
        return
    try:
        body = decode(event["act"], event["body"])
    except BodyError as error:
        yield "body", str(error)
        return
    if body.check_id != event["check_id"]:
        yield "body", f"is of check {body.check_id}: name one check in both"
    if isinstance(body, Plan):
        yield from (("body", str(fault)) for fault in plan_faults(body))


def order_faults(event: Mapping[str, Any], _taken_at: int) -> Iterator[tuple[str, str]]:
    """The same of an order."""
    check_id = check_of(event["order_no"])
    if check_id is None:
        yield "order_no", f"{event['order_no'][:_SHOWN]!r} is no order's number: write it as 330100-2026-7-1"
    elif check_id != event["check_id"]:
        yield "check_id", f"is not {check_id}, whose order {event['order_no']} is"
    if not 1 <= event["weight"] <= _HEAVIEST:
        yield "weight", f"{event['weight']} is not 1 to {_HEAVIEST}"
    if not _TICKET.fullmatch(event["ticket"]):
        yield "ticket", "is no decimal fraction as a ticket is: write 0. and 64 to 78 digits"
    if not event["items"]:
        yield "items", "is empty: name what is to be tested for"
    if len(event["officers"]) == 1:
        yield "officers", "names one alone: nobody goes alone, and with too few there is none"


def inspection_faults(event: Mapping[str, Any], _taken_at: int) -> Iterator[tuple[str, str]]:
    """The same of a laboratory's report, as far as it is the result of an order."""
    order, sample = event["order_no"], event["sample_no"]
    if order is None:
        if sample is not None:
            yield "sample_no", "is of no order: name it in order_no"
        return
    if check_of(order) is None:
        yield "order_no", f"{order[:_SHOWN]!r} is no order's number: write it as 330100-2026-7-1"
    if sample is None:
        yield "sample_no", "is missing: write the number of the seal under which the sample came"
    elif not _is_seal(sample):
        yield "sample_no", f"is no seal's number: write 1 to {_SEAL_CHARACTERS} characters, as it stands on the seal"
    if event["purpose"] != "spot_check":
        yield "purpose", f"is {event['purpose']}: the result of an order is of a spot_check"


def order_answer_faults(event: Mapping[str, Any], taken_at: int) -> Iterator[tuple[str, str]]:
    """The same of an answer on an order."""
    yield from _common(event, taken_at)
    answer = event["answer"]
    if check_of(event["order_no"]) is None:
        yield "order_no", f"{event['order_no'][:_SHOWN]!r} is no order's number: write it as 330100-2026-7-1"
    if answer not in ANSWERS:
        yield "answer", f"{answer[:_SHOWN]!r} is not one of {', '.join(ANSWERS)}: a later version may know it"
        return
    for name in ("sample", "spare"):
        if (event[name] is not None) != (answer == "unpacked"):
            yield name, "is given with unpacked, and with it alone: the number of a seal"
        elif event[name] is not None and not _is_seal(event[name]):
            yield name, f"is no seal's number: write 1 to {_SEAL_CHARACTERS} characters"
    if answer == "unpacked" and event["sample"] is not None and event["sample"] == event["spare"]:
        yield "spare", "has the seal of the sample: seal both, each under a number of its own"
    if (event["party"] is not None) != (answer in ("told", "objected")):
        yield "party", "is given with told and objected, and with them alone"
    elif event["party"] is not None and event["party"] not in PARTIES:
        yield "party", f"{event['party'][:_SHOWN]!r} is not one of {', '.join(PARTIES)}"
    if event["note_hash"] is not None and event["note_id"] is None:
        yield "note_hash", "is of no note: name it in note_id"


def _is_seal(text: str) -> bool:
    return 0 < len(text.strip()) == len(text) <= _SEAL_CHARACTERS and text.isprintable()


def _common(event: Mapping[str, Any], taken_at: int) -> Iterator[tuple[str, str]]:
    if event["occurred_at"] > taken_at + AHEAD_MS:
        yield (
            "occurred_at",
            f"{event['occurred_at']} is more than five minutes after the log took it: mend the clock of who acts",
        )
    if not 0 < len(event["actor"].strip()) <= ID_CHARACTERS:
        yield (
            "actor",
            f"is of {len(event['actor'])} characters: write the account that acted, of at most {ID_CHARACTERS}",
        )
