"""Webhooks by the API: whose they are, what is shown of them, and what is said of them to who delivers."""

from __future__ import annotations

import asyncio
import json
import random
import re
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from standardwebhooks.webhooks import Webhook

from suyuan.access.events import Revoked
from suyuan.access.principal import Role
from suyuan.eventlog.errors import LogLocked
from suyuan.operations.webhooks.dispatcher import Dispatcher
from suyuan.operations.webhooks.log import ALERTS, Message
from suyuan.operations.webhooks.sending import Sender
from suyuan.operations.webhooks.subscriptions import MOST_OF_ONE_OWNER, ROTATION_MS
from suyuan.portal.ports import Ports
from suyuan.portal.problems import Problem
from suyuan.portal.subscription_feed import SubscriptionFeed
from suyuan.runtime.webhooks import webhook_addresses, webhook_seal
from suyuan.sinks.errors import OwnershipLost, TopicMissing
from tests.portal.processes import Started
from tests.portal.test_access import wait_until
from tests.portal.test_sessions import entered, post
from tests.portal.worlds import A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import alert, block
from tests.webhooks.receiver import OK, Receiver, answer

WEBHOOKS = "/api/v1/webhooks"
URL = "https://receiver.example/hook"


@pytest.fixture
def regulator(portal):
    """Of world A, with a key that no other test has."""
    key = portal.grant(Role.REGULATOR, division=A.division[:4])
    client = portal.client(key=key)
    wait_until(lambda: client.get("/api/v1/alerts").status_code == 200)
    yield client
    for hook in client.get(WEBHOOKS).json()["rows"]:
        client.delete(f"{WEBHOOKS}/{hook['id']}")


def made(client, status=201, **wanted):
    answer = client.post(WEBHOOKS, json={"name": "desk", "url": URL} | wanted)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_webhook_shows_its_secret_once_is_changed_and_deleted(regulator):
    answer = regulator.post(WEBHOOKS, json={"name": "desk", "url": URL, "filters": {"severity": "high,critical"}})
    assert answer.status_code == 201
    hook = answer.json()
    assert answer.headers["location"] == f"{WEBHOOKS}/{hook['id']}"
    assert hook["secret"].startswith("whsec_")
    assert (hook["enabled"], hook["filters"], hook["kinds"]) == (True, {"severity": "high,critical"}, ["alert"])
    at = f"{WEBHOOKS}/{hook['id']}"
    for answer in (regulator.get(WEBHOOKS), regulator.get(at)):
        assert hook["id"] in answer.text
        assert "secret" not in answer.text
        assert "sealed" not in answer.text
    changed = regulator.patch(at, json={"url": URL + "2", "enabled": False, "filters": {"bureau": "3301"}}).json()
    assert (changed["url"], changed["enabled"], changed["name"]) == (URL + "2", False, "desk")
    assert changed["filters"] == {"bureau": "3301"}
    assert regulator.patch(at, json={"enabled": True}).json()["disabled"] is None
    assert regulator.delete(at).status_code == 204
    assert regulator.get(at).status_code == 404
    assert regulator.get(WEBHOOKS).json()["rows"] == []


def test_a_secret_is_rotated_once_in_a_day(portal, regulator, monkeypatch):
    hook = made(regulator)
    at = f"{WEBHOOKS}/{hook['id']}/secret"
    first = regulator.post(at)
    assert first.status_code == 201
    assert first.json()["secret"] not in {hook["secret"], ""}
    assert first.json()["rotated_until"] > time.time() * 1000
    second = regulator.post(at)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/conflict")
    later = time.time() + ROTATION_MS / 1000
    monkeypatch.setattr(portal, "time", lambda: later)
    assert regulator.post(at).status_code == 201


