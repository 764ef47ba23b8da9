"""Whatever route there is or will be: nobody gets in without a credential that its action allows."""

from __future__ import annotations

import logging
import re

import pytest

from suyuan.access.events import Revoked
from suyuan.access.policy import ACTIONS
from suyuan.access.principal import Role
from suyuan.portal.guarded import GuardedRoute, GuardedRouter, UnknownAction
from suyuan.portal.routers import ROUTERS
from tests.portal.shapes import TestClient
from tests.portal.test_access import wait_until
from tests.portal.worlds import B

VALUES = {
    "name": "not-found",
    "grant_id": "aaaaaaaaaaaa",
    "platform": B.platform,
    "listing": B.listing_ids[0],
    "producer": B.producer,
    "recall": B.recall_no,
    "alert": B.alert_ids[0],
    "order": B.order_nos[0],
    "check_id": B.check_id,
    "whom": "seller",
    "kind": "listing",
    "upload": "b" * 32,
    "publisher": B.platform,
    "event_id": B.event_ids[0],
    "webhook": "bbbbbbbbbbbb",
    "delivery": "b" * 32 + ".1.bbbbbbbbbbbb",
    "version": "000000000000",
}
"""of parameters in paths, the value of world B; a parameter that is not here fails"""

ENDING = {"/api/v1/alerts/live": "?seconds=0", "/public/checkpoint/request": "?old=0"}
"""what has an answer end that would go on, or what is asked with a parameter"""

OF_EVERYBODY = {"/api/v1/access", "/access", "/webhooks"}
"""what whoever may read it at all reads of both worlds: who has access"""

ROUTES = [
    pytest.param(route, method, id=f"{method} {route.path}")
    for router in ROUTERS
    for route in router.routes
    for method in sorted(route.methods)
]


def path_of(route):
    names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
    assert set(names) <= set(VALUES), f"{route.path}: say what world B has for {set(names) - set(VALUES)} in VALUES"
    path = re.sub(r"{(\w+)(?::\w+)?}", lambda found: VALUES[found[1]], route.path)
    return path + ENDING.get(route.path, "")


