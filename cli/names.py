"""What is wrong with a code or GTIN that was asked for, told where nothing was found under it."""

from __future__ import annotations

from suyuan.access.scope import EVERYTHING
from suyuan.cli.drawing.words import moment
from suyuan.domain.identifiers.gtin import LENGTHS, GtinFault, normalise_gtin
from suyuan.domain.identifiers.uscc import check_uscc
from suyuan.queries.api import Queries
from suyuan.queries.questions import Subject

_LEVELS = ("format", "division", "organisation_check", "check")
_GTIN: dict[str, str] = {
    "digits": "digits: not only 0-9",
    "length": f"length: {', '.join(map(str, LENGTHS[:-1]))} or {LENGTHS[-1]} digits expected",
    "check": "check: its check digit does not fit the others",
    "zeros": "zeros: it names no product",
}


def first_known(ask: Queries, subject: Subject, known_at: int | None, happened_by: int | None) -> str:
    """Why nothing was known of a subject at a moment that was asked for: ' then: first known on …'; nothing where no
    moment was, or nothing is known of it to this day.
    """
    if known_at is None and happened_by is None:
        return ""
    first = ask.first_known(EVERYTHING, subject)
    return "" if first is None else f" then: first known on {moment(first)} (China Standard Time)"


def code_fault(text: str) -> str:
    """'; CODE is not a credit code (levels that fail: why)', or nothing for one that fails at no level. One that was
    never a division's is a credit code, but is told too.
    """
    report = check_uscc(text)
    failing = ", ".join(level for level in _LEVELS if getattr(report, level) is False)
    if not failing:
        return ""
    said = "is not a credit code" if report.fault else "may be mistyped"
    return f"; {text} {said} ({failing}: {report.reason})"


def gtin_fault(text: str) -> str:
    """'; NUMBER is not a GTIN (level: why)', or nothing for one that is."""
    fault: GtinFault | None = normalise_gtin(text)[1]
    return "" if fault is None else f"; {text} is not a GTIN ({_GTIN.get(fault, fault)})"
