"""Acts on checks and answers on orders as events, published by the running system alone.

What an event is refused for is told by itself: whether an act is its check's turn is for the door, which knows the
others (`faults.py`), and what is void all the same for whoever folds (`stage.py`, `life.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from suyuan.domain.alerts.acts import AHEAD_MS, ID_CHARACTERS
from suyuan.domain.checks.bodies import ACTS, Plan
from suyuan.domain.checks.faults import BodyError, decode, plan_faults
from suyuan.domain.checks.life import ANSWERS, PARTIES
from suyuan.domain.checks.numbers import check_number, check_of

CHECK_ACT, ORDER_ANSWER = "check_act", "order_answer"
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
        elif event[name] is not None and not 0 < len(event[name].strip()) <= len(event[name]) <= _SEAL_CHARACTERS:
            yield name, f"is no seal's number: write 1 to {_SEAL_CHARACTERS} characters"
    if answer == "unpacked" and event["sample"] is not None and event["sample"] == event["spare"]:
        yield "spare", "has the seal of the sample: seal both, each under a number of its own"
    if (event["party"] is not None) != (answer in ("told", "objected")):
        yield "party", "is given with told and objected, and with them alone"
    elif event["party"] is not None and event["party"] not in PARTIES:
        yield "party", f"{event['party'][:_SHOWN]!r} is not one of {', '.join(PARTIES)}"
    if event["note_hash"] is not None and event["note_id"] is None:
        yield "note_hash", "is of no note: name it in note_id"


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
