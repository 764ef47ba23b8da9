"""Where the top bar leads, for whom."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the top bar and of the home. `name`: of its words, `nav.<name>` and `nav_help.<name>`; `keys`: that
    lead to it, pressed one after the other; `roles`: that may open it.
    """

    name: str
    path: str
    keys: str
    roles: frozenset[str]


PLACES = (
    Place("search", "/search", "g s", frozenset({"regulator", "investigator", "platform", "publisher"})),
    Place("listings", "/listings", "g l", frozenset({"platform"})),
    Place("uploads", "/uploads", "g u", frozenset({"platform", "publisher"})),
    Place("traces", "/traces", "g t", frozenset({"regulator", "investigator"})),
    Place("timeline", "/timeline", "g i", frozenset({"regulator", "investigator"})),
    Place("access", "/access", "g k", frozenset({"admin"})),
    Place("health", "/health", "g h", frozenset({"admin"})),
)


def places_of(role: str | None, routes: frozenset[str]) -> list[Place]:
    """What somebody of that role finds in the top bar; `routes`: paths that the app answers."""
    return [place for place in PLACES if role in place.roles and place.path in routes]
