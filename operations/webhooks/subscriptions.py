"""Which subscriptions there are now: the sum of what was said of them, each one's events in their order."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from suyuan.operations.alerts.outward import TOPIC
from suyuan.operations.webhooks import events as said

ROTATION_MS = 24 * 3_600_000
"""that a former secret still signs beside the new one; until then there is no second rotation"""
MOST_OF_ONE_OWNER = 20
KINDS = ("alert",)
"""of what is sent"""


class Subscription(msgspec.Struct, frozen=True):
    """One that stands. `by`: who made it, the owner or an admin; `sealed`: its secret; `former`: the one before, which
    signs too until `former_until`; `disabled`: why nothing is sent, empty: it is.
    """

    id: str
    owner: str
    by: str
    name: str
    url: str
    filters: said.Filters
    kinds: tuple[str, ...]
    created: int
    after: tuple[int, ...]
    sealed: str
    former: str | None = None
    former_until: int = 0
    disabled: str = ""

    def is_after(self, partition: int, offset: int) -> bool:
        """Whether a message of the alerts came when it was there already."""
        return partition >= len(self.after) or offset >= self.after[partition]

    def sealed_secrets(self, now: int) -> tuple[str, ...]:
        """By which it is signed now, the newest first."""
        return (self.sealed,) if self.former is None or now >= self.former_until else (self.sealed, self.former)

    def may_rotate(self, now: int) -> bool:
        """Whether its secret can be replaced: two former ones never sign at once."""
        return self.former is None or now >= self.former_until


class Subscriptions:
    """For one thread to change, and any to ask. The same event may be said twice."""

    def __init__(self) -> None:
        self._all: dict[str, Subscription] = {}
        self._deleted: set[str] = set()

    def __iter__(self) -> Iterator[Subscription]:
        return iter(tuple(self._all.values()))

    def get(self, id: str) -> Subscription | None:  # noqa: A002 -- the field's name
        """The one with that id; None: there is none, or no more."""
        return self._all.get(id)

    def of(self, owner: str | None) -> list[Subscription]:
        """Those of an owner, None: of all; the newest first."""
        own = [each for each in self if owner in {None, each.owner}]
        return sorted(own, key=lambda each: (-each.created, each.id))

    def apply(self, event: said.SubscriptionEvent) -> None:
        """Take in one more; what is said of a subscription that is not there is nothing."""
        if isinstance(event, said.Created):
            if event.id not in self._all and event.id not in self._deleted:
                self._all[event.id] = _created(event)
            return
        found = self._all.get(event.id)
        if found is None:
            return
        match event:
            case said.Changed():
                self._all[event.id] = _changed(found, event)
            case said.SecretRotated() if event.sealed != found.sealed and found.may_rotate(event.at):
                self._all[event.id] = msgspec.structs.replace(
                    found, sealed=event.sealed, former=found.sealed, former_until=event.at + ROTATION_MS
                )
            case said.Disabled():
                self._all[event.id] = msgspec.structs.replace(found, disabled=event.reason)
            case said.Deleted():
                del self._all[event.id]
                self._deleted.add(event.id)
            case _:
                return


def _created(event: said.Created) -> Subscription:
    return Subscription(
        id=event.id,
        owner=event.owner,
        by=event.by,
        name=event.name,
        url=event.url,
        filters=event.filters,
        kinds=event.kinds,
        created=event.at,
        after=event.after if event.topic == TOPIC else (),
        sealed=event.sealed,
    )


def _changed(found: Subscription, event: said.Changed) -> Subscription:
    given = {name: getattr(event, name) for name in ("name", "url", "filters", "kinds")}
    changes = {name: value for name, value in given.items() if value is not None}
    if event.enabled is not None:
        changes["disabled"] = "" if event.enabled else "by its owner"
    return msgspec.structs.replace(found, **changes)
