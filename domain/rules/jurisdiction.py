"""The bureau in charge of an alert, as the administrative division (GB/T 2260) that answers for it today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suyuan.domain.divisions import successor

if TYPE_CHECKING:
    import datetime as dt

    from suyuan.domain.rules.rule import Jurisdiction


def bureau(
    jurisdiction: Jurisdiction, seller_division: str | None, producer_division: str | None, on: dt.date
) -> str | None:
    """The division in charge, six digits, in force on the day: of the seller or of the producer as the rule says, else
    of the other; None where neither leads to a division.
    """
    first, second = seller_division, producer_division
    if jurisdiction == "producer":
        first, second = second, first
    for division in (first, second):
        heir = successor(division, on) if division else None
        if heir is not None:
            return heir
    return None