@pytest.mark.parametrize(
    "wanted",
    [
        {"url": "http://receiver.example/"},
        {"url": "https://10.0.0.1/"},
        {"url": "https://169.254.169.254/latest/meta-data"},
        {"url": "https://user:password@receiver.example/"},
        {"url": "nonsense"},
        {"filters": {"severity": "worst"}},
        {"filters": {"bureau": "x"}},
    ],
)
def test_what_makes_no_sense_is_refused_and_not_made(regulator, wanted):
    if wanted.get("url", "").startswith("http://"):  # a name: refused when it is sent to, if it is not a named range's
        assert made(regulator, **wanted)["enabled"]
        return
    assert made(regulator, status=400, **wanted)["type"] == "/problems/bad-request"
    assert regulator.get(WEBHOOKS).json()["rows"] == []
    hook = made(regulator)
    assert regulator.patch(f"{WEBHOOKS}/{hook['id']}", json=wanted).status_code == 400


def test_there_are_twenty_at_most(regulator):
    for _ in range(MOST_OF_ONE_OWNER):
        made(regulator)
    assert made(regulator, status=409)["type"] == "/problems/conflict"
    assert len(regulator.get(WEBHOOKS).json()["rows"]) == MOST_OF_ONE_OWNER


def test_they_are_made_with_a_key_of_somebody_who_sees_alerts(portal):
    assert made(portal.client("admin"), status=403)["type"] == "/problems/forbidden"
    assert made(portal.client("publisher"), status=403)["type"] == "/problems/forbidden"


def test_anothers_is_as_one_that_is_not_there_but_to_an_admin(portal, regulator):
    hook = made(regulator, name=f"of {A.letter}")
    id_ = hook["id"]
    delivery = f"{'a' * 32}.1.{id_}"
    for role, world in (("regulator", "A"), ("regulator", "B"), ("platform", "A"), ("investigator", "B")):
        other = portal.client(role, world)
        assert id_ not in other.get(WEBHOOKS).text
        for method, path in (
            ("GET", f"{WEBHOOKS}/{id_}"),
            ("PATCH", f"{WEBHOOKS}/{id_}"),
            ("DELETE", f"{WEBHOOKS}/{id_}"),
            ("POST", f"{WEBHOOKS}/{id_}/secret"),
            ("POST", f"{WEBHOOKS}/{id_}/test"),
            ("GET", f"{WEBHOOKS}/{id_}/deliveries"),
            ("POST", f"/api/v1/deliveries/{delivery}/replay"),
        ):
            assert other.request(method, path).status_code == 404, (method, path)
    admin = portal.client("admin")
    assert id_ in admin.get(WEBHOOKS).text
    assert admin.patch(f"{WEBHOOKS}/{id_}", json={"enabled": False}).json()["enabled"] is False
    assert regulator.get(f"{WEBHOOKS}/{id_}").json()["enabled"] is False


def test_an_admin_makes_one_in_the_name_of_a_key_by_the_api_and_nobody_else_does(portal, regulator):
    owner = portal.key("regulator").split("_")[1]
    hook = made(portal.client("admin"), owner=owner)
    assert hook["secret"].startswith("whsec_")
    assert (hook["owner"], hook["by"]) == (owner, portal.key("admin").split("_")[1])
    assert portal.client("regulator").get(f"{WEBHOOKS}/{hook['id']}").json()["id"] == hook["id"]
    assert regulator.get(f"{WEBHOOKS}/{hook['id']}").status_code == 404
    assert made(regulator, status=403, owner=owner)["type"] == "/problems/forbidden"
    for nobody in ("nonsense", portal.key("publisher").split("_")[1], portal.key("admin").split("_")[1]):
        assert made(portal.client("admin"), status=400, owner=nobody)["type"] == "/problems/bad-request"
    assert portal.client("admin").delete(f"{WEBHOOKS}/{hook['id']}").status_code == 204


def form(regulator, **instead):
    return {"owner": id_of(regulator), "name": "desk", "url": URL, "bureau": "", "subject": ""} | instead


def id_of(client):
    return client.headers["authorization"].split("_")[1]


