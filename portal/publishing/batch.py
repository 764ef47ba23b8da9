"""One request with events: what came of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from suyuan.portal.problems import Fault, Problem
from suyuan.portal.publishing.silent import Silent
from suyuan.publishing.door import Door
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.body import MOST_EVENTS, publish_body
from suyuan.publishing.files.outlet import Outlet
from suyuan.publishing.files.problems import FileRefusedError
from suyuan.publishing.files.publish import Publication
from suyuan.publishing.files.records import Options
from suyuan.publishing.files.sources import TooLarge
from suyuan.publishing.files.tally import Tally
from suyuan.publishing.files.verdicts import Verdict
from suyuan.publishing.ownership import ForeignEvent, Right

_REMEDIES = (
    ("Name it with --kind, by the file's name, or in", "Name it with ?kind=, or in"),
    (", or say with --columns what yours are", ""),
    ("--encoding ", "?encoding="),
)
"""what a person at a terminal would do, and what somebody who sends requests would"""


@dataclass(slots=True)
class Batch:
    """`verdicts`: of each event, in the order in which they came."""

    verdicts: list[Verdict] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    foreign: int = 0
    """of the rejected, those that are somebody else's"""

    def answer(self, name: str) -> dict[str, Any]:
        """As JSON wants it. `name`: of the batch, by which logs know it."""
        tally = self.tally
        said: dict[str, Any] = {
            "batch": name,
            "received": len(self.verdicts),
            "accepted": tally.accepted,
            "duplicate": tally.duplicate,
            "rejected": tally.rejected,
        }
        if tally.reused_id is not None:
            said["reused_id"] = tally.reused_id
        notes = [*tally.notes, *ignored_notes(tally)]
        return {**said, **({"notes": notes} if notes else {}), "results": self.verdicts}


def publish_batch(
    outlet: Outlet,
    body: bytes,
    right: Right,
    options: Options,
    most: int = MOST_EVENTS,
    *,
    door: Door | None = None,
    with_keys: bool = False,
) -> Batch:
    """Publish what of a body somebody may. `door`: that events come in by, None for one that has no key; `with_keys`:
    verdicts name the business keys. Everything accepted is durable on return. Raises Problem where nothing of it was
    published; SuyuanError where some may have been: the same may be sent again.
    """
    batch = Batch()

    def judge(kind: str, event: Mapping[str, Any]) -> None:
        try:
            right.refuse_foreign(kind, event)
        except ForeignEvent:
            batch.foreign += 1
            raise

    publisher = Publisher(outlet, batch.tally, judge=judge, told=batch.verdicts.append, with_keys=with_keys, door=door)
    publication = Publication(publisher, batch.tally, Silent(), options, told=batch.verdicts.append)
    try:
        publish_body(publication, body, most=most)
    except TooLarge as error:
        raise Problem("body-too-large", str(error)) from None
    except FileRefusedError as error:
        raise Problem("unreadable-body", errors=[Fault(_told(str(error)), line=error.line)]) from None
    batch.verdicts.sort(key=lambda verdict: verdict.index)
    return batch


def ignored_notes(tally: Tally) -> list[str]:
    """What was left aside, what was assumed, and what of the accepted looks wrong all the same."""
    ignored = [f"a {kind} has no field {name}: left aside in {n:,} events" for (kind, name), n in tally.ignored.items()]
    assumed = [
        f"{name} of a {kind} has no offset: read as China time in {n:,} events"
        for (kind, name), n in tally.assumed.items()
    ]
    odd = [
        f"a {kind}'s {name} ({first}): {reason}; accepted, {count:,} of them"
        for (kind, name, reason), (count, first) in tally.cautions.items()
    ]
    return [*ignored, *assumed, *odd]


def _told(reason: str) -> str:
    for terminal, request in _REMEDIES:
        reason = reason.replace(terminal, request)
    return reason
