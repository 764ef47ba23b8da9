"""Cautions: what a publisher should know of an accepted event, such as cells that look spoilt, or numbers that name no
product.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suyuan.domain.event_kind import EventKind
from suyuan.domain.identifiers.gtin import is_restricted, normalise_gtin
from suyuan.domain.identifiers.normal_form import code_form
from suyuan.domain.identifiers.spoilt import damage

_RESTRICTED = "is for use inside one company or for coupons and names no product in the world: no chain rests on it"


@dataclass(frozen=True, slots=True)
class Caution:
    """What is odd about a field. `reason` says what, and what to do, without the value."""

    field: str
    value: str
    reason: str


def cautions(kind: EventKind, event: Mapping[str, Any]) -> tuple[Caution, ...]:
    """The cautions about an accepted event; none about a complaint, since no value of it is quoted."""
    if kind.personal:
        return ()
    found = []
    for name in kind.marks:
        given = event.get(name)
        if given is None or (_is_plain(given) and not (name in kind.gtins and is_restricted(given.zfill(14)))):
            continue
        if (spoilt := damage(code_form(given) or "")) is not None:
            found.append(Caution(name, given, f"{spoilt[0]}, as it seems: {spoilt[1]}"))
        elif name in kind.gtins and (gtin := normalise_gtin(given)[0]) is not None and is_restricted(gtin):
            found.append(Caution(name, given, _RESTRICTED))
    return tuple(found)


def _is_plain(text: str) -> bool:
    """Whether there is nothing in it that `damage` looks for: nearly every text, at little cost."""
    return text.isascii() and text.isalnum() and not text.endswith("00")
