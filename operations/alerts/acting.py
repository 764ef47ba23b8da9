"""Acts on alerts, on their way into the log: what a face does with what somebody wants.

1. the face reads the alerts through the scope of who acts (what they do not see is not there), as `Seen`;
2. `prepared` tells which of them may be acted on, and makes note and acts; nothing has happened yet;
3. `publish` appends the note, then the acts. Killed between the two, a note is left that no act names;
4. until the stage has taken them, `overlaid` gives the alerts as they will be, and what was read is shown so.

An act is never refused once it is in the log: what came before it there may make it void.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from suyuan.access.alert_acts import may_act
from suyuan.access.keys import Chance
from suyuan.access.principal import Principal
from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.alerts.acts import KIND, Act, ActName, Resolution
from suyuan.domain.alerts.life import Facts, Handling, Outcome, State, applied, in_order
from suyuan.domain.alerts.notes import SALT_BYTES, Note, note_hash, written
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.alerts.notes import append_note
from suyuan.operations.alerts.outward import OutwardAlert
from suyuan.publishing.checking import refuse
from suyuan.publishing.files.outlet import Outlet
from suyuan.publishing.keys import identities
from suyuan.queries.answers import Alert
from suyuan.schemas.events import encode_event
from suyuan.schemas.kinds import event_schema

MOST_ALERTS = 500
"""that one wish is about"""
ID_BYTES = 16


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as who acts saw it last; see the block `alert_state`. `standing`: of its condition."""

    alert_id: str
    basis: str
    bureau: str | None = None
    standing: bool = True
    newest_listed_at: int | None = None
    handling: Handling = "open"
    assignee: str | None = None
    acknowledged_until: int | None = None
    resolution: str | None = None
    takedown: bool = False

    @classmethod
    def of(cls, alert: Alert | OutwardAlert, newest_listed_at: int | None) -> Seen:
        """Of an alert in a form in which it is read. Not told there, and not asked for by what is done next: whether a
        takedown was wanted.
        """
        standing = alert.state == "raised" if isinstance(alert, Alert) else alert.condition == "standing"
        said = {name: getattr(alert, name) for name in _SAME}
        return cls(standing=standing, newest_listed_at=newest_listed_at, **said)

    @property
    def state(self) -> State:
        """What acts have made of it."""
        return State(**{name: getattr(self, name) for name in State.__struct_fields__})

    @property
    def facts(self) -> Facts:
        """What was the case."""
        return Facts(self.standing, self.basis, self.newest_listed_at)


