"""What people do with alerts: each act an event of kind `alert_act`, published by the running system alone.

| field        | of                                                  | holds                                           |
|--------------|-----------------------------------------------------|-------------------------------------------------|
| `act`        | all                                                 | one of ACTS                                     |
| `actor`      | all                                                 | account id of who did it: no name               |
| `basis`      | `resolve`; others may say it                        | what the alert rested on, as its reader saw it  |
| `until`      | `acknowledge`, where it says one                    | after `occurred_at`, by UNTIL_MS at most        |
| `assignee`   | `assign`                                            | account or unit                                 |
| `resolution` | `resolve`                                           | one of RESOLUTIONS                              |
| `takedown`   | `resolve` as confirmed                              | the offer is to be taken down                   |
| `note_id`    | `comment`; others may have one                      | of the note that was written with it            |
| `note_hash`  | where there is a `note_id`                          | what the note is checked by (`notes.note_hash`) |

Acts and resolutions are texts, not enums, which could not grow: one that is not known is refused at the door, and in
intake is a dead letter, which a version that knows it can be given again (`suyuan deadletters replay`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from suyuan.domain.alerts.ids import is_alert_id
from suyuan.domain.calendar import DAY_MS
from suyuan.domain.evidence import evidence_id
from suyuan.domain.records import Event

KIND = "alert_act"
ActName = Literal["acknowledge", "unacknowledge", "assign", "comment", "resolve", "reopen"]
ACTS: tuple[ActName, ...] = get_args(ActName)
Resolution = Literal["confirmed", "false_alarm", "other"]
RESOLUTIONS: tuple[Resolution, ...] = get_args(Resolution)
UNTIL_MS = 30 * DAY_MS
"""that something may be acknowledged for"""
AHEAD_MS = 5 * 60_000
"""that the clock of who acts may be ahead of the log's"""
ID_CHARACTERS = 300
"""of an account's or unit's id, at most"""
_SHORT = 128
_HASH = re.compile("[0-9a-f]{64}")
_BOUNDS = {"event_id": _SHORT, "basis": _SHORT, "actor": ID_CHARACTERS, "assignee": ID_CHARACTERS, "note_id": _SHORT}


class Act(Event, frozen=True, kw_only=True):
    """An act, as a stage keeps it and the body of a record has it. Times: ms since the epoch, UTC. `act` and
    `resolution` may be of a later version.
    """

    alert_id: str
    act: str
    actor: str
    basis: str | None = None
    until: int | None = None
    assignee: str | None = None
    resolution: str | None = None
    takedown: bool = False
    note_id: str | None = None
    note_hash: str | None = None

    @property
    def evidence(self) -> str:
        """The evidence id of the event."""
        return evidence_id(KIND, self.publisher, self.event_id, self.digest)


def act_faults(event: Mapping[str, Any], taken_at: int) -> Iterator[tuple[str, str]]:
    """(field, reason) of all for which an act is not accepted. `event`: every field of the kind, None where absent;
    `taken_at`: ms since the epoch, when the log took it.
    """
    act = event["act"]
    if not is_alert_id(event["alert_id"]):
        yield "alert_id", f"{event['alert_id'][:40]!r} is no alert's id: write it as the alert has it"
    if act not in ACTS:
        yield "act", f"{act[:40]!r} is not one of {', '.join(ACTS)}: a later version may know it"
        return
    if event["occurred_at"] > taken_at + AHEAD_MS:
        yield (
            "occurred_at",
            f"{event['occurred_at']} is more than five minutes after the log took it: mend the clock of who acts",
        )
    yield from _misplaced(act, event)
    yield from _wrong_values(event)


def _misplaced(act: str, event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Fields that this act lacks, or has no use for."""
    if act == "resolve" and not event["basis"]:
        yield "basis", "is missing: a resolution says what the alert rested on"
    for name, of in (("assignee", "assign"), ("resolution", "resolve")):
        if act == of and not event[name]:
            yield name, f"is missing: it is given with {of}"
        if act != of and event[name] is not None:
            yield name, f"is given with {of} alone, not with {act}"
    if event["until"] is not None and act != "acknowledge":
        yield "until", f"is given with acknowledge alone, not with {act}"
    if event["takedown"] and (act != "resolve" or event["resolution"] != "confirmed"):
        yield "takedown", "is told of what was resolved as confirmed alone"
    if act == "comment" and not event["note_id"]:
        yield "note_id", "is missing: a comment is a note"
    if event["note_hash"] is not None and event["note_id"] is None:
        yield "note_hash", "is of no note: name it in note_id"


def _wrong_values(event: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    resolution, until, happened = event["resolution"], event["until"], event["occurred_at"]
    if resolution is not None and resolution not in RESOLUTIONS:
        yield "resolution", f"{resolution[:40]!r} is not one of {', '.join(RESOLUTIONS)}: a later version may know it"
    if until is not None and not happened < until <= happened + UNTIL_MS:
        yield "until", f"{until} is not within the 30 days after {happened}, when the act happened: write ms since 1970"
    if not event["actor"].strip():
        yield "actor", "is missing: write the account that acted"
    for name, most in _BOUNDS.items():
        if event[name] is not None and len(event[name]) > most:
            yield name, f"is of {len(event[name])} characters: at most {most}"
    if event["note_hash"] is not None and not _HASH.fullmatch(event["note_hash"]):
        yield "note_hash", "is no SHA-256: write its 64 digits 0-9 a-f"
