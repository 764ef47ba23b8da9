"""Signatures: Standard Webhooks' own library takes them; sealed secrets open for who has the key."""

from __future__ import annotations

import random
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from suyuan.errors import SuyuanError
from suyuan.operations.webhooks.sealing import CannotUnseal, Seal
from suyuan.operations.webhooks.signing import new_secret, secret_bytes, signed_headers

BODY = '{"title": "一级召回仍在售"}'.encode()
chance = random.Random(1).randbytes


def test_standard_webhooks_takes_it_from_either_secret_and_refuses_another_body():
    old, new, other = (new_secret(chance) for _ in range(3))
    headers = dict(signed_headers("a.1.s", int(time.time() * 1000), BODY, [new, old]))
    assert headers["webhook-id"] == "a.1.s"
    for secret in (old, new):
        assert Webhook(secret).verify(BODY, headers) == {"title": "一级召回仍在售"}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(BODY, headers | {"webhook-id": "a.2.s"})


def test_the_example_of_the_specification():
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330_000,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["whsec_", "whsec_####", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ="])
def test_what_is_no_secret_is_refused(secret):
    with pytest.raises(SuyuanError):
        secret_bytes(secret)


def test_a_sealed_secret_opens_by_its_key_for_its_subscription_alone():
    seal, secret = Seal(bytes(32)), new_secret(chance)
    sealed = seal.seal("s1", secret, chance)
    assert secret not in sealed
    assert sealed != seal.seal("s1", secret, chance)
    assert seal.unseal("s1", sealed) == secret
    for other, subscription, text in (
        (Seal(bytes(31) + b"x"), "s1", sealed),
        (seal, "s2", sealed),
        (seal, "s1", sealed[:-4]),
        (seal, "s1", "nonsense"),
        (seal, "s1", ""),
    ):
        with pytest.raises(CannotUnseal):
            other.unseal(subscription, text)