def refused(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == {401: "/problems/unauthorized", 403: "/problems/forbidden"}[status]


def test_each_route_has_an_action_and_each_action_a_route(portal):
    routes = portal.app.routes
    assert all(isinstance(route, GuardedRoute) for route in routes)
    assert {route.action_name for route in routes} == set(ACTIONS)


def test_the_description_says_of_each_route_what_the_table_says(portal):
    described = portal.client().get("/api/v1/openapi.json").json()["paths"]
    for route in portal.app.routes:
        for method in route.methods:
            if route.include_in_schema:
                said = described[re.sub(r":\w+}", "}", route.path)][method.lower()]
                assert bool(said["security"]) == (route.action.roles is not None)
                assert said["x-suyuan-action"] == route.action_name


def test_a_route_without_an_action_is_no_route():
    router = GuardedRouter(prefix="/api/v1")
    with pytest.raises(UnknownAction, match=r"GET /api/v1/x: 'nonsense' is not in the table"):
        router.get("/x", action="nonsense")
    with pytest.raises(UnknownAction, match="no action"):
        router.add_api_route("/x", lambda: None)


@pytest.fixture(scope="module")
def bad_keys(portal):
    """Of credentials that are not good, by why."""
    expired = portal.grant(Role.REGULATOR, division="", expires=1)
    revoked = portal.grant(Role.REGULATOR, division="")
    portal.append(Revoked(revoked.split("_")[1], 1, "command"))
    another = portal.grant(Role.REGULATOR, division="")
    wrong = another[:-4] + ("AAAA" if another[-4:] != "AAAA" else "BBBB")
    client = portal.client(key=another)
    wait_until(lambda: client.get("/api/v1/alerts").status_code == 200)
    return {"malformed": "garbage ⟦B⟧".encode(), "expired": expired, "revoked": revoked, "wrong secret": wrong}


@pytest.mark.parametrize(("route", "method"), ROUTES)
def test_nobody_gets_in_without_a_credential_that_is_allowed(portal, bad_keys, route, method, caplog):
    if route.action.roles is None or route.action.loopback:
        return
    path = path_of(route)
    for why, key in {"no credential": None, **bad_keys}.items():
        caplog.clear()
        headers = (
            {} if key is None else {"Authorization": b"Bearer " + key if isinstance(key, bytes) else f"Bearer {key}"}
        )
        with caplog.at_level(logging.WARNING, "suyuan.portal.entry.guard"):
            answer = portal.client().request(method, path, headers=headers)
        refused(answer, 401)
        assert answer.headers["www-authenticate"].startswith("Bearer")
        (line,) = [each.getMessage() for each in caplog.records if each.name == "suyuan.portal.entry.guard"]
        assert f"action={route.action_name} " in line
        assert f"reason={why} " in line
        assert key is None or str(key)[-20:] not in line
    for role in set(Role) - route.action.roles:
        caplog.clear()
        with caplog.at_level(logging.WARNING, "suyuan.portal.entry.guard"):
            refused(portal.client(role).request(method, path), 403)
        assert len([each for each in caplog.records if f"reason=role {role}" in each.getMessage()]) == 1


@pytest.mark.parametrize(("route", "method"), ROUTES)
def test_nobody_of_one_world_is_told_anything_of_the_other(portal, route, method):
    path = path_of(route)
    for role in Role if route.action.roles is None else route.action.roles:
        answer = portal.client(role, "A").request(method, path)
        assert answer.status_code < 500 or route.path == "/readyz"
        if route.path in OF_EVERYBODY:
            continue
        told = answer.text + str(answer.headers)
        assert B.mark not in told
        assert [code for code in B.codes if code in told] == []
        if "{" in route.path and route.action.roles is not None:
            assert answer.status_code == 404, answer.text


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8765", "", "[::1", "localhost.evil:80"])
def test_a_name_that_is_not_ours_is_refused_before_anything_else(portal, host):
    answer = portal.client("regulator").get("/api/v1/alerts", headers={"Host": host})
    assert (answer.status_code, answer.json()["type"]) == (421, "/problems/wrong-host")


def test_every_answer_has_the_headers_that_keep_browsers_safe(portal):
    client = portal.client("regulator")
    for answer in (client.get("/api/v1/alerts"), client.get("/nonsense"), client.get("/livez", headers={"Host": "x"})):
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert len(answer.headers["x-request-id"]) == 16


def test_what_has_no_end_is_refused_before_it_is_read(portal):
    client = portal.client("admin")
    assert client.get("/api/v1/access", params={"x": "y" * 9000}).status_code == 414
    assert client.get("/api/v1/access", headers={"X-Long": "y" * 40_000}).status_code == 431
    answer = client.post("/api/v1/access", content=b"x" * (2 << 20), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-too-large")
    parts = (b"x" * 65_536 for _ in range(40))
    answer = client.post("/api/v1/access", content=parts, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_what_is_not_there_and_what_is_not_done_so_are_problems_too(portal):
    client = portal.client()
    assert client.get("/nonsense").json()["type"] == "/problems/not-found"
    answer = client.post("/api/v1/alerts")
    assert (answer.status_code, answer.json()["type"]) == (405, "/problems/method-not-allowed")
    assert "GET" in answer.headers["allow"]
    assert client.get("/problems/not-found").json()["status"] == 404
    assert client.get("/problems/nonsense").status_code == 404


def test_health_is_open_and_says_what_it_looked_at(portal):
    client = portal.client()
    assert client.get("/livez").text == "ok\n"
    wait_until(lambda: client.get("/readyz").json()["ready"])
    assert set(client.get("/readyz").json()["checks"]) == {"log", "alerts", "tables"}


def test_metrics_are_for_an_admin(portal):
    assert "suyuan_portal_requests_total" in portal.client("admin").get("/metrics").text
    assert portal.client().get("/metrics").status_code == 401
    assert portal.client("regulator").get("/metrics").status_code == 403


def test_metrics_are_for_this_machine_too_but_not_for_whom_a_proxy_on_it_serves(portal):
    here = TestClient(portal.app, "http://127.0.0.1:8765", client=("127.0.0.1", 5))
    here.portal = portal.client().portal
    assert here.get("/metrics").status_code == 200
    assert here.get("/metrics", headers={"X-Forwarded-For": "6.6.6.6"}).status_code == 401
    assert here.get("/api/v1/access").status_code == 401


def test_a_failure_tells_its_id_and_nothing_else(portal, monkeypatch, caplog):
    async def fail(*_):
        raise ValueError("secret of the house")

    monkeypatch.setattr("suyuan.portal.ports.Ports.ask", fail)
    answer = portal.client("regulator").get("/api/v1/alerts")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert "secret" not in answer.text
    assert answer.json()["request"] in caplog.text
    assert "secret of the house" in caplog.text