_SAME = tuple(name for name in Seen.__struct_fields__ if name not in {"standing", "newest_listed_at", "takedown"})
"""fields that are called so wherever an alert is read"""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to do, with one alert or with several. `note`: as it was typed; the others: `acts.Act`."""

    act: ActName
    note: str | None = None
    until: int | None = None
    assignee: str | None = None
    resolution: Resolution | None = None
    takedown: bool = False


class Refused(NamedTuple):
    """An alert on which it cannot be done. `why`: of `may_act`, or the state that it is in. `reason`: for people."""

    alert_id: str
    why: Literal["role", "bureau", "state"]
    reason: str


class Doing(NamedTuple):
    """An act that is not in the log yet. `outcome`: what becomes of it as far as is known: lapsed, where a listing is
    dated later than it, so that the alert stands at once again; `after`: the alert as it will be.
    """

    act: Act
    outcome: Outcome
    after: Seen


class Prepared(NamedTuple):
    """What `publish` will append, and what it will not, by alert in the order in which they were given."""

    note: Note | None
    doing: tuple[Doing, ...]
    refused: tuple[Refused, ...]


def prepared(principal: Principal, alerts: Sequence[Seen], wanted: Wanted, *, now: int, chance: Chance) -> Prepared:
    """What follows from a wish. `now`: ms UTC, when it was done; `chance`: of ids and salt, bytes that nobody can guess
    (`secrets.token_bytes`); who gives the same again has the same ids, and the acts count once.

    Raises SuyuanError, USAGE: for more than MOST_ALERTS or one alert twice, BadNote, and InvalidEvent, which names the
    field, for what is no act.
    """
    if len(alerts) > MOST_ALERTS:
        raise SuyuanError(f"{len(alerts)} alerts at once: at most {MOST_ALERTS}", ErrorKind.USAGE)
    if len({each.alert_id for each in alerts}) < len(alerts):
        raise SuyuanError("an alert is named twice: name each once", ErrorKind.USAGE)
    note = _note(principal, alerts, wanted, now, chance)
    doing: list[Doing] = []
    refused: list[Refused] = []
    for seen in alerts:
        act = _act(principal, seen, wanted, note, now, chance)
        if denied := may_act(principal, act.act, seen):
            refused.append(Refused(seen.alert_id, denied.why, denied.reason))
            continue
        refuse(KIND, _event(act), now / 1000)
        after, (outcome,) = overlaid(seen, [act])
        if outcome == "void":
            refused.append(Refused(seen.alert_id, "state", f"it is {seen.handling}, so it cannot be {_DONE[act.act]}"))
        else:
            doing.append(Doing(act, outcome, after))
    return Prepared(note if doing else None, tuple(doing), tuple(refused))


def publish(outlet: Outlet, what: Prepared) -> None:
    """Append the note, then the acts; durable on return. Raises SuyuanError, UNAVAILABLE where the log does not answer:
    the same may be published again, and counts once.
    """
    if not what.doing:
        return
    if what.note is not None:
        append_note(outlet, what.note)
    events = [_event(each.act) for each in what.doing]
    taken = outlet.append(identities(KIND, events), [encode_event(KIND, event) for event in events]).result()
    if taken.failure is not None:
        raise taken.failure


def overlaid(seen: Seen, acts: Iterable[Act]) -> tuple[Seen, list[Outcome]]:
    """An alert that was read before some acts on it came back, as it is with these, and what becomes of each in their
    order (`life.in_order`). Acts that had come back already change nothing where they were the last.
    """
    state, outcomes = seen.state, []
    for act in in_order(acts):
        state, outcome = applied(state, act, seen.facts)
        outcomes.append(outcome)
    return msgspec.structs.replace(seen, **msgspec.structs.asdict(state)), outcomes


_DONE: Mapping[str, str] = {
    "acknowledge": "acknowledged",
    "unacknowledge": "given back",
    "assign": "assigned",
    "comment": "commented",
    "resolve": "resolved",
    "reopen": "reopened",
}
_FIELDS = tuple(field.name for field in event_schema(KIND).fields)


def _note(principal: Principal, alerts: Sequence[Seen], wanted: Wanted, now: int, chance: Chance) -> Note | None:
    if wanted.note is None:
        return None
    return written(
        wanted.note,
        note_id=chance(ID_BYTES).hex(),
        alert_id=alerts[0].alert_id if len(alerts) == 1 else None,
        author=principal.id,
        at=now,
        salt=chance(SALT_BYTES),
    )


def _act(principal: Principal, seen: Seen, wanted: Wanted, note: Note | None, now: int, chance: Chance) -> Act:
    return Act(
        event_id=chance(ID_BYTES).hex(),
        publisher=SYSTEM,
        occurred_at=now,
        alert_id=seen.alert_id,
        act=wanted.act,
        actor=principal.id,
        basis=seen.basis,
        until=wanted.until,
        assignee=wanted.assignee,
        resolution=wanted.resolution,
        takedown=wanted.takedown,
        note_id=None if note is None else note.note_id,
        note_hash=None if note is None else note_hash(note.salt or "", note.text or ""),
    )


def _event(act: Act) -> dict[str, Any]:
    return {name: getattr(act, name) for name in _FIELDS}