def test_an_admin_makes_one_on_the_page_for_a_key_that_then_has_it(portal, regulator):
    admin, key = portal.client("admin"), id_of(regulator)
    opened = admin.get("/webhooks", params={"owner": key}).text
    assert f'<option value="{key}" selected>' in opened
    assert portal.key("publisher").split("_")[1] not in opened
    answer = admin.post("/webhooks", data=form(regulator, severity=["critical", "high"], bureau=" 3301 ,3302 "))
    assert answer.status_code == 200
    (secret,) = re.findall(r"whsec_[\w+/=]+", answer.text)
    (hook,) = regulator.get(WEBHOOKS).json()["rows"]
    assert (hook["name"], hook["url"], hook["owner"]) == ("desk", URL, key)
    assert hook["filters"] == {"severity": "critical,high", "bureau": "3301 ,3302"}
    at = f"/webhooks/{hook['id']}"
    assert at in answer.text
    for shown in (admin.get("/webhooks").text, admin.get(at).text):
        assert secret not in shown
    rotated = admin.post(at)
    (other,) = re.findall(r"whsec_[\w+/=]+", rotated.text)
    assert other != secret
    assert f'action="{at}"' not in rotated.text  # it cannot be rotated again now
    again = admin.post(at, params={"lang": "en"})
    assert (again.status_code, re.findall("whsec_", again.text)) == (409, [])
    assert "rotated less than 24 hours ago" in again.text
    answer = admin.post(f"{at}/delete")
    assert (answer.status_code, answer.headers["location"]) == (303, "/webhooks?done=deleted")
    assert regulator.get(WEBHOOKS).json()["rows"] == []
    assert admin.get(at).status_code == 404


WRONG = [
    ("owner", "nonsense", "没有这把密钥，或已失效", "there is no such key, or it is good no more"),
    ("owner", "of a publisher", "该密钥的角色不可查看预警", "whoever has that key sees no alerts"),
    ("owner", "revoked", "没有这把密钥，或已失效", "there is no such key, or it is good no more"),
    ("name", "  ", "请填写名称，1 至 100 个字符", "a name of 1 to 100 characters"),
    ("url", "", "请填写接收地址", "the address of the receiver"),
    ("url", "https://10.1.2.3/", "10.1.2.3 不是公网地址", "10.1.2.3 is not public"),
    ("url", "http://8.8.8.8/<b>", "http:// 只用于", "http:// is for addresses that"),
    ("url", "nonsense", "网址须以 https:// 开头", "the URL of a webhook begins with https://"),
    ("severity", "worst", "只能是：", "not one of low, medium, high, critical"),
    ("bureau", "x", "须为区划代码的前几位", "the first digits of a division, up to six"),
    ("subject", "lot:x", "须为追溯的节点", "a node of traces, as listing:"),
]


def test_what_the_form_says_that_makes_no_sense_is_told_at_its_field_and_not_made(portal, regulator):
    admin, revoked = portal.client("admin"), portal.grant(Role.REGULATOR, division="33").split("_")[1]
    portal.append(Revoked(revoked, 1, "command"))
    wait_until(lambda: revoked not in admin.get("/webhooks").text and revoked in admin.get("/access").text)
    ids = {"revoked": revoked, "of a publisher": portal.key("publisher").split("_")[1]}
    for field, value, *words in WRONG:
        data = form(regulator, rule="oversold", **{field: ids.get(value, value)})
        for language, said in zip(("zh", "en"), words, strict=True):
            answer = admin.post("/webhooks", params={"lang": language}, data=data)
            assert answer.status_code == 400
            fault = answer.text.partition(f'id="fault-{field}"')[2].partition("</label>")[0]
            assert said in fault, (field, value, fault)
            assert answer.text.count('class="fault"') == 1
            assert f'aria-describedby="fault-{field}"' in answer.text or field == "severity"
            assert 'value="oversold" checked' in answer.text  # what was filled in stands
            assert "<b>" not in answer.text
    assert regulator.get(WEBHOOKS).json()["rows"] == []


