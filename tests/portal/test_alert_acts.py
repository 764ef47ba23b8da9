"""Acts on alerts by the API: who may, what is answered, what whoever acted sees at once, and what others are told."""

from __future__ import annotations

import secrets

import pytest

from suyuan.access.events import Revoked
from suyuan.access.principal import Role
from suyuan.cli.acting import act_on, wish
from suyuan.domain.calendar import DAY_MS
from suyuan.schemas.events import decode_event
from tests.portal.test_access import wait_until
from tests.portal.worlds import A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import alert, block, events

GONE = "0" * 32


def raised(name, sequence=1, **fields):
    said = {"platform_code": A.platform, "seller_division": A.division, "bureau": A.division, "basis": "b-1"}
    return alert(name, sequence, **said | fields)


@pytest.fixture
def named(portal):
    """Makes alerts of world A, told by the tables; their ids."""

    def make(number=1, **fields):
        names = [secrets.token_hex(16) for _ in range(number)]
        load(portal.clickhouse, "alert.state", block("alert_state", *(raised(name, **fields) for name in names)))
        return names

    return make


@pytest.fixture
def regulator(portal):
    return portal.client("regulator")


def act(client, name, *, if_match=None, **body):
    headers = {} if if_match is None else {"If-Match": if_match}
    return client.post(f"/api/v1/alerts/{name}/acts", json=body, headers=headers)


def problem(answer):
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def come_back(portal, name):
    """What the stage makes of the acts in the log, as the loader brings it."""
    with portal.deployment.tail(["in.alert_act"], {}) as tail:
        found = []
        while read := tail.read():
            found += [value for each in read for value in each.values if value is not None]
    acts = [event for _, event in map(decode_event, found) if event["alert_id"] == name]
    load(portal.clickhouse, "event.alert_act", events("alert_act", *acts))
    return acts


def test_what_was_done_is_seen_at_once_by_whoever_asks_and_stays_when_it_comes_back(portal, regulator, named):
    (name,) = named()
    answer = act(regulator, name, act="assign", assignee="330106", note="请核查")
    assert answer.status_code == 202
    done = answer.json()
    assert (done["accepted"], done["outcome"], done["handling"]) == (True, "done", "assigned")
    shown = regulator.get(f"/api/v1/alerts/{name}")
    said = {field: shown.json()[field] for field in ("handling", "assignee", "act", "act_event", "pending", "sequence")}
    assert said == {
        "handling": "assigned",
        "assignee": "330106",
        "act": "assign",
        "act_event": done["act"],
        "pending": True,
        "sequence": 1,
    }
    assert shown.headers["etag"] == done["etag"] == answer.headers["etag"]
    (row,) = [each for each in regulator.get("/api/v1/alerts").json()["rows"] if each["alert_id"] == name]
    assert row["handling"] == "assigned"
    (told,) = regulator.get(f"/api/v1/alerts/{name}/history").json()["acts"]
    assert (told["act"], told["outcome"], told["note"], told["pending"]) == ("assign", "done", "请核查", True)

    come_back(portal, name)
    said = {
        "handling": "assigned",
        "change": "handled",
        "assignee": "330106",
        "act_event": done["act"],
        "act": "assign",
    }
    said |= {"acted_at": shown.json()["acted_at"], "actor": told["actor"]}
    load(portal.clickhouse, "alert.state", block("alert_state", raised(name, 2, **said)))
    shown = regulator.get(f"/api/v1/alerts/{name}")
    assert (shown.json()["pending"], shown.json()["sequence"], shown.headers["etag"]) == (False, 2, '"2"')
    history = regulator.get(f"/api/v1/alerts/{name}/history").json()
    assert [(each["event_id"], each["outcome"], each["pending"]) for each in history["acts"]] == [
        (done["act"], "done", False)
    ]
    assert [row["outcome"] for row in history["rows"]] == [None, "done"]
    assert act(regulator, name, if_match=done["etag"], act="comment", note="其后").status_code == 202, "it was that act"


