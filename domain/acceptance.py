"""The rules of acceptance: every publisher asks them before an event is appended, and intake asks them again.

An event that has the form of its kind is refused all the same where accepting it would do harm: it names itself or its
subject by nothing, it is a record that could never match anything and would be lost without a word, it says a time that
later corrections could never pass, it moves the day, or it tells who complained, by a name or by a number. (Publishers
leave both at the door: `publishing/door.py`.) A listing with a bad identifier is not
refused: that is what regulators look for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from suyuan.domain.alerts.acts import KIND as ALERT_ACT
from suyuan.domain.alerts.acts import act_faults
from suyuan.domain.calendar import DAY_MS, OFFSET_MS, china_day, days_after
from suyuan.domain.checks.acts import (
    CHECK_ACT,
    INSPECTION,
    ORDER,
    ORDER_ANSWER,
    check_act_faults,
    inspection_faults,
    order_answer_faults,
    order_faults,
)
from suyuan.domain.event_kind import EventKind
from suyuan.domain.identifiers.gtin import LENGTHS, GtinFault, normalise_gtin
from suyuan.domain.identifiers.normal_form import code_form, number_form, text_form
from suyuan.domain.identifiers.spoilt import damage
from suyuan.domain.identifiers.uscc import check_uscc, is_well_formed, uscc_faults
from suyuan.domain.moments import FIRST_MOMENT, LEEWAY_MS, wrong_moment, wrong_past
from suyuan.domain.privacy.pseudonym import is_pseudonym
from suyuan.domain.privacy.scrub import scrub

SYSTEM = "SUYUAN"
"""the running system itself, as a publisher"""

_FAULTS: Mapping[str, Callable[[Mapping[str, Any], int], Iterator[tuple[str, str]]]] = {
    ALERT_ACT: act_faults,
    CHECK_ACT: check_act_faults,
    ORDER: order_faults,
    ORDER_ANSWER: order_answer_faults,
    INSPECTION: inspection_faults,
}
"""of kinds that have rules of their own elsewhere: those that the running system publishes, and results of orders"""
_REMEDIES = {
    "event_id": "give each event an id of its own",
    "publisher": "name the publisher by its credit code",
    "lot": "write the lot as its producer does, or leave the record out",
}
_REMEDY = "write it, or leave the record out"
_EVERY_LOT = frozenset({"全部", "全部批次", "所有批次", "ALL"})
_SEPARATORS = re.compile("[、，；;|~至:：]")
_GTIN_FAULTS: dict[GtinFault, str] = {
    "digits": "is not a GTIN, which has digits alone: write the number under the bar code",
    "length": f"is not of {', '.join(map(str, LENGTHS))} digits: write the number under the bar code, zeros and all",
    "check": "fails its check digit: look for the mistyped digit on the package",
    "zeros": "is all zeros, which names no product: write the number under the bar code, or leave the record out",
}
_SHOWN = 40
_LAST = "last moment"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event is refused. `reason` says what is wrong and what to do about it, and never holds a value of a
    complaint.
    """

    field: str
    reason: str


class _Case(NamedTuple):
    kind: EventKind
    event: Mapping[str, Any]
    taken_at: int

    def quoted(self, value: object) -> str:
        """The value as a reason may show it: of a personal kind, no value."""
        if self.kind.personal:
            return "it"
        return repr(value[:_SHOWN]) if isinstance(value, str) else str(value)


def refusal(kind: EventKind, event: Mapping[str, Any], taken_at: int) -> Refusal | None:
    """Why an event is not accepted; None where it is. `taken_at`: ms since the epoch, when the log took it; before the
    append, the publisher's clock.
    """
    case = _Case(kind, event, taken_at)
    return next((found for judge in _JUDGES for found in judge(case)), None)


