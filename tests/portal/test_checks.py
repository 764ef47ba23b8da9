"""Spot checks by API, on both shapes: from a plan to files that a stranger verifies; who sees what of them."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256

import msgspec
import pytest

from suyuan.access.principal import Role
from suyuan.domain.checks.publication import FILES
from suyuan.domain.checks.randomness import commitment
from suyuan.operations.work_left import WorkLeft
from tests.portal.test_access import wait_until
from tests.portal.worlds import A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, events
from tests.spot_checks import SECRETS, plan

API = "/api/v1/checks"
DUE = NOW + 60_000
BUREAU = "330106"


class Checks:
    """The clock of a portal, and acts on its checks; these come to the tables by `loaded`, since no loader runs."""

    def __init__(self, portal, monkeypatch):
        self.portal, self.at = portal, NOW
        monkeypatch.setattr(portal, "time", lambda: self.at / 1000)
        # nothing runs here that would do the work, and all is in the tables
        monkeypatch.setattr(type(portal.deployment), "work_left", lambda _: WorkLeft(0, 1))
        self.client = portal.client("regulator")
        self._checks = portal.app.state.portal.checks
        self._loaded = set()

    def plan(self, number, **other):
        check_id = f"{BUREAU}-2026-{number}"
        parties = [
            {"name": name, "commitment": commitment(check_id, name, secret), "default": "00" * 32}
            for name, secret in SECRETS.items()
        ]
        made = plan(population="seller_division = '330106'", column="category", recusals=())
        body = json.loads(msgspec.json.encode(made)) | {
            "check_id": check_id,
            "planned_at": self.at,
            "strata": [{"stratum": "tea", "size": 3}],
            "randomness": {"kind": "commit_reveal", "parties": parties, "at": DUE},
        }
        return body | other

    def post(self, path, body=None, **headers):
        return self.client.post(API + path, json=body, headers=headers)

    def get(self, path=""):
        return self.client.get(API + path)

    def over(self, check_id):
        """Until nothing is under way; the check."""
        wait_until(lambda: (self.get(f"/{check_id}").json()["work"] or {}).get("state") not in {"waiting", "running"})
        return self.get(f"/{check_id}").json()

    def loaded(self):
        """What was published here is in the tables."""
        acts = {name: act for name, act in self._checks._recent.items() if name not in self._loaded}
        self._loaded |= set(acts)
        rows = [{**msgspec.to_builtins(act), "outcome": "accepted"} for act in acts.values()]
        for row in rows:
            del row["tie"]
        load(self.portal.clickhouse, "event.check_act", events("check_act", *rows, first=50_000 + len(self._loaded)))

    def until_drawn(self, number):
        check_id = self.post("", self.plan(number)).json()["check_id"]
        self.at += 5_000
        assert self.post(f"/{check_id}/freeze", {}).status_code == 202
        assert self.over(check_id)["stage"] == "freeze"
        self.at = DUE
        reveals = [{"name": name, "secret": secret} for name, secret in SECRETS.items()]
        assert self.post(f"/{check_id}/randomness", {"reveals": reveals}).status_code == 202
        assert self.post(f"/{check_id}/draw").status_code == 202
        assert self.over(check_id)["stage"] == "draw"
        return check_id


@pytest.fixture
def checks(portal, monkeypatch):
    return Checks(portal, monkeypatch)


def test_from_a_plan_to_files_that_a_stranger_verifies(portal, checks, tmp_path):
    check_id = checks.until_drawn(2)
    found = checks.get(f"/{check_id}").json()
    assert (found["draw"]["orders"], found["freeze"]["rows"], found["open"]) == (3, 12, False)
    assert found["next"] == ["publish", "cancel"]
    assert [act["act"] for act in found["acts"]] == ["plan", "freeze", "randomness", "draw"]
    assert checks.get(f"/{check_id}/publication").status_code == 404
    anybody = portal.client()
    checks.loaded()
    for name in FILES:
        assert anybody.get(f"/public/checks/{check_id}/{name}").status_code == 404
    assert checks.post(f"/{check_id}/publish").status_code == 202
    assert checks.over(check_id)["open"]
    checks.loaded()
    files = checks.get(f"/{check_id}/publication").json()["files"]
    assert {file["name"] for file in files} == set(FILES)
    for file in files:
        answer = anybody.get(file["address"])
        assert (answer.status_code, sha256(answer.content).hexdigest()) == (200, file["sha256"])
        assert answer.headers["etag"] == f'"{file["sha256"]}"'
        again = anybody.get(file["address"], headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        (tmp_path / file["name"]).write_bytes(answer.content)
    command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(tmp_path)]
    said = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert said.count("OK  ") == 5


@pytest.mark.parametrize(
    "name", ["../state.json", "..%2f..%2flog", "%2e%2e/cookie.key", ".frame.ndjson.gz.part", "publication.json%00", "x"]
)
def test_nothing_else_of_the_folder_is_a_file(portal, name):
    assert portal.client().get(f"/public/checks/{BUREAU}-2026-2/{name}").status_code in {400, 404}
    assert portal.client().get(f"/public/checks/{name}/publication.json").status_code in {400, 404}


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("title", "", "/title"),
        ("strata", [{"stratum": "tea", "size": 0}], "/strata/0/size"),
        ("strata", [{"stratum": "tea", "size": 1, "needs": ["x"]}], "/strata/0/needs"),
        ("population", "nonsense = 1", "/population"),
        ("weights", [{"expression": "verdict = 1", "weight": 3}], "/weights/0/expression"),
        ("extra", 1, "/extra"),
        ("randomness", {"kind": "commit_reveal", "parties": [], "at": DUE}, "/randomness/parties"),
        ("check_id", f"{BUREAU}-2026-99", "/check_id"),
        ("check_id", f"{B.division}-2026-3", "/check_id"),
        ("check_id", "x", "/check_id"),
    ],
)
def test_what_is_wrong_with_a_plan_is_told_by_field(checks, field, value, pointer):
    answer = checks.post("", checks.plan(3, **{field: value}))
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
    assert pointer in [each["pointer"] for each in answer.json()["errors"]], answer.text
    assert checks.post("").status_code == 422


def test_a_bureau_stands_for_its_next_number(checks):
    body = checks.plan(3, bureau=BUREAU)
    del body["check_id"]
    body["randomness"]["parties"] = checks.plan(3)["randomness"]["parties"]
    answer = checks.post("", body)
    assert (answer.status_code, answer.json()["check_id"]) == (201, f"{BUREAU}-2026-3"), answer.text
    assert checks.get(f"/{BUREAU}-2026-3").json()["plan"]["planned_at"] == NOW
    assert checks.post("", body).json()["check_id"] == f"{BUREAU}-2026-4", "though the tables know of neither"


def test_acts_come_in_their_turn_and_not_twice(checks):
    check_id = f"{BUREAU}-2026-3"
    assert checks.post(f"/{check_id}/draw").json()["type"] == "/problems/conflict"
    assert checks.post(f"/{check_id}/freeze", {}, **{"If-Match": '"other"'}).status_code == 412
    tag = checks.get(f"/{check_id}").headers["etag"]
    checks.at += 5_000
    assert checks.post(f"/{check_id}/freeze", {}, **{"If-Match": tag}).status_code == 202
    checks.over(check_id)
    assert checks.post(f"/{check_id}/freeze", {}).json()["type"] == "/problems/conflict"
    early = checks.post(f"/{check_id}/randomness", {"reveals": []})
    assert (early.status_code, "due in" in early.text) == (400, True)
    assert checks.post(f"/{check_id}/randomness", {}).status_code == 422
    assert checks.post(f"/{check_id}/cancel", {"reason": " "}).json()["errors"][0]["pointer"] == "/reason"
    assert checks.post(f"/{check_id}/cancel", {"reason": "a stratum was forgotten"}).status_code == 202
    found = checks.get(f"/{check_id}").json()
    assert (found["stage"], found["next"], found["open"]) == ("cancel", [], True)


def test_a_frame_of_what_lies_outside_of_the_division_is_refused(portal, checks):
    narrow = portal.client(key=portal.grant(Role.REGULATOR, division="3302", created=NOW))
    wait_until(lambda: narrow.get(API).status_code == 200)
    parties = []
    for name, secret in SECRETS.items():
        made = commitment("330200-2026-1", name, secret)
        parties.append({"name": name, "commitment": made, "default": "00" * 32})
    body = checks.plan(1, check_id="330200-2026-1")
    body["randomness"]["parties"] = parties
    assert narrow.post(API, json=body).status_code == 201
    checks.at += 5_000
    answer = narrow.post(f"{API}/330200-2026-1/freeze", json={})
    wait_until(lambda: (narrow.get(f"{API}/330200-2026-1").json()["work"] or {}).get("state") == "failed")
    work = narrow.get(f"{API}/330200-2026-1").json()["work"]
    assert answer.status_code in {202, 422}
    assert work["faults"][0]["pointer"] == "/population"
    assert "12 listings" in work["faults"][0]["detail"]


def test_others_see_what_is_open_alone(portal, checks):
    checks.loaded()
    planned = {f"{BUREAU}-2026-{number}" for number in (1, 2, 3, 4)}
    mine = {row["check_id"]: row for row in checks.get("?limit=200").json()["rows"]}
    assert planned <= set(mine)
    assert mine[f"{BUREAU}-2026-1"]["title"] == A.plan.title
    for role, world in ((Role.PLATFORM, "A"), (Role.REGULATOR, "B"), (Role.PUBLISHER, "B")):
        client = portal.client(role, world)
        rows = client.get(API, params={"limit": 200}).json()["rows"]
        assert {row["check_id"] for row in rows} & planned == {f"{BUREAU}-2026-2", f"{BUREAU}-2026-3"}
        assert client.get(f"{API}/{BUREAU}-2026-4").status_code == 404
        found = client.get(f"{API}/{BUREAU}-2026-2").json()
        assert {act["actor"] for act in found["acts"]} == {None}
        refused = client.post(f"{API}/{BUREAU}-2026-4/cancel", json={"reason": "x"}).status_code
        assert refused == (404 if role == Role.REGULATOR else 403)


def test_the_list_has_pages_and_is_of_a_stage_a_bureau_and_a_year(checks):
    whole = [row["check_id"] for row in checks.get(f"?limit=200&bureau={BUREAU}").json()["rows"]]
    assert whole == [f"{BUREAU}-2026-{number}" for number in (4, 3, 2, 1)]
    rows, cursor = [], ""
    while cursor is not None:
        page = checks.get(f"?limit=1&bureau={BUREAU}&cursor={cursor}").json()
        rows += [row["check_id"] for row in page["rows"]]
        cursor = page["next"]
    assert rows == whole
    assert [row["check_id"] for row in checks.get("?stage=cancel").json()["rows"]] == [f"{BUREAU}-2026-3"]
    assert checks.get("?stage=plan&limit=1").json()["rows"][0]["stage"] == "plan"
    assert checks.get("?year=2025").json()["rows"] == []
    assert checks.get("?stage=nonsense").status_code == 422
