"""Where the top bar leads. Who may go there is told by the action of the page's route, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the top bar and of the home. `name`: of its words, `nav.<name>` and `nav_help.<name>`; `keys`: that
    lead to it, pressed one after the other.
    """

    name: str
    path: str
    keys: str


PLACES = (
    Place("alerts", "/alerts", "g a"),
    Place("desks", "/desks", "g b"),
    Place("checks", "/checks", "g p"),
    Place("orders", "/orders", "g o"),
    Place("divisions", "/divisions", "g d"),
    Place("search", "/search", "g s"),
    Place("chains", "/chains", "g c"),
    Place("listings", "/listings", "g l"),
    Place("uploads", "/uploads", "g u"),
    Place("traces", "/traces", "g t"),
    Place("timeline", "/timeline", "g i"),
    Place("access", "/access", "g k"),
    Place("webhooks", "/webhooks", "g w"),
    Place("health", "/health", "g h"),
)

Pages = Mapping[str, frozenset[str] | None]
"""of each path that shows a page, the roles that may open it; None: everybody"""


def pages_of(routes: Iterable[Any]) -> Pages:
    """Of an app's routes those that are no part of the API."""
    return {
        route.path: route.action.roles
        for route in routes
        if "GET" in route.methods and not route.path.startswith("/api/")
    }


def may_open(pages: Pages, role: str | None, path: str) -> bool:
    """Whether there is such a page, and that role may open it."""
    if path not in pages:
        return False
    roles = pages[path]
    return roles is None or role in roles


def places_of(pages: Pages, role: str | None) -> list[Place]:
    """What somebody of that role finds in the top bar."""
    return [place for place in PLACES if role is not None and may_open(pages, role, place.path)]
