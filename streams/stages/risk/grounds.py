"""What hits of rules rest on and where they belong, found once for all listings of which it is the same."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from suyuan.domain.alerts.subject import LISTING, kind_of
from suyuan.domain.calendar import china_day
from suyuan.streams.stages.risk.watch import gaps_but_own, rest_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suyuan.domain.rules.jurisdiction import Bureaus
    from suyuan.streams.stages.risk.findings import Listing
    from suyuan.streams.stages.risk.kept_chain import Chain
    from suyuan.streams.stages.risk.watch import Watch


class Place(NamedTuple):
    """Where a finding belongs, and what is shown of it: as `Spoken` has them."""

    subject: str
    bureau: str
    shown: str


class Ground(NamedTuple):
    """What a hit rests on and where it belongs. `basis`: digest of what it rests on; `evidence`: sorted ids of it;
    `why`: why that bureau is in charge.
    """

    basis: str
    evidence: Sequence[str]
    place: Place
    why: str


class Grounds:
    """The grounds of hits, each found once for all listings of a block of which it is the same: what changes for many
    at once, such as a lot that is called back, is the same for all that one seller has.
    """

    def __init__(self, watch: Watch, bureaus: Bureaus) -> None:
        self._watch = watch
        self._bureaus = bureaus
        self._found: dict[tuple[object, ...], Ground] = {}

    def of(self, number: int, listing: Listing) -> Ground:
        """Of a hit of the rule at that index in the watch."""
        rule, chain = self._watch.rules[number], listing.chain
        gaps = gaps_but_own(chain)
        if rule.about == LISTING or listing.complaints:  # those that are its own
            return self._ground(number, listing, gaps)
        alike = (
            *(number, gaps, chain.verdict, china_day(chain.listed_at)),
            *(chain.seller_division, chain.producer_division),
            *(chain.producer_code, chain.gtin, chain.lot, chain.seller_code),
        )
        found = self._found.get(alike)
        if found is None:
            found = self._ground(number, listing, gaps)
            if kind_of(found.place.subject) != LISTING:  # else it does not say what the rule is about
                self._found[alike] = found
        return found

    def _ground(self, number: int, listing: Listing, gaps: bytes) -> Ground:
        rule, chain = self._watch.rules[number], listing.chain
        text, evidence = rest_on(self._watch, number, chain, gaps, listing.complaints)
        bureau, why = self._bureaus.charge(
            rule.jurisdiction, rule.level, chain.seller_division, chain.producer_division
        )
        place = Place(listing.subject_of(rule), bureau, _shown(chain, why))
        return Ground(blake2b(text.encode(), digest_size=8).hexdigest(), evidence, place, why)


def _shown(chain: Chain, why: str) -> str:
    """A digest of what an alert shows beside what it rests on: of the chain, and why that bureau is in charge; and of
    the day of the offer, since a resolution may not hold of what is offered on a later one (`domain/alerts/life.py`).
    """
    gaps = " ".join(name or "" for name in chain.gap_names or ())
    text = f"{china_day(chain.listed_at)} {chain.verdict} {gaps} {why}"
    return _short_digest(text)


@lru_cache(maxsize=1 << 14)
def _short_digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=4).hexdigest()