def test_whoever_was_not_the_quicker_is_told_so(regulator, portal, named):
    (name,) = named()
    tag = regulator.get(f"/api/v1/alerts/{name}").headers["etag"]
    assert tag == '"1"'
    assert act(regulator, name, if_match=tag, act="acknowledge").status_code == 202
    another = portal.client(key=portal.grant(Role.REGULATOR, division=A.division[:2]))
    wait_until(lambda: another.get("/api/v1/alerts").status_code == 200)
    assert problem(act(another, name, if_match=tag, act="assign", assignee="me")) == (412, "precondition-failed")
    now = regulator.get(f"/api/v1/alerts/{name}")
    assert now.json()["handling"] == "acknowledged"
    assert act(another, name, if_match=now.headers["etag"], act="assign", assignee="me").status_code == 202
    assert act(another, name, if_match="*", act="comment", note="x").status_code == 202


def test_what_cannot_be_done_is_a_problem_that_says_why(regulator, portal, named):
    (name,) = named()
    elsewhere = named(1, bureau="440100")[0]
    assert problem(act(regulator, name, act="reopen")) == (409, "conflict")
    assert problem(act(regulator, elsewhere, act="acknowledge")) == (403, "forbidden")
    assert act(regulator, elsewhere, act="comment", note="看到了").status_code == 202
    assert problem(act(regulator, GONE, act="acknowledge")) == (404, "not-found")
    assert problem(act(portal.client("regulator", "B"), name, act="acknowledge")) == (404, "not-found")
    assert problem(act(portal.client("platform"), name, act="comment", note="x")) == (403, "forbidden")
    investigator = portal.client("investigator")
    assert problem(act(investigator, name, act="acknowledge")) == (403, "forbidden")
    assert act(investigator, name, act="comment", note="x").status_code == 202


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/act"),
        ({"act": "destroy"}, "/act"),
        ({"act": "acknowledge", "until": "yesterday"}, "until"),
        ({"act": "acknowledge", "until": "2020-01-01"}, "/until"),
        ({"act": "acknowledge", "resolution": "other"}, "/resolution"),
        ({"act": "assign"}, "/assignee"),
        ({"act": "resolve"}, "/resolution"),
        ({"act": "resolve", "resolution": "false_alarm", "takedown": True}, "/takedown"),
        ({"act": "comment"}, "/note"),
        ({"act": "comment", "note": "   "}, "/note"),
        ({"act": "comment", "note": "x" * 5000}, "/note"),
        ({"act": "comment", "note": "x", "basis": "mine"}, "/basis"),
    ],
)
def test_what_makes_no_act_names_the_field(regulator, named, body, pointer):
    answer = act(regulator, named()[0], **body)
    assert problem(answer) == (422, "invalid")
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


def test_many_are_acted_on_with_one_note_and_each_is_answered(regulator, named):
    names = [*named(3), *named(1, bureau="440100"), GONE, *named(1, handling="resolved", resolution="other")]
    body = {
        "act": "resolve",
        "resolution": "false_alarm",
        "note": "同一误报",
        "alerts": names,
        "etags": {names[2]: '"7"'},
    }
    answer = regulator.post("/api/v1/alerts/acts", json=body)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["refused"]) == (202, 2, 4)
    results = answer.json()["results"]
    assert [each["alert_id"] for each in results] == names
    assert [each.get("why") for each in results] == [None, None, "changed", "bureau", "not-found", "state"]
    notes = [regulator.get(f"/api/v1/alerts/{name}/history").json()["acts"][0] for name in names[:2]]
    assert [each["note"] for each in notes] == ["同一误报"] * 2
    assert notes[0]["note_id"] == notes[1]["note_id"]
    assert regulator.post("/api/v1/alerts/acts", json=body | {"alerts": [GONE] * 501}).status_code == 422


