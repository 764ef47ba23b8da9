"""Browsers: they come in by a link once or by a key, what they change comes from our own pages, and they go out."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time

import pytest

from suyuan.access.events import Revoked, SessionsEnded
from suyuan.access.grants import Refused
from suyuan.access.principal import Role
from suyuan.operations.access import LINK_MS, Wanted, link_made
from suyuan.portal.access_feed import AccessFeed
from suyuan.portal.ports import Ports
from suyuan.portal.routers import ROUTERS
from tests.portal.shapes import given_for
from tests.portal.test_access import wait_until
from tests.portal.worlds import A

ALERTS = "/api/v1/alerts"
HERE = "http://127.0.0.1:8765"
COOKIE = "suyuan-session-8765"
HTML = {"Accept": "text/html"}


def link(portal, role=Role.REGULATOR, division="3301", ago=0, **scope):
    now = int(portal.time() * 1000) - ago
    key, made = link_made(Wanted(role, "王", division=division, **scope), "command", now, secrets.token_bytes)
    portal.append(made)
    return str(key)


def post(client, path, origin=HERE, **given):
    headers = ({"Origin": origin} if origin else {}) | given.pop("headers", {})
    return client.post(path, headers=headers, **given)


def entered(portal, token=None, **given):
    client = portal.client()
    token = token or link(portal, **given)
    wait_until(lambda: post(client, "/enter", json={"token": token}).status_code == 200)
    return client


def csrf(client):
    page = client.get("/", headers=HTML).text
    return page.partition('name="csrf" content="')[2].partition('"')[0]


def test_a_link_lets_one_browser_in_once(portal, caplog):
    token = link(portal)
    client = entered(portal, token)
    assert set(client.cookies) == {COOKIE}
    assert client.get(ALERTS).status_code == 200
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert post(portal.client(), "/enter", json={"token": token}).status_code == 401
    assert "reason=used" in caplog.text
    assert token[-43:] not in caplog.text


def test_a_link_lets_in_once_at_all_portals_of_a_log_together(portal):
    async def uses(token):
        ports = [Ports(portal.deployment) for _ in range(2)]
        feeds = [AccessFeed(each, time.monotonic) for each in ports]
        for feed in feeds:
            feed.start()
        try:
            now = int(portal.time() * 1000)
            async with asyncio.timeout(60):
                for feed in feeds:
                    while not (await feed.grants()).has(token.split("_")[1]):  # noqa: ASYNC110 -- as the log is read
                        await asyncio.sleep(0.01)
            asked = (feed.use_link(token, now) for feed in feeds for _ in range(3))
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            for feed, each in zip(feeds, ports, strict=True):
                await feed.stop()
                each.close()

    found = asyncio.run(uses(link(portal)))
    assert sorted(type(each).__name__ for each in found) == ["Principal"] + ["Refused"] * 5
    assert {each.why for each in found if isinstance(each, Refused)} == {"used"}


def test_a_link_is_good_for_ten_minutes(portal):
    late = link(portal, ago=LINK_MS)
    entered(portal)  # which was said after the other: both are known
    assert post(portal.client(), "/enter", json={"token": late}).status_code == 401


def test_a_cookie_is_for_browsers_alone_and_for_this_port(portal):
    token, answer = link(portal), None

    def enter():
        nonlocal answer
        answer = post(portal.client(), "/enter", json={"token": token, "to": "/alerts"})
        return answer.status_code == 200

    wait_until(enter)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert 28_790 <= int(cookie.partition("Max-Age=")[2].partition(";")[0]) <= 28_800
    assert answer.json() == {"to": "/alerts"}


@pytest.mark.parametrize("to", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""])
def test_nobody_is_led_elsewhere(portal, to):
    answer = post(portal.client(), "/enter", data={"token": portal.key("regulator"), "to": to})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_a_key_lets_a_browser_in_without_a_script_and_its_revocation_ends_the_session(portal):
    key = portal.grant(Role.REGULATOR, division="33")
    client = portal.client()
    wait_until(lambda: post(client, "/enter", data={"token": key, "to": "/"}).status_code == 303)
    assert client.get(ALERTS).status_code == 200
    portal.append(Revoked(key.split("_")[1], 1, "command"))
    wait_until(lambda: client.get(ALERTS).status_code == 401)
    wrong = post(portal.client(), "/enter", data={"token": "x<script>"}, headers=HTML)
    assert (wrong.status_code, "<script>x" in wrong.text, "x<script>" in wrong.text) == (401, False, False)


def test_what_a_session_changes_comes_from_our_own_page(portal):
    client = entered(portal, role=Role.ADMIN, division=None)
    wanted = {"role": "admin", "name": "second"}
    token = csrf(client)
    assert len(token) == 64
    right = {"X-CSRF-Token": token}
    for origin, headers in [
        (HERE, {}),
        (HERE, {"X-CSRF-Token": "0" * 64}),
        (None, right),
        ("null", right),
        ("http://127.0.0.1:8766", right),
        ("https://evil.example", right),
    ]:
        answer = post(client, "/api/v1/access", origin, headers=headers, json=wanted)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-request"), (origin, headers)
    assert post(client, "/api/v1/access", headers=right, json=wanted).status_code == 201
    assert csrf(entered(portal, role=Role.ADMIN, division=None)) != token


CHANGES = [
    pytest.param(route, method, id=f"{method} {route.path}")
    for router in ROUTERS
    for route in router.routes
    for method in route.methods - {"GET"}
]


def test_every_route_that_changes_something_asks_where_the_request_came_from_and_no_other_does():
    assert all(each.values[0].action.csrf for each in CHANGES)
    assert not any(route.action.csrf for router in ROUTERS for route in router.routes if route.methods == {"GET"})


@pytest.mark.parametrize(("route", "method"), CHANGES)
def test_no_page_of_others_changes_anything_as_somebody_who_is_signed_in(portal, route, method):
    """With each part of what our own pages send missing or another's."""
    if route.action.roles is None:
        answer = portal.client().request(method, route.path, headers={"Origin": "https://evil.example"}, json={})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-request")
        return
    role = min(route.action.roles)
    client = entered(portal, portal.grant(**given_for(role, A)))
    token = csrf(client)
    path = re.sub("{[^}]+}", "x", route.path)
    for headers in (
        {"Origin": HERE},
        {"Origin": HERE, "X-CSRF-Token": token[::-1]},
        {"X-CSRF-Token": token},
        {"Origin": "null", "X-CSRF-Token": token},
        {"Origin": "https://evil.example", "X-CSRF-Token": token},
    ):
        answer = client.request(method, path, headers=headers, content=b"{}")
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/foreign-request"), headers
    right = client.request(method, path, headers={"Origin": HERE, "X-CSRF-Token": token}, content=b"{}")
    assert right.status_code != 403 or right.json()["type"] != "/problems/foreign-request"