def test_a_key_that_has_twenty_is_told_so_at_its_field(portal, regulator, monkeypatch):
    monkeypatch.setattr("suyuan.portal.api.webhooks.MOST_OF_ONE_OWNER", 1)
    made(regulator)
    answer = portal.client("admin").post("/webhooks", params={"lang": "en"}, data=form(regulator))
    assert answer.status_code == 400
    assert "a key has 1 webhooks at most" in answer.text.partition('id="fault-owner"')[2].partition("</label>")[0]


def test_a_browsers_form_is_taken_from_our_own_page_alone(portal, regulator):
    client = entered(portal, role=Role.ADMIN, division=None)
    page = client.get("/webhooks", headers={"Accept": "text/html"}).text
    (token,) = set(re.findall(r'name="csrf" value="([0-9a-f]{64})"', page.partition("<main")[2]))
    assert post(client, "/webhooks", data=form(regulator)).status_code == 403
    assert post(client, "/webhooks", data=form(regulator, csrf=token), origin="http://evil.example").status_code == 403
    assert regulator.get(WEBHOOKS).json()["rows"] == []
    assert post(client, "/webhooks", data=form(regulator, csrf=token)).status_code == 200
    (hook,) = regulator.get(WEBHOOKS).json()["rows"]
    assert hook["owner"] == id_of(regulator)
    assert post(client, f"/webhooks/{hook['id']}").status_code == 403


class Delivering:
    """What `suyuan jobs` does, in this process, for as long as it is asked to."""

    def __init__(self, portal):
        self.portal = portal

    def until(self, met, *messages):
        async def work():
            settings = self.portal.settings
            sender = Sender(webhook_addresses(settings))
            loop = asyncio.get_running_loop()
            with ThreadPoolExecutor(1) as thread:
                context = self.portal.deployment.holding()
                holding = await loop.run_in_executor(thread, context.__enter__)
                try:
                    while not await loop.run_in_executor(thread, holding.take_part):
                        pass
                    if messages:
                        await loop.run_in_executor(thread, holding.append, messages)
                    dispatcher = Dispatcher(holding, sender, webhook_seal(settings), now_ms, random.random, thread)
                    await dispatcher.begin()
                    ends = time.monotonic() + 60
                    while not met() or dispatcher.queue or await dispatcher.step(0.05):
                        assert time.monotonic() < ends
                        await dispatcher.step(0.05)
                    await dispatcher.end()
                finally:
                    await loop.run_in_executor(thread, context.__exit__, None, None, None)
                    await sender.close()

        asyncio.run(work())


def now_ms():
    return time.time_ns() // 1_000_000


def test_an_alert_within_the_scope_of_the_key_reaches_its_receiver_and_no_others_does(portal, regulator):
    receiver = Receiver()
    try:
        hook = made(regulator, url=receiver.url)
        inside = alert(f"in{hook['id']}", bureau=A.division, title_zh="召回")
        outside = alert(f"out{hook['id']}", bureau=B.division, title_zh=B.mark)
        delivering = Delivering(portal)
        delivering.until(lambda: receiver.requests, Message(ALERTS, b"x", block("alert_state", outside, inside)))
        (body,) = [body for _, body in receiver.requests]
        headers = receiver.headers()
        assert Webhook(hook["secret"]).verify(body, headers)["alert_id"] == inside["alert_id"]
        assert headers["webhook-id"] == f"{inside['alert_id']}.1.{hook['id']}"
        assert B.mark not in body.decode()
        wanted = regulator.post(f"{WEBHOOKS}/{hook['id']}/test")
        assert wanted.status_code == 202
        delivering.until(lambda: len(receiver.requests) > 1)
        assert receiver.headers()["webhook-id"] == wanted.json()["delivery"]
        assert json.loads(receiver.requests[1][1]) == {"test": True}
    finally:
        receiver.close()


