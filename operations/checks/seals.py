"""Whether the secrets of webhooks can be opened: portals seal them in the log, jobs open them by the same key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from suyuan.errors import SuyuanError
from suyuan.eventlog.errors import LogMissing, UnknownTopic
from suyuan.operations.checks.finding import Finding, Status
from suyuan.operations.tail import Tail
from suyuan.operations.webhooks.events import UnreadableSubscription, decode_subscription
from suyuan.operations.webhooks.sealing import CannotUnseal, Seal
from suyuan.operations.webhooks.subscriptions import Subscription, Subscriptions
from suyuan.sinks.errors import TopicMissing

_SHOWN = 5
_REMEDY = (
    "have all portals and jobs use the key that sealed them (SUYUAN_SEAL_KEY_FILE; of a data folder, portal/seal.key "
    "from its backup), or give these webhooks new secrets at /webhooks, and those to their receivers"
)


def webhooks(
    log: Callable[[], AbstractContextManager[Tail]], seal: Callable[[], Seal | None], missing: Status = "failed"
) -> Iterator[Finding]:
    """`log`: of what is said of subscriptions, from its start; `seal`: by the key that there is, None: there is none;
    `missing`: how bad that is where there are webhooks. Raises SuyuanError, CONFIGURATION, for a key that is none.
    """
    try:
        with log() as opened:
            subscriptions = _read(opened)
    except (LogMissing, UnknownTopic, TopicMissing):  # which is told elsewhere, or is as it may be
        return
    except SuyuanError as error:
        yield Finding("webhooks", "failed", f"which there are cannot be read: {error}")
        return
    standing = subscriptions.of(None)
    if not standing:
        yield Finding("webhooks", "ok", "there are none")
        return
    try:
        key = seal()
    except OSError as error:
        yield Finding("webhooks", "failed", f"the key that seals secrets cannot be read: {error}")
        return
    if key is None:
        said = (
            f"{_count(standing)} and no key here by which secrets are sealed: a portal or jobs that start so make one"
        )
        yield Finding("webhooks", missing, f"{said} that opens none of them; {_REMEDY}")
        return
    closed = [each for each in standing if not _opens(key, each)]
    if closed:
        shown = ", ".join(each.id for each in closed[:_SHOWN]) + (", …" if len(closed) > _SHOWN else "")
        said = f"the secrets of {len(closed)} of {len(standing)} ({shown}) were sealed by another key than is used here"
        yield Finding("webhooks", "failed", f"{said}: nothing is sent for them; {_REMEDY}")
        return
    yield Finding("webhooks", "ok", f"{_count(standing)}, whose secrets the key here opens")


def _read(log: Tail) -> Subscriptions:
    found = Subscriptions()
    while read := log.read():
        for messages in read:
            for value in messages.values:
                try:
                    found.apply(decode_subscription(value or b""))
                except UnreadableSubscription:
                    continue  # whoever delivers says so
    return found


def _opens(key: Seal, subscription: Subscription) -> bool:
    """Whether it can be signed for: a former secret is left out where it cannot be opened."""
    try:
        key.unseal(subscription.id, subscription.sealed)
    except CannotUnseal:
        return False
    return True


def _count(standing: list[Subscription]) -> str:
    return f"{len(standing)} webhook{'s' if len(standing) > 1 else ''}"
