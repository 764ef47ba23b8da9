"""Whose event it is: what somebody may publish, told by the event's own fields.

| who                                       | kinds                         | whose code must stand where              |
|-------------------------------------------|-------------------------------|------------------------------------------|
| a platform                                | listing                       | publisher, platform_code                 |
| a producer (may publish lots or products) | those given                   | publisher, and that of OWN_OF_PRODUCERS  |
| a laboratory, registry, dealer            | those given                   | publisher, and the schema's owner        |
| a regulator                               | REGULATORS_KINDS              | a penalty's division lies in theirs; a   |
|                                           |                               | bureau's, and handled_by where it has it |

Nobody publishes in the name of the running system, SUYUAN. Codes are compared in normal form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.identifiers.normal_form import code_form
from suyuan.schemas.kinds import DECLARATIONS
from suyuan.schemas.validation import InvalidEvent

REGULATORS_KINDS = frozenset({"recall", "inspection", "penalty", "complaint", "bureau"})
PRODUCERS_KINDS = frozenset({"product", "lot"})
"""who may publish these is a producer"""
OWN_OF_PRODUCERS: Mapping[str, str] = {
    "entity": "code",
    "licence": "holder_code",
    "product": "producer_code",
    "lot": "producer_code",
    "shipment": "from_code",
    "inspection": "producer_code",
    "recall": "producer_code",
    "certificate": "holder_code",
    "listing": "platform_code",
}

_IN_THEIR_DIVISIONS = {"penalty": ("division",), "bureau": ("division", "handled_by")}


class ForeignEvent(InvalidEvent):
    """Somebody published what is not theirs. `field`: the one that names another, `kind` for a kind that is not theirs
    to publish.
    """


@dataclass(frozen=True, slots=True)
class Right:
    """What somebody may publish. `code`: their own credit code, None for one who has none; `own`: by kind, the field
    that must name them too; `divisions`: prefixes, of which one must begin a penalty's division, and those
    that the record of a bureau names: work is handed on by who is above both.
    """

    kinds: frozenset[str]
    code: str | None = None
    own: Mapping[str, str] = field(default_factory=dict)
    divisions: tuple[str, ...] = ("",)

    def refuse_foreign(self, kind: str, event: Mapping[str, Any]) -> None:
        """Raises ForeignEvent. `event`: its fields as published."""
        if kind not in self.kinds:
            may = ", ".join(sorted(self.kinds)) or "nothing"
            raise ForeignEvent("kind", f"{kind} is not yours to publish: you may publish {may}")
        publisher = code_form(event["publisher"])
        if publisher == SYSTEM:
            raise ForeignEvent("publisher", f"{SYSTEM} is the running system itself: name yourself")
        if self.code is not None and publisher != self.code:
            raise ForeignEvent("publisher", f"is not yours: write {self.code}, your own code")
        name = self.own.get(kind)
        if name is not None and self.code is not None and code_form(event[name]) != self.code:
            raise ForeignEvent(name, f"names somebody else: you may publish only what is of {self.code}")
        for name in _IN_THEIR_DIVISIONS.get(kind, ()):
            if event[name] is not None and not event[name].strip().startswith(self.divisions):
                raise ForeignEvent(name, f"is none of yours: it begins with {' or '.join(self.divisions)}")


NOTHING = Right(frozenset())


def platform_right(code: str) -> Right:
    """Of a platform."""
    return Right(frozenset({"listing"}), code_form(code), {"listing": "platform_code"})


def publisher_right(code: str, kinds: frozenset[str]) -> Right:
    """Of a producer, or of somebody else who publishes records of those kinds."""
    if kinds & PRODUCERS_KINDS:
        return Right(kinds, code_form(code), OWN_OF_PRODUCERS)
    owners = {kind: each.owner for kind, each in DECLARATIONS.items() if each.owner is not None}
    return Right(kinds, code_form(code), {kind: name for kind, name in owners.items() if name.endswith("_code")})


def regulator_right(divisions: tuple[str, ...]) -> Right:
    """Of a regulator in charge of divisions; the empty prefix is the whole country."""
    return Right(REGULATORS_KINDS, divisions=divisions)
