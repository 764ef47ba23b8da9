"""Alerts become deliveries, and deliveries attempts, until each has ended.

For each batch of alerts, in this order: deliveries that they make are written to `webhook.pending`, then the group
commits. For each attempt: it is made, then its outcome and how the delivery stands are written. Killed anywhere, the
next one goes on from what is written: a delivery is attempted again under the same webhook-id, and none is left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from typing import Protocol, TypeVar

import msgspec

from suyuan.access.events import UnreadableAccess, decode_access
from suyuan.access.grants import Grants
from suyuan.access.scope import Scope
from suyuan.operations.alerts.outward import alerts_in, outward
from suyuan.operations.tail import Messages, Tail
from suyuan.operations.webhooks import metrics
from suyuan.operations.webhooks.events import (
    Changed,
    Deleted,
    Disabled,
    Filters,
    Place,
    ReplayWanted,
    TestWanted,
    UnreadableSubscription,
    decode_subscription,
    encode_subscription,
)
from suyuan.operations.webhooks.filtering import wanted_alerts
from suyuan.operations.webhooks.log import (
    ACCESS,
    ALERTS,
    PENDING,
    SUBSCRIPTIONS,
    Attempt,
    Ended,
    Holding,
    Message,
    Position,
    Waits,
    attempts_message,
    decode_kept,
    ended_messages,
    pending_message,
    position_message,
)
from suyuan.operations.webhooks.queue import Queue
from suyuan.operations.webhooks.schedule import Answer, Fraction, Next, Outcome, Pending, after, delivery_id
from suyuan.operations.webhooks.sealing import CannotUnseal, Seal
from suyuan.operations.webhooks.signing import signed_headers
from suyuan.operations.webhooks.subscriptions import Subscription, Subscriptions
from suyuan.queries.answers import Alert

logger = logging.getLogger(__name__)

T = TypeVar("T")

BY = "jobs"
"""who says what the receiver's answers mean for a subscription"""
TEST_BODY = b'{"test":true}'
REMEMBERED = 4_096
"""alerts that need not be read from the log again for their first attempts"""


