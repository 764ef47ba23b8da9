"""State of a risk partition, and how a listing is written in it.

| key | value |
|---|---|
| listing, platform_code, listing_id | version of its newest chain, `Said` or nothing, newline, chain if any |
| leave, date, platform_code, listing_id | empty: on that day a complaint leaves a counter of the listing |
| day | greatest `day` event |
| bureau, division; bureaus | see `bureaus.py` |
| sweep, topic | where the last slice of a sweep began and ended: see `sweeps.py` |
| slice, topic | listings last gone through on behalf of that topic's block: see `slices.py` |

Parts of keys are joined by U+001F, values are JSON but for the version (`kept_chain.py`). Of a listing about which
nothing was said, which is most, only the version is looked at.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from suyuan.domain.evidence import evidence_id
from suyuan.streams.stages.risk.kept_chain import VERSION_BYTES, Chain, read_chain

DAY = b"day"
NO_CHAIN = bytes(VERSION_BYTES) + b"\n"
"""value of a listing of which no chain has come"""
_NEWLINE = ord("\n")
_FORMER_BEGIN, _FORMER_DIGITS = ord("0"), 19
"""a version was 19 digits and 19 digits; no revision is so great that it begins with this byte"""


class Complaint(msgspec.Struct, array_like=True, frozen=True):
    """One version of a complaint. `gone`: it names another listing now; kept, so that no older one counts."""

    occurred_at: int
    event_id: str
    publisher: str
    tie: int
    digest: str
    gone: bool = False

    @property
    def recency(self) -> tuple[int, str, str, int, bool]:
        """Orders versions of one complaint; of the same version, the one that is `gone` is the later."""
        return (self.occurred_at, self.event_id, self.publisher, self.tie, self.gone)

    @property
    def evidence(self) -> str:
        """Evidence id of the complaint's event."""
        return evidence_id("complaint", self.publisher, self.event_id, self.digest)


class Left(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An alert that a finding was in, by its subject and bureau: cleared there with this sequence, by that block. It is
    kept, for the block may come again when the finding has changed once more, and has to say so again.
    """

    subject: str
    bureau: str
    sequence: int
    changed_at: int
    cause: str


class Spoken(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A finding as published last: `change` raised, changed or cleared; `basis`: digest of what it rests on; `cause`:
    topic:offset of the block that had it published; times in ms since the epoch. `subject`: what its alert is about, as
    a node of traces; empty: a former version said it, to nobody who knows it now. `bureau`: the division in charge;
    `shown`: digest of what is shown beside; `left`: the alerts that it was in before.
    """

    change: str
    sequence: int
    rule_version: int
    severity: str
    basis: str
    raised_at: int
    changed_at: int
    cause: str
    subject: str = ""
    bureau: str = ""
    shown: str = ""
    left: tuple[Left, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether the finding is not cleared, and somebody was told of it."""
        return self.change != "cleared" and self.subject != ""


class Said(msgspec.Struct, array_like=True):
    """What was said about a listing: by people, by complaint key, and by us, by rule id."""

    complaints: dict[str, Complaint] = {}
    alerts: dict[str, Spoken] = {}


_decoder = msgspec.json.Decoder(Said)
_encode = msgspec.json.Encoder().encode


def present_day(value: bytes | None) -> dt.date:
    """The day that the state knows, the least date while it knows none."""
    return dt.date.fromisoformat(value.decode()) if value else dt.date.min


def in_present_form(value: bytes | None) -> bytes | None:
    """A listing's value as this version writes it, whichever wrote it; its chain's text stays as it is."""
    if value is None or value[0] != _FORMER_BEGIN:
        return value
    revision, assessment = int(value[:_FORMER_DIGITS]), int(value[_FORMER_DIGITS : 2 * _FORMER_DIGITS])
    return revision.to_bytes(8, "big") + assessment.to_bytes(8, "big") + value[2 * _FORMER_DIGITS :]


def said_in(value: bytes | None) -> Said | None:
    """What was said about a listing, None for nothing."""
    if value is None or value[VERSION_BYTES] == _NEWLINE:
        return None
    return _decoder.decode(value[VERSION_BYTES : value.index(b"\n", VERSION_BYTES)])


def has_chain(value: bytes) -> bool:
    """Whether a chain of the listing has come."""
    return not value.endswith(b"\n")


def chain_in(value: bytes) -> Chain:
    """The chain of a listing of which one has come."""
    return read_chain(value[value.index(b"\n", VERSION_BYTES) + 1 :])


def with_said(value: bytes, said: Said | None) -> bytes:
    """The listing's value with `said` in place of what was said before."""
    words = _encode(said) if said is not None and (said.complaints or said.alerts) else b""
    return value[:VERSION_BYTES] + words + value[value.index(b"\n", VERSION_BYTES) :]
