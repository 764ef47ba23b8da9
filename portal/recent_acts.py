"""Acts on alerts that this portal has published, until they come back: whoever has acted sees at once what they did.

What is read of an alert, from the tables or the feed, is shown with those that it does not know of yet. An act that
never comes back, since a dead letter is all that became of it, is forgotten after KEPT_MS.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from suyuan.access.scope import Scope
from suyuan.domain.alerts.acts import Act
from suyuan.domain.alerts.life import Outcome
from suyuan.operations.alerts.acting import Doing, Seen, overlaid
from suyuan.operations.alerts.outward import OutwardAlert
from suyuan.queries.answers import AlertAct
from suyuan.queries.visible import sees_whole_alert

KEPT_MS = 60_000
MOST_ALERTS = 5_000
"""that acts are kept of; those that were acted on first are forgotten first"""


class Recent(NamedTuple):
    """An act that was published at `act.occurred_at`. `outcome`: what becomes of it as far as is known; `note`: its
    text.
    """

    act: Act
    outcome: Outcome
    note: str | None


class Current(NamedTuple):
    """An alert as whoever asks is told of it now, and what of that has not come back yet, the last last."""

    alert: OutwardAlert
    newest_listed_at: int | None
    pending: tuple[Recent, ...]

    @property
    def seen(self) -> Seen:
        """What acts are made of."""
        return Seen.of(self.alert, self.newest_listed_at)

    @property
    def tag(self) -> str:
        """What names it as it is: its sequence, and the last act that has not come back."""
        return f"{self.alert.sequence}.{self.pending[-1].act.event_id}" if self.pending else f"{self.alert.sequence}"

    def is_called(self, tag: str) -> bool:
        """Whether a tag is of what it is now: also that of a moment ago, where its act alone has come back since."""
        if tag == self.tag:
            return True
        before, _, act = tag.partition(".")
        last = self.pending[-1].act.event_id if self.pending else self.alert.act_event
        return bool(act) and act == last and before == str(self.alert.sequence - 1)


class RecentActs:
    """By alert. Used in the loop alone, so that between a look and what follows from it nobody comes."""

    def __init__(self) -> None:
        self._acts: OrderedDict[str, list[Recent]] = OrderedDict()

    def add(self, doing: Iterable[Doing], note: str | None) -> None:
        """What is being published."""
        for each in doing:
            alert_id, since = each.act.alert_id, each.act.occurred_at - KEPT_MS
            kept = [one for one in self._acts.get(alert_id, ()) if one.act.occurred_at > since]
            self._acts[alert_id] = [*kept, Recent(each.act, each.outcome, note)]
            self._acts.move_to_end(alert_id)
        while len(self._acts) > MOST_ALERTS:
            self._acts.popitem(last=False)

    def forget(self, doing: Iterable[Doing]) -> None:
        """What could not be published."""
        for each in doing:
            left = [one for one in self._acts.get(each.act.alert_id, ()) if one.act.event_id != each.act.event_id]
            self._keep(each.act.alert_id, left)

    def current(self, scope: Scope, alert: OutwardAlert, now: int, newest_listed_at: int | None = None) -> Current:
        """An alert that was read, as it is with what has not come back. `now`: ms UTC. Who sees a part of it alone is
        told of what came back.
        """
        kept = self._acts.get(alert.alert_id)
        if not kept or not sees_whole_alert(scope, alert):
            return Current(alert, newest_listed_at, ())
        place = -1 if alert.acted_at is None else alert.acted_at
        left = [one for one in kept if _is_out(one.act, alert.act_event, place) and now - one.act.occurred_at < KEPT_MS]
        if not left:
            return Current(alert, newest_listed_at, ())
        after, _ = overlaid(Seen.of(alert, newest_listed_at), [one.act for one in left])
        last = left[-1].act
        said = {name: getattr(after, name) for name in ("handling", "assignee", "acknowledged_until", "resolution")}
        said |= {"act": last.act, "act_event": last.event_id, "actor": last.actor, "acted_at": last.occurred_at}
        return Current(msgspec.structs.replace(alert, **said), newest_listed_at, tuple(left))

    def beside(self, alert_id: str, known: Iterable[AlertAct]) -> list[Recent]:
        """Those that are not among the acts which the tables have."""
        there = {each.event_id for each in known}
        return [one for one in self._acts.get(alert_id, ()) if one.act.event_id not in there]

    def _keep(self, alert_id: str, left: list[Recent]) -> None:
        if left:
            self._acts[alert_id] = left
        else:
            self._acts.pop(alert_id, None)


def _is_out(act: Act, known: str | None, acted_at: int) -> bool:
    """Whether an alert as it was read does not know of an act: it says which act it knows as the last."""
    return act.event_id != known and act.occurred_at >= acted_at