def refusals(
    kind: EventKind, rows: pl.DataFrame, normal: pl.DataFrame, taken_at: Sequence[int] | NDArray[np.int64]
) -> Iterator[tuple[int, Refusal]]:
    """(row, refusal) of the rows that are not accepted, ascending. `rows`: columns of the kind's fields as published;
    `normal`: the same in normal form; `taken_at`: ms since the epoch, of each row.
    """
    if kind.of_system or kind.name == "bureau" or kind.personal or kind.lists_of("lot"):
        looked_at: Sequence[int] = range(rows.height)
    else:
        suspicious = _suspicious(kind, normal, taken_at)
        looked_at = suspicious.arg_true().to_list() if suspicious.any() else ()
    for row in looked_at:
        refused = refusal(kind, rows.row(row, named=True), int(taken_at[row]))
        if refused is not None:
            yield row, refused


def _suspicious(kind: EventKind, normal: pl.DataFrame, taken_at: Sequence[int] | NDArray[np.int64]) -> pl.Series:
    """Rows that `refusal` may refuse; it refuses none of the others."""
    last = pl.Series(_LAST, np.asarray(taken_at, np.int64) + LEEWAY_MS)
    faults = [uscc_faults(normal[name]).alias(f"{name} fault") for name in kind.must_match if name in kind.codes]
    return normal.hstack([last, *faults]).select(_checks(kind)).to_series()


