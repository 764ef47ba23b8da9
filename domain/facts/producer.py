"""Facts of a producer: its registration and the licences it holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from suyuan.domain.facts.stored import Stored, stored
from suyuan.domain.records import Entity, Licence


@stored
class HeldLicence(Stored, frozen=True, kw_only=True):
    """A current licence as its holder's facts carry it."""

    licence_no: str
    categories: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date | None
    status: str
    evidence: str


@stored
class ProducerFacts(Stored, frozen=True, kw_only=True):
    """Facts of a credit code; `status` to `evidence` are those of the entity record, null without one."""

    code: str
    registered: bool
    status: str | None
    name: str | None
    division: str | None
    evidence: str | None
    licences: tuple[HeldLicence, ...]
    """every current licence whose holder is the code, in force or not, by licence_no"""


@stored
class LicenceFacts(Stored, frozen=True, kw_only=True):
    """Facts of a licence number that a listing names."""

    licence_no: str
    holder_code: str
    categories: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date | None
    status: str
    evidence: str


def summarise_producer(code: str, entity: Entity | None, licences: Iterable[Licence]) -> ProducerFacts:
    """The facts of one credit code. `licences`: current records, one per licence_no; those of other holders are passed
    over.
    """
    held = sorted((licence for licence in licences if licence.holder_code == code), key=lambda x: x.licence_no)
    return ProducerFacts(
        code=code,
        registered=entity is not None,
        status=entity.status if entity else None,
        name=entity.name if entity else None,
        division=entity.division if entity else None,
        evidence=entity.evidence if entity else None,
        licences=tuple(
            HeldLicence(
                licence_no=licence.licence_no,
                categories=licence.categories,
                valid_from=licence.valid_from,
                valid_to=licence.valid_to,
                status=licence.status,
                evidence=licence.evidence,
            )
            for licence in held
        ),
    )


def summarise_licence(licence: Licence) -> LicenceFacts:
    """The facts of a licence record. (A licence number without a record has none.)"""
    return LicenceFacts(
        licence_no=licence.licence_no,
        holder_code=licence.holder_code,
        categories=licence.categories,
        valid_from=licence.valid_from,
        valid_to=licence.valid_to,
        status=licence.status,
        evidence=licence.evidence,
    )
