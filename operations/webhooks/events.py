"""What is said of webhooks, in the order of the topic `in.subscription`: one JSON object each.

Secrets stand there sealed (`sealing.py`): whoever reads the log cannot sign by them.
"""

from __future__ import annotations

import msgspec

from suyuan.errors import SuyuanError

CONTROL = "subscription"
"""what the topic `in.subscription` is called as a kind"""
TOPIC = f"in.{CONTROL}"


class Filters(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which alerts are wanted, as the API's list of alerts is asked for them; several values have commas between."""

    severity: str | None = None
    condition: str | None = None
    handling: str | None = None
    assignee: str | None = None
    rule: str | None = None
    bureau: str | None = None
    platform: str | None = None
    seller: str | None = None
    subject: str | None = None


class Place(msgspec.Struct, frozen=True):
    """Where in the topic `alert.state` a change of an alert lies: a message's row."""

    partition: int
    offset: int
    row: int


class Said(msgspec.Struct, frozen=True):
    """`id`: of the subscription; `at`: ms UTC; `by`: the principal who did it, or `jobs`."""

    id: str
    at: int
    by: str


class Created(Said, frozen=True, tag="created"):
    """A subscription. `owner`: the key whose present scope bounds what is sent; `sealed`: its secret; `after`: the next
    offset that each partition of the alerts had then: nothing before it is sent; `topic`: of these offsets, those that
    do not say it are of the topic that alerts had before.
    """

    owner: str
    name: str
    url: str
    sealed: str
    after: tuple[int, ...] = ()
    filters: Filters = Filters()
    kinds: tuple[str, ...] = ("alert",)
    topic: str = "alert"


class Changed(Said, frozen=True, tag="changed", omit_defaults=True):
    """What is not None is otherwise from now on."""

    name: str | None = None
    url: str | None = None
    filters: Filters | None = None
    kinds: tuple[str, ...] | None = None
    enabled: bool | None = None


class SecretRotated(Said, frozen=True, tag="secret_rotated"):
    """A new secret; the one before signs beside it for a while."""

    sealed: str


class Disabled(Said, frozen=True, tag="disabled"):
    """The receiver wants no more (410)."""

    reason: str


class Deleted(Said, frozen=True, tag="deleted"):
    """The subscription is no more."""


class TestWanted(Said, frozen=True, tag="test_wanted"):
    """A message is to be sent that tells nothing. `delivery`: its webhook-id."""

    __test__ = False
    delivery: str


class ReplayWanted(Said, frozen=True, tag="replay_wanted"):
    """A delivery that has ended is to be made again, under the same webhook-id."""

    delivery: str
    place: Place


SubscriptionEvent = Created | Changed | SecretRotated | Disabled | Deleted | TestWanted | ReplayWanted

_decoder: msgspec.json.Decoder[SubscriptionEvent] = msgspec.json.Decoder(SubscriptionEvent)


class UnreadableSubscription(SuyuanError):
    """What stands in the topic is none of these."""


def encode_subscription(event: SubscriptionEvent) -> bytes:
    """As it stands in the log."""
    return msgspec.json.encode(event)


def decode_subscription(value: bytes) -> SubscriptionEvent:
    """Raises UnreadableSubscription."""
    try:
        return _decoder.decode(value)
    except msgspec.DecodeError as error:
        raise UnreadableSubscription(f"no event of a subscription: {error}") from None
