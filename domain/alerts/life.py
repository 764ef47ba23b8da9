"""The life of an alert: what the set of acts and the present facts give, whatever order they came in.

| handling                     | act           | becomes      | takes with it                  |
|------------------------------|---------------|--------------|--------------------------------|
| open, acknowledged           | acknowledge   | acknowledged | until                          |
| acknowledged                 | unacknowledge | open         |                                |
| open, acknowledged, assigned | assign        | assigned     | assignee                       |
| any but resolved             | resolve       | resolved     | resolution, takedown           |
| any but resolved             | resolve that does not hold | open | raised again             |
| resolved                     | reopen        | open         |                                |
| any                          | comment       | as it was    |                                |

Any other act, one that is not known too, is void: it is kept, and changes nothing.

A resolution is bound to its basis (`docs/decisions/0026-a-resolution-is-bound-to-its-basis.md`). It holds while the
alert is cleared; else while the alert's basis is the one that it was given on and, unless it is a false alarm, no
standing member was listed on a later day. Whether it holds is asked of the facts of now: evidence that comes back to
what it was makes it hold again, and what was done meanwhile is then void.

There is no clock here: an acknowledgement that has run out still stands, and readers take it for open (`handling_at`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec

from suyuan.domain.alerts.acts import ACTS, Act, ActName
from suyuan.domain.calendar import china_day

Handling = Literal["open", "acknowledged", "assigned", "resolved"]
Outcome = Literal["done", "void", "lapsed"]
"""of an act: it took effect; the state reached does not allow it; it is a resolution that does not hold now"""


class Facts(NamedTuple):
    """What is the case now. `standing`: the condition holds of some member; `basis`: what the alert rests on;
    `newest_listed_at`: when the last listed of the members that stand was, ms UTC, None where none does.
    """

    standing: bool
    basis: str
    newest_listed_at: int | None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """What acts have made of an alert. What does not belong to `handling` is None, or False."""

    handling: Handling = "open"
    assignee: str | None = None
    acknowledged_until: int | None = None
    resolution: str | None = None
    takedown: bool = False


class Judged(NamedTuple):
    """An act, and what became of it."""

    act: Act
    outcome: Outcome


class Life(State, frozen=True, kw_only=True):
    """The state, and how it came to be. `last`: the act that made it so; `raised_again`: that act is a resolution which
    does not hold. `judged`: every act in the order in which they count, of one that was published in several versions
    the newest.
    """

    raised_again: bool = False
    last: Act | None = None
    judged: tuple[Judged, ...] = ()


def fold(acts: Iterable[Act], *, standing: bool, basis: str, newest_listed_at: int | None) -> Life:
    """The life that a set of acts on one alert gives, in any order and however often each comes. The facts: see
    `Facts`.
    """
    facts = Facts(standing, basis, newest_listed_at)
    state, last, judged = State(), None, []
    for act in in_order(acts):
        state, outcome = applied(state, act, facts)
        judged.append(Judged(act, outcome))
        if outcome != "void" and act.act != "comment":
            last = judged[-1]
    return Life(
        **msgspec.structs.asdict(state),
        raised_again=last is not None and last.outcome == "lapsed",
        last=last and last.act,
        judged=tuple(judged),
    )


def in_order(acts: Iterable[Act]) -> list[Act]:
    """Each act once, of several versions of one (publisher and event_id) the newest, in the order of versions:
    occurred_at, event_id, publisher, content. Python compares texts by code points, which is as by their bytes.
    """
    newest: dict[tuple[str, str], Act] = {}
    for act in acts:
        known = newest.get(name := (act.publisher, act.event_id))
        if known is None or _place(known) < _place(act):
            newest[name] = act
    return sorted(newest.values(), key=_place)


def applied(state: State, act: Act, facts: Facts) -> tuple[State, Outcome]:
    """The state that one more act leaves, and what becomes of it: see the table above."""
    match act.act, state.handling:
        case "comment", _:
            return state, "done"
        case "acknowledge", "open" | "acknowledged":
            return State(handling="acknowledged", acknowledged_until=act.until), "done"
        case "unacknowledge", "acknowledged":
            return State(), "done"
        case "assign", "open" | "acknowledged" | "assigned":
            return State(handling="assigned", assignee=act.assignee), "done"
        case "resolve", "open" | "acknowledged" | "assigned" if not holds(act, facts):
            return State(), "lapsed"
        case "resolve", "open" | "acknowledged" | "assigned":
            return State(handling="resolved", resolution=act.resolution, takedown=act.takedown), "done"
        case "reopen", "resolved":
            return State(), "done"
        case _:
            return state, "void"


def holds(resolve: Act, facts: Facts) -> bool:
    """Whether a resolution holds now."""
    if not facts.standing:
        return True
    if resolve.basis != facts.basis:
        return False
    # daily exports publish each listing anew: a false alarm holds through that, while what was dealt with and is
    # offered again the day after was not. Within a day listings are priced anew, and nothing is said of that
    newest = facts.newest_listed_at
    return resolve.resolution == "false_alarm" or newest is None or china_day(newest) <= china_day(resolve.occurred_at)


def allowed(handling: Handling) -> tuple[ActName, ...]:
    """The acts that would not be void now."""
    cleared = Facts(standing=False, basis="", newest_listed_at=None)
    acts = (Act(event_id="", publisher="", occurred_at=0, alert_id="", act=name, actor="") for name in ACTS)
    outcomes = (applied(State(handling=handling), act, cleared)[1] for act in acts)
    return tuple(name for name, outcome in zip(ACTS, outcomes, strict=True) if outcome != "void")


def handling_at(handling: Handling, acknowledged_until: int | None, now: int) -> Handling:
    """The handling as it is read at `now`, ms UTC: an acknowledgement that has run out is none."""
    ran_out = handling == "acknowledged" and acknowledged_until is not None and acknowledged_until < now
    return "open" if ran_out else handling


def _place(act: Act) -> tuple[int, str, str, int, str]:
    # a tie tells contents apart by their order, but where an act was never in the log it has none
    return (*act.recency, act.digest)
