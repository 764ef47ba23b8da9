"""Alerts to receivers, over a log in a folder and by a clock that goes as the tests say."""

from __future__ import annotations

import asyncio
import json

import pytest
from standardwebhooks.webhooks import Webhook

from suyuan.access.principal import Role
from suyuan.eventlog.errors import LogLocked
from suyuan.eventlog.log import Log, TopicConfig
from suyuan.operations.webhooks import queue
from suyuan.operations.webhooks.embedded import embedded_holding
from suyuan.operations.webhooks.events import (
    Changed,
    Deleted,
    Filters,
    Place,
    ReplayWanted,
    SecretRotated,
    TestWanted,
)
from suyuan.operations.webhooks.log import ALERTS, PENDING
from suyuan.operations.webhooks.schedule import Answer
from suyuan.operations.webhooks.sealing import Seal
from suyuan.schemas.topics import TOPICS
from tests.webhooks.world import HOUR, MINUTE, OWNER, SEAL, SECOND, START, World, _all, chance

PARTITIONS = 2
DOWN = Answer(None, "ConnectError: not reached")


@pytest.fixture
def folder(tmp_path):
    with Log.open(tmp_path, role="publish", fsync="never") as log:
        for topic in TOPICS:
            log.create_topic(topic.name, PARTITIONS, TopicConfig(topic.compacted))
    return tmp_path


@pytest.fixture
def world(folder):
    made = World(lambda: embedded_holding(folder, fsync=False))
    made.grant()
    return made


def down(world, until, url=None):
    """Nobody answers before then."""
    world.receivers.answer = lambda asked, _: Answer(204) if world.now >= until or asked != (url or asked) else DOWN