@cache
def _checks(kind: EventKind) -> pl.Expr:
    """True where `_suspicious` has a row; of its columns, those of a kind, and what it adds to them."""
    at = pl.col("occurred_at")
    checks = [~at.is_between(FIRST_MOMENT, _LAST)]
    checks += [pl.col(name) == "" for name in kind.needed]
    checks += [pl.col(name) < 0 for name in kind.counted]
    checks += [~pl.col(name).str.contains(rf"^[0-9]{{{count}}}$") for name, count in kind.digits.items()]
    checks += [pl.col(name).cast(pl.Int64) > (at + OFFSET_MS) // DAY_MS + 1 for name in kind.past]
    if kind.name == INSPECTION:
        checks += [pl.col(name).is_not_null() for name in ("order_no", "sample_no")]
    if kind.name == "lot":
        checks.append(pl.col("inputs").list.eval(pl.element().struct.field("quantity")).list.min() < 0)
    checks += [~pl.col("gtin_valid") for name in kind.must_match if name in kind.gtins]
    checks += [pl.col(f"{name} fault") == "format" for name in kind.must_match if name in kind.codes]
    return pl.any_horizontal(check.fill_null(value=False) for check in checks)


def _missing(case: _Case) -> Iterator[Refusal]:
    forms = case.kind.identifiers
    for name in case.kind.needed:
        if forms[name](case.event[name]) is None:
            given = case.event[name]
            said = (
                f"{case.quoted(given)} stands for nothing"
                if text_form(given) is None and given and given.strip() and not case.kind.personal
                else "nothing is left without blanks, control and format characters"
            )
            yield Refusal(name, f"is missing ({said}): {_REMEDIES.get(name, _REMEDY)}")


def _moment(case: _Case) -> Iterator[Refusal]:
    wrong = wrong_moment(case.event["occurred_at"], case.taken_at, shown=not case.kind.personal)
    if wrong is not None:
        yield Refusal("occurred_at", wrong)


def _gtin(case: _Case) -> Iterator[Refusal]:
    for name in case.kind.must_match:
        if name not in case.kind.gtins:
            continue
        _, fault = normalise_gtin(case.event[name])
        if fault is not None:
            yield Refusal(name, f"{case.quoted(case.event[name])} {_spoilt(case.event[name]) or _GTIN_FAULTS[fault]}")


def _codes(case: _Case) -> Iterator[Refusal]:
    for name in case.kind.must_match:
        if name not in case.kind.codes:
            continue
        given = case.event[name]
        code = code_form(given)
        if given is None or code is None or is_well_formed(code):
            continue
        why = "" if case.kind.personal else f" ({check_uscc(code).reason})"
        wrong = _spoilt(given) or f"is not a unified social credit code{why}: write its 18 characters"
        yield Refusal(name, f"{case.quoted(given)} {wrong}")


def _spoilt(given: str) -> str | None:
    found = damage(code_form(given) or "")
    return None if found is None else f"is no longer the number that it was: {found[0]}: {found[1]}"


def _counts(case: _Case) -> Iterator[Refusal]:
    for name in case.kind.counted:
        if (case.event[name] or 0) < 0:
            back = ": goods that come back are a shipment back" if case.kind.name == "shipment" else ""
            yield Refusal(name, f"{case.event[name]} is negative{back or ': write 0 or more'}")
    if case.kind.name == "lot":
        for given in case.event["inputs"]:
            if given["quantity"] < 0:
                yield Refusal("inputs", f"the quantity {given['quantity']} of an input is negative: write 0 or more")


def _digits(case: _Case) -> Iterator[Refusal]:
    for name, count in case.kind.digits.items():
        given = number_form(case.event[name])
        if given is not None and not (given.isascii() and given.isdecimal() and len(given) == count):
            yield Refusal(name, f"{case.quoted(given)} is not of {count} digits: write it as GB/T 2260 has it, 330108")


def _past(case: _Case) -> Iterator[Refusal]:
    for name in case.kind.past:
        if case.event[name] is not None and wrong_past(case.event[name], case.event["occurred_at"]):
            happened = china_day(case.event["occurred_at"])
            yield Refusal(
                name,
                f"{case.event[name]} is more than a day after {happened}, when the event happened by its own "
                "occurred_at (in China): mend either",
            )


def _recalled(case: _Case) -> Iterator[Refusal]:
    for name, item in ((field, item) for field in case.kind.lists_of("lot") for item in case.event[field]):
        lot = text_form(item)
        if lot is None or lot.upper() in _EVERY_LOT:
            said = "names no lot" if lot is None else "is no lot's name"
            yield Refusal(name, f"{case.quoted(item)} {said}: write nothing (an empty list) for every lot")
        elif found := _SEPARATORS.search(item) or _SEPARATORS.search(lot):
            yield Refusal(name, f"{case.quoted(item)} holds {found[0]!r}: write each lot alone, as an item of the list")


def _of_system(case: _Case) -> Iterator[Refusal]:
    if case.kind.of_system and code_form(case.event["publisher"]) != SYSTEM:
        yield Refusal(
            "publisher", f"may not publish events of kind {case.kind.name}: only the running system does, as {SYSTEM}"
        )


def _act(case: _Case) -> Iterator[Refusal]:
    if faults := _FAULTS.get(case.kind.name):
        yield from (Refusal(field, reason) for field, reason in faults(case.event, case.taken_at))


def _day(case: _Case) -> Iterator[Refusal]:
    if case.kind.name != "day":
        return
    today = china_day(case.taken_at)
    if case.event["date"] > days_after(today, 1):
        yield Refusal(
            "date",
            f"{case.event['date']} is more than a day after {today}, when the log took it (in China): publish a day "
            "when it begins",
        )


def _bureau(case: _Case) -> Iterator[Refusal]:
    if case.kind.name != "bureau":
        return
    heir = number_form(case.event["handled_by"])
    if heir is not None and heir == number_form(case.event["division"]):
        yield Refusal(
            "handled_by", f"{case.quoted(heir)} is the bureau itself: leave it out where it does its own work"
        )
    if heir is None and case.event["status"] == "merged":
        yield Refusal("handled_by", "is missing of a bureau that was merged: write the division that took its place")


def _complainant(case: _Case) -> Iterator[Refusal]:
    for name in case.kind.persons:
        if not is_pseudonym(case.event[name]):
            yield Refusal(
                name,
                "is no pseudonym (p and 32 digits 0-9 a-f): put one in the place of whoever complained before "
                "publishing",
            )


def _scrubbed(case: _Case) -> Iterator[Refusal]:
    if not case.kind.personal:  # a recall does not fall for a number in its reason
        return
    for name in case.kind.scrubbed:
        text = case.event[name]
        if text is not None and scrub(text) != text:
            yield Refusal(name, "holds a telephone, identity or bank card number: leave it out")


_JUDGES = (
    _missing, _of_system, _day, _complainant, _scrubbed, _moment, _act, _gtin, _codes, _recalled, _counts, _digits,
    _bureau, _past,
)  # fmt: skip
