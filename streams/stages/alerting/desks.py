"""The alerts that a block touches: counted anew, and those of which something is to be said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from suyuan.domain.keys import SEPARATOR
from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.streams.stage import Output
from suyuan.streams.stages.alerting.acts import life_of
from suyuan.streams.stages.alerting.kept import (
    Desk,
    Told,
    basis_key,
    decode_desk,
    desk_key,
    encode,
    offers_of,
)
from suyuan.streams.stages.alerting.telling import (
    Saying,
    about_one_listing,
    alert_state_rows,
    change_of,
    content_of,
    left_of,
    platforms_of,
    said_when,
    told_of,
)
from suyuan.streams.stages.redelivery import block_id, came_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from suyuan.domain.alerts.life import Life
    from suyuan.streams.stage import Block, StateView
    from suyuan.streams.stages.alerting.members import Changes


class _Now(NamedTuple):
    """How an alert is now."""

    life: Life | None
    told: Told


class Desks:
    """Alerts of a partition by id. Whoever has had them changed calls `keep` in the end."""

    def __init__(self, block: Block, state: StateView, alerts: Iterable[str]) -> None:
        self._block = block
        self._state = state
        self._rules = {rule.id: rule for rule in built_in_rules()}
        names = list(alerts)
        values = state.get_many([desk_key(alert) for alert in names])
        self._desks = {
            alert: Desk() if value is None else decode_desk(value) for alert, value in zip(names, values, strict=True)
        }

    def note_findings(self, touched: Mapping[str, Changes]) -> None:
        """Count what findings changed. The state has their offers as they are now."""
        self._count_bases(touched)
        for alert, changes in touched.items():
            desk = self._desks[alert]
            _count(desk.severities, changes.severities)
            _count(desk.platforms, changes.platforms)
            desk.touched_at = max(desk.touched_at, changes.received_at)
            if desk.newest in changes.gone:
                first = self._state.scan(offers_of(alert), limit=1)
                desk.newest = first[0][0].decode().split(SEPARATOR, 2)[2] if first else ""
            elif changes.came:
                desk.newest = min(filter(None, (desk.newest, changes.came)))
            if desk.listings:
                desk.face = ""
            elif changes.cleared:
                desk.face = changes.cleared

    def note_acts(self, touched: Mapping[str, tuple[int, int]]) -> None:
        """Count acts: by alert, how many more there are, and when the log took the last."""
        for alert, (more, at) in touched.items():
            desk = self._desks[alert]
            desk.acts += more
            desk.touched_at = max(desk.touched_at, at)

    def tell(self, changed: Mapping[str, int], quiet_before: int) -> tuple[list[Output], list[str]]:
        """`alert.state` of what is to be said at once, and the alerts that are to be settled. `changed`: alert → when
        the log took what changed it; `quiet_before`: what it took before that, ms, is told when it settles.
        """
        said: dict[str, _Now] = {}
        later: list[str] = []
        for alert in changed:
            desk = self._desks[alert]
            now = self._now(alert)
            if now.told.stands or desk.told is not None:
                acted = desk.told is not None and desk.told.handling != now.told.handling
                urgent = about_one_listing(alert) or desk.told is None or not desk.told.says(now.told)
                if acted or (urgent and changed[alert] >= quiet_before):
                    said[alert] = now
                else:
                    later.append(alert)
        return self._say(said), later

    def settle(self) -> list[Output]:
        """`alert.state` of those of which something is left to say."""
        left = {alert: self._now(alert) for alert in self._desks}
        told = {alert: now for alert, now in left.items() if now.told.stands or self._desks[alert].told is not None}
        return self._say(told, unless_said=True)

    def repeat(self) -> list[Output]:
        """`alert.state` of all that this block had published when it was delivered before, as it was."""
        if not self._block.redelivered:
            return []
        return _outputs(
            [
                content_of(self._rules, saying)[0] | said_when(saying.desk)
                for saying in self._sayings(
                    {
                        alert: self._now(alert)
                        for alert, desk in self._desks.items()
                        if came_of(self._block, desk.cause)
                    },
                    again=True,
                )
            ]
        )

    def keep(self) -> None:
        """Write them down."""
        self._state.put_many(list(map(desk_key, self._desks)), list(map(encode, self._desks.values())))

    def _now(self, alert: str) -> _Now:
        desk = self._desks[alert]
        life = life_of(alert, desk, self._state)
        return _Now(life, told_of(desk, life))

    def _sayings(self, said: Mapping[str, _Now], *, again: bool = False) -> list[Saying]:
        """`again`: as they were said last."""
        desks = [self._desks[alert] for alert in said]
        # of an alert that shows no offer there is nothing under that key
        offers = self._state.get_many(
            [offers_of(alert) + desk.newest.encode() for alert, desk in zip(said, desks, strict=True)]
        )
        return [
            Saying(
                alert,
                desk,
                now.life,
                desk.face if offer is None else offer,
                desk.told.left if again and desk.told is not None else left_of(desk),
            )
            for (alert, now), desk, offer in zip(said.items(), desks, offers, strict=True)
        ]

    def _say(self, said: Mapping[str, _Now], *, unless_said: bool = False) -> list[Output]:
        rows = []
        for saying, now in zip(self._sayings(said), said.values(), strict=True):
            desk = saying.desk
            row, content = content_of(self._rules, saying)
            if unless_said and desk.told is not None and desk.told.content == content:
                continue
            named = {"platforms": platforms_of(desk), "left": saying.left}
            told = replace(now.told, bureau=row["bureau"] or "", content=content, **named)
            desk.change = change_of(desk.told, told)
            desk.raised_at = desk.touched_at if desk.change == "raised" else desk.raised_at
            desk.sequence += 1
            desk.cause, desk.told = block_id(self._block), told
            rows.append(row | said_when(desk))
        return _outputs(rows)

    def _count_bases(self, touched: Mapping[str, Changes]) -> None:
        pairs = [(alert, basis, by) for alert, each in touched.items() for basis, by in each.bases.items() if by]
        keys = [basis_key(alert, basis) for alert, basis, _ in pairs]
        for key, was, (alert, basis, by) in zip(keys, self._state.get_many(keys), pairs, strict=True):
            before = int(was) if was is not None else 0
            now = before + by
            desk = self._desks[alert]
            appears = (now > 0) - (before > 0)
            desk.bases += appears
            desk.basis_sum = (desk.basis_sum + appears * int(basis, 16)) % 2**64
            if now:
                self._state.put(key, b"%d" % now)
            else:
                self._state.delete(key)


def _count(counts: dict[str, int], deltas: Mapping[str, int]) -> None:
    for name, by in deltas.items():
        counts[name] = counts.get(name, 0) + by
        if not counts[name]:
            del counts[name]


def _outputs(rows: Sequence[Mapping[str, Any]]) -> list[Output]:
    return [Output("alert.state", alert_state_rows(rows), key="alert_id")] if rows else []