def test_deliveries_are_listed_by_pages_and_replayed_under_the_same_id(portal, regulator):
    receiver = Receiver()
    try:
        hook = made(regulator, url=receiver.url)
        other = made(regulator, filters={"rule": "nobodys"})
        delivering = Delivering(portal)
        named = alert(secrets.token_hex(16), bureau=A.division)
        delivering.until(lambda: receiver.requests, Message(ALERTS, b"x", block("alert_state", named)))
        first = receiver.headers()["webhook-id"]
        place = placed(portal, named["alert_id"])
        rows = [
            {"subscription": hook["id"], "delivery": first, "attempt": number, "attempted_at": now_ms() + number}
            | {"outcome": "retried" if number < 5 else "delivered", "reason": "", "milliseconds": 3}
            | dict(zip(("alert_partition", "alert_offset", "alert_row"), place, strict=True))
            for number in range(1, 6)
        ]
        load(portal.clickhouse, "webhook.delivery", block("delivery", *rows))
        at = f"{WEBHOOKS}/{hook['id']}/deliveries"
        page = regulator.get(at, params={"limit": 3})
        assert [row["attempt"] for row in page.json()["rows"]] == [5, 4, 3]
        rest = regulator.get(at, params={"limit": 3, "cursor": page.json()["next"]}).json()
        assert [row["attempt"] for row in rest["rows"]] == [2, 1]
        assert rest["next"] is None
        assert regulator.get(at, params={"outcome": "failed"}).json()["rows"] == []
        assert regulator.get(f"{WEBHOOKS}/{other['id']}/deliveries").json()["rows"] == []
        replayed = regulator.post(f"/api/v1/deliveries/{first}/replay")
        assert (replayed.status_code, replayed.json()) == (202, {"delivery": first})
        delivering.until(lambda: len(receiver.requests) > 1)
        assert receiver.headers()["webhook-id"] == first
        assert receiver.requests[0][1] == receiver.requests[1][1]
        assert regulator.post(f"/api/v1/deliveries/{'c' * 32}.1.{hook['id']}/replay").status_code == 404
    finally:
        receiver.close()


def test_an_admin_sees_each_and_what_became_of_it_and_has_it_sent_again(portal, regulator):
    hook = made(regulator, name="<b>desk</b>")
    failed = {"subscription": hook["id"], "delivery": f"{'d' * 32}.1.{hook['id']}", "attempt": 10, "milliseconds": 3}
    failed |= {"attempted_at": now_ms(), "outcome": "failed", "status": 503, "reason": "status 503"}
    failed |= {"alert_partition": 0, "alert_offset": 1 << 40, "alert_row": 0}
    load(portal.clickhouse, "webhook.delivery", block("delivery", failed))
    admin, at = portal.client("admin"), f"/webhooks/{hook['id']}"
    for language, word in (("zh", "推送订阅"), ("en", "Webhooks")):
        listed = admin.get("/webhooks", params={"lang": language}).text
        assert word in listed
        assert f'href="{at}"' in listed
        assert "<b>desk" not in listed
        page = admin.get(at, params={"lang": language}).text
        assert failed["delivery"] in page
        assert "status 503" in page
    assert failed["delivery"] not in admin.get(at, params={"outcome": "delivered"}).text
    assert failed["delivery"] in admin.get(at, params={"outcome": "failed"}).text
    answer = admin.post(f"{at}/replay", data={"delivery": failed["delivery"]})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{at}?done=replayed")
    assert admin.post(f"{at}/test").status_code == 303
    assert admin.post(f"{at}/switch").status_code == 303
    assert regulator.get(f"{WEBHOOKS}/{hook['id']}").json()["disabled"] == "by its owner"
    assert admin.post(f"{at}/replay", data={"delivery": "nonsense"}).status_code == 404
    assert regulator.get("/webhooks").status_code == 403


