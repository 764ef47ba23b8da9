"""When a delivery is attempted again, and when no more: ten attempts within about three days."""

from __future__ import annotations

import email.utils
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import msgspec

from suyuan.operations.webhooks.events import Place

SECOND_MS, MINUTE_MS, HOUR_MS = 1_000, 60_000, 3_600_000
WAITS_MS = (
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    *(hours * HOUR_MS for hours in (2, 5, 10, 14, 20, 24)),
)
"""between one attempt and the next; the first is made at once"""
SPREAD = 0.2
"""a wait is longer or shorter by up to this share, so that what failed together does not come back together"""
LONGEST_RETRY_AFTER_MS = 24 * HOUR_MS
REFUSED_AGAIN = 3
"""attempts after the first that was refused (4xx): a receiver that says no means it"""
GONE, TIMEOUT, TOO_MANY = 410, 408, 429

Fraction = Callable[[], float]
"""by chance, from 0 to 1 (`random.random`)"""


class Outcome(StrEnum):
    """What became of an attempt."""

    DELIVERED = "delivered"
    RETRIED = "retried"
    """it failed, and another one follows"""
    FAILED = "failed"
    """it failed, and none follows"""
    WITHHELD = "withheld"
    """it was not made: the owner may not see the alert, or the subscription is no more"""


class Pending(msgspec.Struct, frozen=True, omit_defaults=True):
    """A delivery that has not ended. `id`: its webhook-id; `place`: of what it tells, None: of a test; `due`: when the
    next attempt is to be made, ms UTC; `attempts`: made before; `refused`: of them, those that were answered 4xx.
    """

    subscription: str
    id: str
    due: int
    place: Place | None = None
    attempts: int = 0
    refused: int = 0


class Answer(NamedTuple):
    """Of a receiver. `status`: None where there was none; `reason`: in words, where it is no success; `retry_after`:
    the header of that name; `milliseconds`: that it took.
    """

    status: int | None
    reason: str = ""
    retry_after: str | None = None
    milliseconds: int = 0

    @property
    def is_success(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300 and not self.reason


class Next(NamedTuple):
    """After an attempt. `pending`: as it stands for the next one; None: it has ended. `disables`: the receiver wants
    no more of this subscription.
    """

    outcome: Outcome
    pending: Pending | None = None
    disables: bool = False


def after(pending: Pending, answer: Answer, now: int, fraction: Fraction) -> Next:
    """What follows an attempt that was answered so, then."""
    if answer.is_success:
        return Next(Outcome.DELIVERED)
    if answer.status == GONE:
        return Next(Outcome.FAILED, disables=True)
    attempts = pending.attempts + 1
    is_refusal = answer.status is not None and 400 <= answer.status < 500 and answer.status not in {TIMEOUT, TOO_MANY}
    refused = pending.refused + is_refusal
    if attempts > len(WAITS_MS) or refused > REFUSED_AGAIN:
        return Next(Outcome.FAILED)
    wait = WAITS_MS[attempts - 1] * (1 - SPREAD + 2 * SPREAD * fraction())
    wanted = retry_after_ms(answer.retry_after, now)
    due = now + max(int(wait), min(wanted, LONGEST_RETRY_AFTER_MS))
    return Next(Outcome.RETRIED, msgspec.structs.replace(pending, attempts=attempts, refused=refused, due=due))


def retry_after_ms(header: str | None, now: int) -> int:
    """How long a receiver wants to be left alone: seconds, or a date; 0 where it says nothing that makes sense."""
    if header is None:
        return 0
    text = header.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9]) * SECOND_MS
    try:
        return max(0, int(email.utils.parsedate_to_datetime(text).timestamp() * 1000) - now)
    except (ValueError, TypeError, OverflowError):
        return 0


def delivery_id(alert_id: str, sequence: int, subscription: str) -> str:
    """The webhook-id: the same of every attempt, and of every one who makes it again."""
    return f"{alert_id}.{sequence}.{subscription}"
