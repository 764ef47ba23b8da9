"""Whether the secrets of webhooks can be opened, as `suyuan doctor` tells it of a data folder."""

from __future__ import annotations

import secrets

import pytest

from suyuan.errors import SuyuanError
from suyuan.eventlog.log import Log, TopicConfig
from suyuan.operations.checks import seals
from suyuan.operations.webhooks.events import CONTROL, Created, Deleted, SecretRotated, encode_subscription
from suyuan.operations.webhooks.log import SUBSCRIPTIONS
from suyuan.publishing.control import append_control
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import Settings
from suyuan.runtime.webhooks import present_webhook_seal, webhook_seal
from suyuan.schemas.topics import TOPICS


@pytest.fixture
def settings(tmp_path):
    with Log.open(tmp_path / "data", role="publish", fsync="never") as log:
        for topic in TOPICS:
            log.create_topic(topic.name, 2, TopicConfig(topic.compacted))
    return Settings(data=tmp_path / "data", fsync=False)


def say(settings, *events):
    for event in events:
        append_control(deployment_of(settings).outlet, CONTROL, event.id, encode_subscription(event))


def sealed(settings, id_):
    return webhook_seal(settings).seal(id_, "whsec_AAAA", secrets.token_bytes)


def made(settings, id_):
    say(settings, Created(id_, 1, "k1", "k1", "desk", "https://receiver.example/", sealed(settings, id_)))


def found(settings):
    """(status, detail)."""
    checks = seals.webhooks(
        lambda: deployment_of(settings).tail([SUBSCRIPTIONS], {}), lambda: present_webhook_seal(settings)
    )
    return [(each.status, each.detail) for each in checks]


def other(settings, **given):
    return settings.model_copy(update=given)


def test_where_there_are_no_webhooks_no_key_is_needed_and_none_is_made(settings, tmp_path):
    assert found(settings) == [("ok", "there are none")]
    assert found(other(settings, data=tmp_path / "nowhere")) == []
    assert not (settings.data / "portal").exists()


def test_secrets_that_the_key_opens_are_well(settings):
    made(settings, "s1")
    made(settings, "s2")
    assert found(settings) == [("ok", "2 webhooks, whose secrets the key here opens")]


def test_a_key_that_is_gone_is_missed_and_not_made_by_looking(settings):
    made(settings, "s1")
    key = settings.data / "portal" / "seal.key"
    key.unlink()
    ((status, detail),) = found(settings)
    assert status == "failed"
    assert detail.startswith("1 webhook and no key here by which secrets are sealed")
    assert "portal/seal.key from its backup" in detail
    assert not key.exists()


def test_secrets_of_another_key_are_named_until_they_are_replaced_or_their_webhook_deleted(settings, tmp_path):
    made(settings, "s1")
    file = tmp_path / "seal"
    file.write_text("x" * 32)
    here = other(settings, seal_key_file=file)
    made(here, "s2")
    made(settings, "s3")
    ((status, detail),) = found(here)
    assert status == "failed"
    assert detail.startswith("the secrets of 2 of 3 (s1, s3) were sealed by another key")
    assert "SUYUAN_SEAL_KEY_FILE" in detail
    say(settings, SecretRotated("s1", 2, "k1", sealed(here, "s1")), Deleted("s3", 2, "k1"))
    assert found(here) == [("ok", "2 webhooks, whose secrets the key here opens")]


def test_a_key_that_is_none_is_a_matter_of_the_configuration(settings, tmp_path):
    made(settings, "s1")
    (tmp_path / "short").write_text("x")
    with pytest.raises(SuyuanError, match="SUYUAN_SEAL_KEY: shorter than 32 characters"):
        found(other(settings, seal_key_file=tmp_path / "short"))
