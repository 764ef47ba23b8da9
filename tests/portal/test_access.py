"""Keys: given and taken by an admin, shown once, good until they are not."""

from __future__ import annotations

import re
import time

import pytest

from suyuan.access.events import Revoked

ALERTS = "/api/v1/alerts"


def made(portal, **wanted):
    wanted = {"role": "regulator", "name": "Hangzhou", "division": "3301"} | wanted
    return portal.client("admin").post("/api/v1/access", json=wanted)


def test_a_key_works_at_once_is_listed_without_its_secret_and_ends_with_its_revocation(portal):
    answer = made(portal)
    assert answer.status_code == 201
    key, id_ = answer.json()["key"], answer.json()["id"]
    client = portal.client(key=key)
    assert client.get(ALERTS).status_code == 200
    admin = portal.client("admin")
    listed = admin.get("/api/v1/access")
    (row,) = [row for row in listed.json()["rows"] if row["id"] == id_]
    assert (row["role"], row["division"], row["name"], row["state"]) == ("regulator", "3301", "Hangzhou", "good")
    assert key[-43:] not in listed.text
    assert "digest" not in listed.text
    assert admin.delete(f"/api/v1/access/{id_}").status_code == 204
    assert client.get(ALERTS).status_code == 401
    assert admin.delete(f"/api/v1/access/{id_}").status_code == 204
    assert admin.delete("/api/v1/access/nobodys").status_code == 404


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"division": None}, "a regulator needs a division"),
        ({"role": "platform", "division": None}, "needs its credit code"),
        ({"role": "admin"}, "an? admin has no division"),
        ({"role": "publisher", "division": None, "code": "91330106MABQWU0B72"}, "needs the kinds"),
        ({"role": "publisher", "division": None, "code": "9", "kinds": ["day"]}, "no kind of events"),
        ({"role": "publisher", "division": None, "code": "9", "kinds": ["alert_act"]}, "no kind of events"),
        ({"division": "33a"}, "is no division"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_and_not_made(portal, wanted, said):
    before = portal.client("admin").get("/api/v1/access").json()["rows"]
    answer = made(portal, **wanted)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert re.search(said, answer.json()["detail"])
    assert portal.client("admin").get("/api/v1/access").json()["rows"] == before


def test_what_another_process_says_of_access_counts_here_soon(portal):
    key = portal.grant("regulator", division="33")
    client = portal.client(key=key)
    wait_until(lambda: client.get(ALERTS).status_code == 200)
    portal.append(Revoked(key.split("_")[1], 1, "command"))
    wait_until(lambda: client.get(ALERTS).status_code == 401)


def wait_until(met, seconds=60.0):
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until
        time.sleep(0.02)