class Sends(Protocol):
    """See `sending.Sender`."""

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the receiver answers."""


class Dispatcher:
    """`begin`, then `step` again and again, then `end`, within one loop. Calls of the log are made in `thread`."""

    def __init__(
        self,
        log: Holding,
        sender: Sends,
        seal: Seal,
        clock: Callable[[], int],
        fraction: Fraction,
        thread: Executor,
    ) -> None:
        """`clock`: ms UTC."""
        self._log = log
        self._sender = sender
        self._seal = seal
        self._clock = clock
        self._fraction = fraction
        self._thread = thread
        self.subscriptions = Subscriptions()
        self.queue = Queue()
        self._grants = Grants()
        self._handled: dict[int, int] = {}
        self._wishes: list[tuple[int, int, TestWanted | ReplayWanted]] = []
        self._alerts: OrderedDict[Place, Alert] = OrderedDict()
        self._running: dict[asyncio.Task[Answer | str], Pending] = {}
        self._control: Tail
        self._feed: Tail

    async def begin(self) -> None:
        """Read how everything stands. Raises SuyuanError."""
        await self._in_thread(self._read_all)
        metrics.ACTIVE.set(1)

    async def step(self, seconds: float = 0.0) -> bool:
        """Take in what has come, write what has ended, begin what is due; where there is nothing of it, wait so many
        seconds. Returns whether there was something. Raises SuyuanError; what is written then is whole.
        """
        messages, read = await self._in_thread(self._take_in)
        done = [task for task in self._running if task.done()]
        messages += self._ended_attempts([(self._running.pop(task), task.result()) for task in done])
        messages += self._begin_due()
        if messages or read:
            await self._in_thread(lambda: self._write(messages, commit=read))
            return True
        if seconds and self._running:
            await asyncio.wait(self._running, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        elif seconds:
            await asyncio.sleep(seconds)
        return False

    async def settle(self) -> None:
        """Until all attempts that are under way have been answered, and that is written."""
        while self._running:
            await asyncio.wait(self._running)
            await self.step()

    async def end(self) -> None:
        """Attempts that are under way are made again by the next one."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()
        metrics.ACTIVE.set(0)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    # --- in the thread of the log, while the loop waits for it

    def _read_all(self) -> None:
        self._control = self._log.tail([ACCESS, SUBSCRIPTIONS], {})
        kept = self._log.tail([PENDING], {})
        while found := kept.read():
            for messages in found:
                for value in messages.values:
                    self._restore(value)
        self._read_control()
        self._hurry_stopped()
        self._feed = self._log.tail([ALERTS], self._first_offsets())

    def _restore(self, value: bytes | None) -> None:
        if value is None:
            return
        try:
            kept = decode_kept(value)
        except msgspec.DecodeError as error:
            logger.error("a message of %s is passed over: %s", PENDING, error)  # noqa: TRY400 -- it says all
            return
        match kept:
            case Position():
                self._handled[kept.partition] = kept.next
            case Waits():
                self.queue.put(Pending(**msgspec.structs.asdict(kept)))
            case Ended():
                if (pending := self.queue.get(kept.id)) is not None:
                    self.queue.end(pending)

    def _first_offsets(self) -> dict[tuple[str, int], int]:
        """Where the group has come; where it has never been, what the first subscription is to get; none: the end."""
        committed, starts, ends = self._log.committed(), self._log.alert_starts(), self._log.alert_ends()
        first: dict[tuple[str, int], int] = {}
        for at, end in ends.items():
            wanted = [each.after[at[1]] for each in self.subscriptions if at[1] < len(each.after)]
            offset = committed.get(at, min(wanted, default=end))
            if not starts[at] <= offset <= end:
                bound = starts[at] if offset < starts[at] else end
                logger.error("alerts %d to %d of partition %d are gone: no webhooks of them", offset, bound, at[1])
                offset = bound
            first[at] = offset
        return first

    def _take_in(self) -> tuple[list[Message], bool]:
        """What is to be written of what has come, and whether alerts were among it."""
        messages: list[Message] = []
        if self._read_control():
            self._hurry_stopped()
        wishes, self._wishes = self._wishes, []
        for partition, offset, event in wishes:
            messages += self._wish(event)
            self._handled[partition] = offset + 1
        messages += [position_message(at, self._handled[at]) for at in {partition for partition, _, _ in wishes}]
        found = self._feed.read()
        for each in found:
            messages += self._made_of(each)
        metrics.LAG.set(sum(end - self._feed.next_offsets[at] for at, end in self._feed.end_offsets().items()))
        return messages, bool(found)

    def _read_control(self) -> bool:
        """Take in what is said of access and subscriptions, and note what is wished for and not done yet. Whether one
        may have been stopped.
        """
        stopped = False
        while found := self._control.read():
            for messages in found:
                for offset, value in zip(messages.offsets, messages.values, strict=True):
                    try:
                        if messages.topic == ACCESS:
                            self._grants.apply(decode_access(value or b""))
                            continue
                        event = decode_subscription(value or b"")
                    except (UnreadableAccess, UnreadableSubscription) as error:
                        logger.error("%s-%d, offset %d: %s", messages.topic, messages.partition, offset, error)  # noqa: TRY400
                        continue
                    self.subscriptions.apply(event)
                    stopped = stopped or isinstance(event, Changed | Deleted | Disabled)
                    handled = offset < self._handled.get(messages.partition, 0)
                    if isinstance(event, TestWanted | ReplayWanted) and not handled:
                        self._wishes.append((messages.partition, offset, event))
        return stopped

    def _hurry_stopped(self) -> None:
        """What waits for a subscription that is sent nothing any more has ended: nobody is to wait to be told."""
        for id_ in {pending.subscription for pending in self.queue}:
            found = self.subscriptions.get(id_)
            if found is None or found.disabled:
                self.queue.hurry(id_, self._clock())

    def _wish(self, event: TestWanted | ReplayWanted) -> list[Message]:
        if self.subscriptions.get(event.id) is None:
            return []
        place = event.place if isinstance(event, ReplayWanted) else None
        return self._put(Pending(event.id, event.delivery, self._clock(), place))

    def _made_of(self, messages: Messages) -> list[Message]:
        """Deliveries of alerts."""
        now = self._clock()
        matching = [
            (subscription, part)
            for subscription in self.subscriptions
            if not subscription.disabled and (part := self._matcher(subscription, now)) is not None
        ]
        made: list[Message] = []
        if not matching:
            return made
        for offset, value in zip(messages.offsets, messages.values, strict=True):
            those = [each for each in matching if each[0].is_after(messages.partition, offset)]
            for row, alert in enumerate(alerts_in(value)) if those else ():
                place = Place(messages.partition, offset, row)
                for subscription, part in those:
                    if part(alert) is not None:
                        self._remember(place, alert)
                        delivery = delivery_id(alert.alert_id, alert.sequence, subscription.id)
                        made += self._put(Pending(subscription.id, delivery, now, place))
        return made

    def _put(self, pending: Pending) -> list[Message]:
        """What is to be written of one that is new, or due at once though it waits."""
        waits = self.queue.get(pending.id)
        if waits is not None:
            pending = msgspec.structs.replace(waits, due=pending.due)
        elif not self.queue.has_room(pending.subscription):
            answer = Answer(None, "too many deliveries of this subscription wait")
            return self._listed([Attempt(pending, "", Outcome.FAILED, answer, self._clock())])
        self.queue.put(pending)
        return [pending_message(pending)]

    def _write(self, messages: list[Message], *, commit: bool) -> None:
        if messages:
            self._log.append(messages)
        if commit:
            self._log.commit(self._feed.next_offsets)

    # --- attempts

    def _begin_due(self) -> list[Message]:
        """Begin what is due; what is not to be sent has ended."""
        now, messages = self._clock(), list[Message]()
        for pending in self.queue.take(now):
            subscription = self.subscriptions.get(pending.subscription)
            scope = None if subscription is None else self._scope(subscription, now)
            why = (
                "the subscription was deleted"
                if subscription is None
                else f"disabled: {subscription.disabled}"
                if subscription.disabled
                else "its owner has no access any more"
                if scope is None
                else ""
            )
            if why or subscription is None or scope is None:
                messages += self._after(pending, Next(Outcome.WITHHELD), Answer(None, why))
                continue
            self._running[asyncio.create_task(self._attempt(subscription, scope, pending))] = pending
        return messages

    async def _attempt(self, subscription: Subscription, scope: Scope, pending: Pending) -> Answer | str:
        """The receiver's answer, or why it is not asked."""
        body = TEST_BODY
        if pending.place is not None:
            place = pending.place
            alert = self._alerts.get(place) or await self._in_thread(lambda: self._alert(place))
            if alert is None or delivery_id(alert.alert_id, alert.sequence, subscription.id) != pending.id:
                return "the log does not have the alert any more"
            part = wanted_alerts(scope, Filters())(alert)
            if part is None:
                return "the alert is outside of its owner's scope"
            body = msgspec.json.encode(outward(part))
        now = self._clock()
        secrets = self._secrets(subscription, now)
        if not secrets:
            return Answer(None, "its secret was sealed by another key")
        return await self._sender.send(subscription.url, signed_headers(pending.id, now, body, secrets), body)

    def _secrets(self, subscription: Subscription, now: int) -> list[str]:
        """By which it is signed; none where the present one cannot be opened. A former one that cannot is left out: it
        may have been replaced for that.
        """
        newest, *former = subscription.sealed_secrets(now)
        try:
            found = [self._seal.unseal(subscription.id, newest)]
        except CannotUnseal as error:
            logger.error("%s", error)  # noqa: TRY400 -- it says all
            return []
        with suppress(CannotUnseal):
            found += [self._seal.unseal(subscription.id, sealed) for sealed in former]
        return found

    def _ended_attempts(self, ended: list[tuple[Pending, Answer | str]]) -> list[Message]:
        messages: list[Message] = []
        for pending, answer in ended:
            if isinstance(answer, str):
                messages += self._after(pending, Next(Outcome.WITHHELD), Answer(None, answer))
                continue
            metrics.SECONDS.observe(answer.milliseconds / 1000)
            following = after(pending, answer, self._clock(), self._fraction)
            if following.disables and (found := self.subscriptions.get(pending.subscription)) is not None:
                said = Disabled(found.id, self._clock(), BY, "its receiver answered 410 Gone")
                messages.append(Message(SUBSCRIPTIONS, found.id.encode(), encode_subscription(said)))
            messages += self._after(pending, following, answer)
        return messages

    def _after(self, pending: Pending, following: Next, answer: Answer) -> list[Message]:
        """Note how it stands, and what is to be written of it."""
        self.queue.release(pending)
        due = None if following.pending is None else following.pending.due
        owner = self.subscriptions.get(pending.subscription)
        attempt = Attempt(pending, "" if owner is None else owner.owner, following.outcome, answer, self._clock(), due)
        if following.pending is not None:
            self.queue.put(following.pending)
            return [*self._listed([attempt]), pending_message(following.pending)]
        self.queue.end(pending)
        return [*self._listed([attempt]), *ended_messages(pending)]

    @staticmethod
    def _listed(attempts: list[Attempt]) -> list[Message]:
        for each in attempts:
            metrics.ATTEMPTS.labels(str(each.outcome)).inc()
        return [attempts_message(attempts)]

    # --- what is wanted and may be seen

    def _scope(self, subscription: Subscription, now: int) -> Scope | None:
        """What its owner may see now."""
        holder = self._grants.holder(subscription.owner, now)
        return None if holder is None else holder.scope

    def _matcher(self, subscription: Subscription, now: int) -> Callable[[Alert], Alert | None] | None:
        scope = self._scope(subscription, now)
        return None if scope is None else wanted_alerts(scope, subscription.filters)

    def _remember(self, place: Place, alert: Alert) -> None:
        self._alerts[place] = alert
        while len(self._alerts) > REMEMBERED:
            self._alerts.popitem(last=False)

    def _alert(self, place: Place) -> Alert | None:
        value = self._log.alert_message(place.partition, place.offset)
        if value is None:
            return None
        return next((alert for row, alert in enumerate(alerts_in(value)) if row == place.row), None)

    def measure(self) -> None:
        """Set the gauges; looks at all that waits."""
        metrics.PENDING.set(len(self.queue))
        due = self.queue.oldest_due()
        metrics.OVERDUE.set(0 if due is None else max(0, self._clock() - due) / 1000)
        states = [each.disabled == "" for each in self.subscriptions]
        metrics.SUBSCRIPTIONS.labels("enabled").set(sum(states))
        metrics.SUBSCRIPTIONS.labels("disabled").set(len(states) - sum(states))