def test_platforms_are_told_neither_who_acts_nor_what_they_wrote(portal, regulator, named):
    (name,) = named()
    act(regulator, name, act="resolve", resolution="confirmed", note="店主承认", takedown=True)
    come_back(portal, name)
    said = {"handling": "resolved", "change": "handled", "resolution": "confirmed", "actor": "key:x", "act": "resolve"}
    load(portal.clickhouse, "alert.state", block("alert_state", raised(name, 2, **said)))
    history = portal.client("platform").get(f"/api/v1/alerts/{name}/history")
    assert history.json()["acts"] == []
    assert [row["handling"] for row in history.json()["rows"]] == ["open", "resolved"]
    assert not {"店主承认", "key:x"} & {str(value) for row in history.json()["rows"] for value in row.values()}
    (told,) = portal.client("investigator").get(f"/api/v1/alerts/{name}/history").json()["acts"]
    assert (told["outcome"], told["takedown"]) == ("done", True)


def test_a_platform_whose_part_has_ended_finds_it_cleared(portal, regulator, named):
    of_lot = {"subject": "lot:M/1/L", "subject_kind": "lot", "listings": 3, "platform_code": None}
    counts = [{"platform_code": A.platform, "listings": 0}, {"platform_code": B.platform, "listings": 3}]
    (name,) = named(change="changed", platforms=counts, **of_lot)
    part = portal.client("platform").get(f"/api/v1/alerts/{name}").json()
    assert (part["condition"], part["listings"]) == ("cleared", 0)
    assert part["platforms"] == [{"platform_code": A.platform, "listings": 0}]
    assert portal.client("platform", "B").get(f"/api/v1/alerts/{name}").json()["condition"] == "standing"
    assert regulator.get(f"/api/v1/alerts/{name}").json()["condition"] == "standing"


def test_lists_are_of_what_is_mine_and_one_that_ran_out_is_open(portal, named):
    past, ahead = int(portal.time() * 1000) - DAY_MS, int(portal.time() * 1000) + DAY_MS
    who = portal.client("regulator")
    account = portal.key("regulator").split("_")[1]
    bureau = A.division[:4] + "00"
    (over,) = named(handling="acknowledged", acknowledged_until=past, actor=account)
    (still,) = named(handling="acknowledged", acknowledged_until=ahead, actor=account)
    (unit,) = named(handling="assigned", assignee=bureau)
    (own,) = named(handling="assigned", assignee=account)
    (others,) = named(handling="assigned", assignee="somebody")

    def found(**wanted):
        rows = who.get("/api/v1/alerts", params={"limit": 200, **wanted}).json()["rows"]
        return {row["alert_id"] for row in rows} & {over, still, unit, own, others}

    assert found(mine="1") == {over, still, unit, own}
    assert found(mine="1", handling="open") == {over}
    assert found(handling="acknowledged") == {still}
    assert found(assignee="somebody") == {others}


def test_a_session_acts_from_our_own_pages_alone_and_a_revoked_key_not_at_all(portal, named):
    (name,) = named()
    key = portal.grant(Role.REGULATOR, division="")
    client = portal.client(key=key)
    wait_until(lambda: client.get("/api/v1/alerts").status_code == 200)
    assert act(client, name, act="acknowledge").status_code == 202
    portal.append(Revoked(key.split("_")[1], 1, "command"))
    wait_until(lambda: act(client, name, act="comment", note="x").status_code == 401)


def test_the_command_acts_as_the_whole_country_and_the_portal_shows_it_with_the_actor(portal, regulator, named):
    (name,) = named(1, bureau="440100")
    wanted = wish("assign", note="转广州 13912345678", until=None, to="440100", as_=None, takedown=False)
    doing = act_on(portal.deployment, name, wanted, "oidc:li")
    assert (doing.act.actor, doing.after.handling) == ("oidc:li", "assigned")
    with portal.deployment.tail(["in.note"], {}) as tail:
        notes = []
        while read := tail.read():
            notes += [value for each in read for value in each.values if value is not None]
    load(portal.clickhouse, "in.note", *(note for note in notes if doing.act.note_id.encode() in note))
    (event,) = come_back(portal, name)
    assert event["event_id"] == doing.act.event_id
    (told,) = regulator.get(f"/api/v1/alerts/{name}/history").json()["acts"]
    assert (told["act"], told["actor"], told["outcome"]) == ("assign", "oidc:li", "done")
    assert told["note"].startswith("转广州")
    assert "13912345678" not in told["note"]