def test_one_process_delivers_and_another_goes_on_when_it_ends(portal):
    with portal.deployment.holding() as first:
        wait_until(first.take_part)
        if portal.shape == "embedded":
            with pytest.raises(LogLocked), portal.deployment.holding():
                pass
            return
        with portal.deployment.holding() as second:

            def owners():
                return [each for each in (first, second) if each.take_part()]

            wait_until(lambda: len(owners()) == len(owners()) == 1)
            owner = owners()[0]
            other = second if owner is first else first
            owner._own.leave()
            wait_until(other.take_part)
            with pytest.raises(OwnershipLost):
                owner.commit(owner.alert_ends())


def test_topics_that_a_former_version_did_not_have_are_named_with_their_remedy(portal, monkeypatch):
    if portal.shape == "embedded":
        return
    monkeypatch.setattr("suyuan.operations.webhooks.kafka.DELIVERIES", "webhook.new")
    with (
        pytest.raises(TopicMissing, match=r"no topic webhook.new: `suyuan topics create`"),
        portal.deployment.holding(),
    ):
        pass

    class Former(SubscriptionFeed):
        topic = "in.new"

    async def ask():
        ports = Ports(portal.deployment)
        feed = Former(ports, time.monotonic)
        feed.start()
        try:
            await feed.subscriptions()
        finally:
            await feed.stop()
            ports.close()

    monkeypatch.setattr("suyuan.portal.subscription_feed.PATIENCE_SECONDS", 2.0)
    with pytest.raises(Problem) as problem:
        asyncio.run(ask())
    assert (problem.value.status, problem.value.detail) == (
        503,
        "which webhooks there are is not known: no topic in.new: `suyuan topics create` makes them",
    )


@pytest.mark.real_time
def test_processes_share_the_deliveries_and_one_goes_on_with_those_of_one_that_was_killed(portal, regulator, tmp_path):
    if portal.shape == "embedded":  # there it is a child of the run: tests/webhooks/test_process.py
        return
    receiver = Receiver(OK, answer(503), OK)
    settings = portal.settings
    environment = {
        "SUYUAN_KAFKA": settings.kafka,
        "SUYUAN_DATA": str(settings.data),  # where the key is that the portal seals by
        "SUYUAN_WEBHOOK_ALLOW": settings.webhook_allow,
    }
    first, second, third = (Started(tmp_path / str(number), "jobs", **environment) for number in range(3))
    for each in (second, third):  # what the command becomes: a process that has imported all of it already
        each._command = [sys.executable, "-m", "suyuan.runtime.jobs"]

    def sent(name):
        named = alert(f"{name}{hook['id']}", bureau=A.division)
        portal.say(ALERTS, 0, block("alert_state", named))
        return f"{named['alert_id']}.1.{hook['id']}"

    def ids():
        return [receiver.headers(number)["webhook-id"] for number in range(len(receiver.requests))]

    try:
        hook = made(regulator, url=receiver.url)
        first.start()
        taken = sent("taken")
        first.wait(lambda: ids() == [taken])
        Webhook(hook["secret"]).verify(receiver.requests[0][1], receiver.headers(0))
        waits = sent("waits")
        first.wait(lambda: ids() == [taken, waits])
        first.kill()
        for each in (second, third):
            each.start()
        second.wait(lambda: len(receiver.requests) > 2)
        assert ids() == [taken, waits, waits]
        Webhook(hook["secret"]).verify(receiver.requests[2][1], receiver.headers(2))
        assert second.stop() == 0
        last = sent("last")
        third.wait(lambda: len(receiver.requests) > 3)
        assert ids() == [taken, waits, waits, last]
        assert third.stop() == 0
    finally:
        for each in (first, second, third):
            each.stop()
        receiver.close()


def placed(portal, alert_id):
    """(partition, offset, row) of an alert in the log."""
    with portal.deployment.tail([ALERTS], {}) as tail:
        while found := tail.read():
            for messages in found:
                for offset, value in zip(messages.offsets, messages.values, strict=True):
                    if alert_id.encode() in value:
                        return messages.partition, offset, 0
    raise AssertionError("it is not there")
