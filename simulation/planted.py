"""What was planted where, to be compared with what was found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planted:
    """A listing that shall show a gap, or, where `gap` is None, an alert only.

    `also` names gaps that the same fault brings with it on the same listing.
    """

    fault: str
    platform_code: str
    listing_id: str
    gap: str | None
    rules: tuple[str, ...] = ()
    """one of these shall raise an alert; none: only the chain shows it"""
    also: tuple[str, ...] = ()
