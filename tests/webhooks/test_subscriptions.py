"""Which subscriptions stand, by what was said of them."""

from __future__ import annotations

import pytest

from suyuan.operations.webhooks.events import (
    Changed,
    Created,
    Deleted,
    Disabled,
    Filters,
    Place,
    ReplayWanted,
    SecretRotated,
    TestWanted,
    UnreadableSubscription,
    decode_subscription,
    encode_subscription,
)
from suyuan.operations.webhooks.subscriptions import ROTATION_MS, Subscriptions

AT = 1_700_000_000_000
CREATED = Created("s1", AT, "key1", owner="key1", name="desk", url="https://a.example/x", sealed="one")


def folded(*events):
    found = Subscriptions()
    for event in events:
        found.apply(decode_subscription(encode_subscription(event)))
    return found


def test_every_event_is_read_back_as_it_was_said():
    for event in (
        CREATED,
        Created("s2", AT, "k", "k", "n", "https://b", "x", (3, 4), Filters("high,low", rule="r", bureau="33")),
        Changed("s1", AT, "k", enabled=False),
        SecretRotated("s1", AT, "k", "two"),
        Disabled("s1", AT, "jobs", "gone"),
        Deleted("s1", AT, "k"),
        TestWanted("s1", AT, "k", "test.1.s1"),
        ReplayWanted("s1", AT, "k", "a.1.s1", Place(0, 5, 2)),
    ):
        assert decode_subscription(encode_subscription(event)) == event
    with pytest.raises(UnreadableSubscription):
        decode_subscription(b'{"type": "nonsense"}')


def test_what_is_said_twice_counts_once_and_what_was_deleted_does_not_come_back():
    found = folded(CREATED, Changed("s1", AT, "key1", name="other"), CREATED)
    assert (found.get("s1").name, found.get("s1").url) == ("other", "https://a.example/x")
    found.apply(Deleted("s1", AT, "key1"))
    found.apply(CREATED)
    found.apply(Changed("s1", AT, "key1", enabled=True))
    assert found.get("s1") is None
    assert list(found) == []


def test_a_receiver_that_is_gone_is_disabled_until_its_owner_enables_it():
    found = folded(CREATED, Disabled("s1", AT, "jobs", "410"))
    assert found.get("s1").disabled == "410"
    found.apply(Changed("s1", AT, "key1", enabled=True))
    assert found.get("s1").disabled == ""
    found.apply(Changed("s1", AT, "key1", enabled=False))
    assert found.get("s1").disabled


def test_both_secrets_sign_for_a_day_and_a_second_rotation_waits_for_it():
    found = folded(CREATED, SecretRotated("s1", AT, "key1", "two"))
    assert found.get("s1").sealed_secrets(AT + ROTATION_MS - 1) == ("two", "one")
    assert found.get("s1").sealed_secrets(AT + ROTATION_MS) == ("two",)
    assert not found.get("s1").may_rotate(AT + ROTATION_MS - 1)
    found.apply(SecretRotated("s1", AT + 1, "key1", "three"))
    assert found.get("s1").sealed_secrets(AT + 1) == ("two", "one")
    found.apply(SecretRotated("s1", AT + ROTATION_MS, "key1", "three"))
    assert found.get("s1").sealed_secrets(AT + ROTATION_MS) == ("three", "two")


def test_the_same_rotation_said_again_keeps_the_former_secret():
    rotated = SecretRotated("s1", AT, "key1", "two")
    assert folded(CREATED, rotated, SecretRotated("s1", AT + ROTATION_MS, "key1", "two")).get("s1").former == "one"
    assert folded(CREATED, rotated, rotated).get("s1").former == "one"


def test_an_owner_has_its_own_the_newest_first():
    other = Created("s2", AT + 1, "k", "key1", "b", "https://b", "x")
    foreign = Created("s3", AT + 2, "k", "key2", "c", "https://c", "x")
    found = folded(CREATED, other, foreign)
    assert [each.id for each in found.of("key1")] == ["s2", "s1"]
    assert found.of("nobody") == []