def test_an_alert_is_sent_signed_once_to_each_subscription_that_wants_it(world):
    world.subscribe("s1")
    world.subscribe("s2", filters=Filters(severity="critical"))
    world.subscribe("s3", filters=Filters(severity="critical,high", bureau="3301"))
    world.alerts(1, 2)
    assert world.settle() == 0
    assert sorted(world.receivers.taken) == [
        ("https://s1.example/", "a1.1.s1"),
        ("https://s1.example/", "a2.1.s1"),
        ("https://s3.example/", "a1.1.s3"),
        ("https://s3.example/", "a2.1.s3"),
    ]
    headers, body = world.receivers.bodies["a1.1.s1"]
    assert json.loads(body)["subject"].startswith("listing:")
    assert (json.loads(body)["alert_id"], json.loads(body)["sequence"]) == ("a1", 1)
    headers = dict(headers) | {"webhook-timestamp": str(START // 1000)}
    verified(world.secrets["s1"], headers, body)
    assert world.settle() == 0
    assert len(world.receivers.asked) == 4
    assert {row["outcome"] for row in world.attempts()} == {"delivered"}


def verified(secret, headers, body):
    """By Standard Webhooks' own, whose clock is another."""
    hook = Webhook(secret)
    hook._Webhook__verify_timestamp = lambda seconds: __import__("datetime").datetime.fromtimestamp(
        int(seconds), __import__("datetime").UTC
    )
    return hook.verify(body, headers)


def test_nothing_that_was_there_before_a_subscription_is_sent_to_it(world):
    world.alerts(1)
    world.subscribe("s1")
    world.alerts(2)
    world.settle()
    assert world.receivers.taken == [("https://s1.example/", "a2.1.s1")]


def test_a_receiver_that_is_down_for_two_days_gets_everything_once_by_its_id(world):
    """Fault 24."""
    world.subscribe("s1")
    world.subscribe("s2")
    end = START + 48 * HOUR
    down(world, end, url="https://s1.example/")
    for hour in range(0, 48, 4):
        world.alerts(2 * hour, 2 * hour + 1, bureau="330106")
        world.pass_time(START + (hour + 4) * HOUR)
    wanted = {f"a{number}.1.s1" for hour in range(0, 48, 4) for number in (2 * hour, 2 * hour + 1)}
    assert {id_ for url, id_ in world.receivers.taken if "s2" in url} == {id_.replace("s1", "s2") for id_ in wanted}
    assert world.pass_time(START + 80 * HOUR) == 0
    got = [id_ for url, id_ in world.receivers.taken if "s1" in url]
    assert sorted(got) == sorted(wanted)
    asked = [id_ for url, id_ in world.receivers.asked if "s1" in url]
    assert asked.count("a0.1.s1") > 5


def test_one_that_never_comes_back_fails_visibly_and_can_be_replayed_under_the_same_id(world):
    """Fault 24."""
    world.subscribe("s1")
    down(world, START + 1000 * HOUR)
    world.alerts(1)
    assert world.pass_time(START + 90 * HOUR) == 0
    rows = world.attempts()
    assert [row["outcome"] for row in rows] == ["retried"] * 9 + ["failed"]
    assert [row["attempt"] for row in rows] == list(range(1, 11))
    assert {row["reason"] for row in rows} == {DOWN.reason}
    last = rows[-1]
    down(world, 0)
    place = Place(last["alert_partition"], last["alert_offset"], last["alert_row"])
    world.say(ReplayWanted("s1", world.now, OWNER, last["delivery"], place))
    assert world.settle() == 0
    assert world.receivers.taken == [("https://s1.example/", "a1.1.s1")]
    assert world.settle() == 0
    assert len(world.receivers.taken) == 1


def test_a_replay_of_what_waits_makes_it_due_at_once(world):
    world.subscribe("s1")
    down(world, START + SECOND)
    world.alerts(1)
    assert world.settle() == 1
    world.now += 2 * SECOND
    world.say(ReplayWanted("s1", world.now, OWNER, "a1.1.s1", Place(0, 0, 0)))
    assert world.settle() == 0
    assert len(world.receivers.taken) == 1


def test_gone_disables_the_subscription_and_what_waits_for_it_ends_visibly(world):
    world.subscribe("s1")
    down(world, START + 1000 * HOUR)
    world.alerts(1)
    world.settle()
    world.receivers.answer = lambda *_: Answer(410, "status 410")
    world.alerts(2)
    assert world.settle() == 0
    world.receivers.answer = lambda *_: Answer(204)
    world.alerts(3)
    assert world.settle() == 0
    assert world.receivers.taken == []
    ends = {row["delivery"]: row["outcome"] for row in world.attempts()}
    assert ends == {"a1.1.s1": "withheld", "a2.1.s1": "failed"}
    world.say(Changed("s1", world.now, OWNER, enabled=True))
    world.alerts(4)
    world.settle()
    assert world.receivers.taken == [("https://s1.example/", "a4.1.s1")]


def test_what_an_owner_may_not_see_any_more_is_not_sent_though_it_waits(world):
    world.subscribe("s1")
    down(world, START + MINUTE)
    world.alerts(1)
    world.settle()
    world.revoke()
    world.alerts(2)
    assert world.pass_time(START + HOUR) == 0
    assert world.receivers.taken == []
    (row,) = [row for row in world.attempts() if row["outcome"] == "withheld"]
    assert (row["delivery"], row["reason"]) == ("a1.1.s1", "its owner has no access any more")


def test_a_scope_is_that_of_the_owners_key_and_an_expired_one_is_none(world):
    world.grant("far", division="51")
    world.grant("shop", role=Role.PLATFORM, division=None, code="91330000PLATFORM01")
    world.grant("soon", expires=START + HOUR)
    for key in ("far", "shop", "soon", "nobody"):
        world.subscribe(f"s-{key}", owner=key)
    world.alerts(1)
    world.settle()
    assert sorted(id_ for _, id_ in world.receivers.taken) == ["a1.1.s-shop", "a1.1.s-soon"]
    world.now += HOUR
    world.alerts(2)
    world.settle()
    assert [id_ for _, id_ in world.receivers.taken][2:] == ["a2.1.s-shop"]


def test_a_deleted_subscription_is_sent_nothing_more(world):
    world.subscribe("s1")
    down(world, START + MINUTE)
    world.alerts(1)
    world.settle()
    world.say(Deleted("s1", world.now, OWNER))
    assert world.settle() == 0
    assert world.pass_time(START + HOUR) == 0
    assert world.receivers.taken == []


def test_after_a_kill_what_was_sent_and_not_written_is_sent_again_under_the_same_id(world):
    world.subscribe("s1")
    world.alerts(1, 2, 3)

    async def killed(dispatcher):
        world.receivers.holding = asyncio.Event()
        await dispatcher.step()
        await asyncio.sleep(0)
        world.receivers.holding.set()
        await asyncio.sleep(0.05)

    world.run(killed)
    assert len(world.receivers.taken) == 3
    world.receivers.holding = None
    assert world.settle() == 0
    assert sorted(id_ for _, id_ in world.receivers.taken) == sorted(["a1.1.s1", "a2.1.s1", "a3.1.s1"] * 2)
    assert world.settle() == 0
    assert len(world.receivers.taken) == 6


def test_killed_between_pending_and_commit_it_makes_each_delivery_once(world, monkeypatch):
    world.subscribe("s1")
    world.alerts(1)

    async def killed(dispatcher):
        def fail(_):
            raise OSError("killed")

        monkeypatch.setattr(dispatcher._log, "commit", fail)
        down(world, START + MINUTE)
        with pytest.raises(OSError):
            await dispatcher.step()

    world.run(killed)
    down(world, 0)
    assert world.settle() == 0
    assert world.receivers.taken == [("https://s1.example/", "a1.1.s1")]


def test_four_at_a_time_of_one_subscription_and_others_are_not_held_up(world):
    world.subscribe("s1")
    world.subscribe("s2")
    world.alerts(*range(10))

    async def work(dispatcher):
        world.receivers.holding = asyncio.Event()
        for _ in range(5):
            await dispatcher.step()
            await asyncio.sleep(0.01)
        begun = list(world.receivers.asked)
        world.receivers.holding.set()
        await world.idle(dispatcher)
        return begun

    begun = world.run(work)
    assert sorted(url for url, _ in begun) == ["https://s1.example/"] * 4 + ["https://s2.example/"] * 4
    assert len(world.receivers.taken) == 20


def test_a_test_is_sent_once_and_listed_whatever_restarts(world):
    world.subscribe("s1")
    world.say(TestWanted("s1", START, OWNER, "test.x.s1"))
    assert world.settle() == 0
    assert world.settle() == 0
    assert world.receivers.taken == [("https://s1.example/", "test.x.s1")]
    assert world.receivers.bodies["test.x.s1"][1] == b'{"test":true}'
    (row,) = world.attempts()
    assert (row["delivery"], row["outcome"], row["alert_offset"]) == ("test.x.s1", "delivered", None)


def test_a_wish_that_came_while_nobody_was_there_is_fulfilled(world):
    world.subscribe("s1")
    world.settle()
    world.say(TestWanted("s1", START, OWNER, "test.x.s1"))
    world.say(TestWanted("nobodys", START, OWNER, "test.y.nobodys"))
    world.settle()
    assert world.receivers.taken == [("https://s1.example/", "test.x.s1")]


def test_both_secrets_sign_after_a_rotation(world):
    world.subscribe("s1")
    old = world.secrets["s1"]
    new = "whsec_" + "A" * 43 + "="
    world.say(SecretRotated("s1", START, OWNER, SEAL.seal("s1", new, chance)))
    world.alerts(1)
    world.settle()
    headers, body = world.receivers.bodies["a1.1.s1"]
    for secret in (old, new):
        verified(secret, dict(headers), body)
    world.now += 24 * HOUR
    world.alerts(2)
    world.settle()
    headers, body = world.receivers.bodies["a2.1.s1"]
    verified(new, dict(headers), body)
    with pytest.raises(Exception, match="No matching signature"):
        verified(old, dict(headers), body)


def test_what_another_key_sealed_waits_until_a_new_secret_signs_alone(world):
    world.subscribe("s1")
    lost = Seal(b"l" * 32).seal("s1", "whsec_" + "B" * 43 + "=", chance)
    world.say(SecretRotated("s1", START - 48 * HOUR, OWNER, lost))
    world.alerts(1)
    assert world.settle() == 1
    assert world.receivers.asked == []
    assert {row["reason"] for row in world.attempts()} == {"its secret was sealed by another key"}
    new = "whsec_" + "A" * 43 + "="
    world.say(SecretRotated("s1", START, OWNER, SEAL.seal("s1", new, chance)))
    world.pass_time(START + MINUTE)
    headers, body = world.receivers.bodies["a1.1.s1"]
    assert headers["webhook-signature"].count("v1,") == 1
    verified(new, dict(headers), body)


def test_too_many_that_wait_fail_visibly(world, monkeypatch):
    monkeypatch.setattr(queue, "MOST_PENDING", 3)
    world.subscribe("s1")
    down(world, START + 1000 * HOUR)
    world.alerts(*range(5))
    assert world.settle() == 3
    failed = [row for row in world.attempts() if row["outcome"] == "failed"]
    assert [row["reason"] for row in failed] == ["too many deliveries of this subscription wait"] * 2
    assert all(row["alert_offset"] is not None for row in failed)


def test_what_has_ended_leaves_nothing_behind_in_the_log(world, folder):
    world.subscribe("s1")
    world.alerts(*range(20))
    world.settle()
    with Log.open(folder, role="publish", fsync="never") as log:
        log.compact(PENDING)
        log.compact(PENDING)
    with world._open_holding() as holding:
        assert len([value for value in _all(holding, PENDING) if value is not None]) < 10  # of 40
    assert world.settle() == 0


def test_a_folder_has_one_process_that_delivers(world, folder):
    with world._open_holding(), pytest.raises(LogLocked), embedded_holding(folder, fsync=False):
        pass


def test_an_alert_that_the_log_lost_is_told_of(world, folder):
    world.subscribe("s1")
    down(world, START + MINUTE)
    world.alerts(1)
    world.settle()
    with Log.open(folder, role="publish", fsync="never") as log:
        for number in range(PARTITIONS):
            log.delete_before(ALERTS, number, log.end_offset(ALERTS, number))
    assert world.pass_time(START + HOUR) == 0
    assert world.attempts()[-1]["reason"] == "the log does not have the alert any more"