def test_who_comes_by_a_key_needs_no_token(portal):
    answer = portal.client("admin").post("/api/v1/access", json={"role": "admin", "name": "third"})
    assert answer.status_code == 201


def test_another_site_lets_nobody_in_as_somebody_else(portal):
    answer = post(portal.client(), "/enter", "https://evil.example", data={"token": portal.key("regulator")})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_leaving_ends_the_session_whoever_has_its_cookie_and_pages_are_not_kept(portal):
    client = entered(portal)
    kept = client.cookies[COOKIE]
    assert client.get("/", headers=HTML).headers["cache-control"] == "no-store"
    assert post(client, "/leave", data={"csrf": "0" * 64}).status_code == 403
    answer = post(client, "/leave", data={"csrf": csrf(client)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/enter")
    assert COOKIE not in client.cookies
    thief = portal.client()
    thief.cookies.set(COOKIE, kept)
    assert thief.get(ALERTS).status_code == 401


def test_all_sessions_of_somebody_can_be_ended(portal):
    token = link(portal)
    client = entered(portal, token)
    portal.append(SessionsEnded(int(portal.time() * 1000) + 1, "command", subject=token.split("_")[1]))
    wait_until(lambda: client.get(ALERTS).status_code == 401)


def test_a_session_ends_after_eight_hours_and_a_cookie_that_was_changed_is_none(portal, monkeypatch):
    client = entered(portal)
    now = portal.time()
    monkeypatch.setattr(portal, "time", lambda: now + 8 * 3600 + 1)
    assert client.get(ALERTS).status_code == 401
    monkeypatch.undo()
    assert client.get(ALERTS).status_code == 200
    changed = portal.client()
    changed.cookies.set(COOKIE, "x" + client.cookies[COOKIE])
    assert changed.get(ALERTS).status_code == 401
    assert changed.get("/livez").status_code == 200


def test_the_page_for_coming_in_says_how_in_both_languages(portal):
    client = portal.client()
    assert 'action="/enter"' in client.get("/enter?lang=zh", headers=HTML).text
    assert "within ten minutes" in client.get("/enter?lang=en", headers=HTML).text
    assert "/enter?to=/listings" in client.get("/listings", headers=HTML).text
