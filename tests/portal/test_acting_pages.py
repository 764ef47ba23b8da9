"""Acts by the forms of pages, which need no scripts: what is offered, what is done, and what is said of it."""

from __future__ import annotations

import re

import pytest

from suyuan.portal.pages.words import words
from tests.portal.test_alert_acts import come_back, named, raised  # noqa: F401 -- a fixture
from tests.portal.test_pages import HTML, page
from tests.portal.worlds import A
from tests.sinks.contract.views import load
from tests.sinks.rows import block

WORDS = words("zh")


def submit(client, path, **fields):
    return client.post(path, data=fields, headers=HTML)


def offered(shown):
    return re.findall(r'name="act" value="(\w+)"', shown)


@pytest.mark.parametrize(
    ("fields", "acts"),
    [
        ({}, ["acknowledge", "assign", "comment", "resolve"]),
        ({"handling": "acknowledged"}, ["acknowledge", "unacknowledge", "assign", "comment", "resolve"]),
        ({"handling": "assigned", "assignee": "x"}, ["assign", "comment", "resolve"]),
        ({"handling": "resolved", "resolution": "other"}, ["comment", "reopen"]),
        ({"bureau": "440100"}, ["comment"]),
    ],
)
def test_what_may_not_be_done_is_not_offered(portal, named, fields, acts):  # noqa: F811
    (name,) = named(1, **fields)
    assert offered(page(portal.client("regulator"), f"/alerts/{name}").text) == acts
    assert offered(page(portal.client("investigator"), f"/alerts/{name}").text) == ["comment"]
    assert offered(page(portal.client("platform"), f"/alerts/{name}").text) == []


def test_an_alert_is_dealt_with_on_its_page(portal, named):  # noqa: F811
    (name,) = named()
    client = portal.client("regulator")
    tag = re.search(r'name="etag" value="([^"]+)"', page(client, f"/alerts/{name}").text)[1]
    answer = submit(client, f"/alerts/{name}/acts", act="acknowledge", hours="4", note="<b>在核</b>", etag=tag)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{name}?done=acknowledge")
    shown = client.get(answer.headers["location"], headers=HTML).text
    assert WORDS("acting.was", what=WORDS("act.acknowledge")) in shown
    assert "&lt;b&gt;在核&lt;/b&gt;" in shown
    assert f'data-waits="{name}"' in shown
    late = submit(client, f"/alerts/{name}/acts", act="assign", assignee="x", note="还要它", etag=tag)
    assert late.status_code == 412
    assert "还要它" in late.text, "what was typed is not lost"
    assert client.get(f"/alerts/{name}?done=<script>", headers=HTML).text.count("data-done") == 0
    for fields in ({"act": "assign"}, {"act": "explode"}, {"act": "acknowledge", "hours": "x"}, {"act": "comment"}):
        assert submit(client, f"/alerts/{name}/acts", **fields).status_code == 422
    assert submit(client, f"/alerts/{name}/acts", act="reopen").status_code == 409
    done = submit(client, f"/alerts/{name}/acts", act="resolve", resolution="confirmed", takedown="1")
    assert done.status_code == 303
    (told, *_) = client.get(f"/api/v1/alerts/{name}/history").json()["acts"][::-1]
    assert (told["act"], told["resolution"], told["takedown"]) == ("resolve", "confirmed", True)


def test_those_that_are_ticked_are_dealt_with_by_one_form(portal, named):  # noqa: F811
    names, elsewhere = named(2), named(1, bureau="440100")
    client = portal.client("regulator")
    shown = page(client, "/alerts", rule="recalled_on_sale").text
    assert shown.count('form="several"') >= len(names)
    back = "/alerts?rule=recalled_on_sale"
    fields = {"act": "resolve", "resolution": "other", "note": "同批", "hours": "24", "assignee": "me", "back": back}
    answer = submit(client, "/alerts/acts", alert=names, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{back}&done=resolve&n=2")
    assert (
        WORDS("acting.were", n=2, what=WORDS("act.resolve"))
        in client.get(answer.headers["location"], headers=HTML).text
    )
    answer = submit(client, "/alerts/acts", alert=[*names, *elsewhere], **fields | {"act": "comment"})
    assert (answer.status_code, WORDS("acting.some", n=3, of=3) in answer.text) == (303, False)
    answer = submit(client, "/alerts/acts", alert=[*names, *elsewhere], **fields | {"act": "assign"})
    assert (answer.status_code, answer.text.count("▲")) == (200, 3)
    assert submit(client, "/alerts/acts", **fields).headers["location"] == f"{back}&done=none"
    hostile = fields | {"back": "https://evil.example/alerts", "act": "comment"}
    assert submit(client, "/alerts/acts", alert=names, **hostile).headers["location"].startswith("/alerts?done=")


def test_history_says_what_does_not_hold_and_what_changed_nothing(portal, named):  # noqa: F811
    (name,) = named()
    client = portal.client("regulator")
    submit(client, f"/alerts/{name}/acts", act="resolve", resolution="false_alarm", note="误报")
    (act,) = come_back(portal, name)
    last = {"act_event": act["event_id"], "act": "resolve", "acted_at": act["occurred_at"], "actor": act["actor"]}
    load(portal.clickhouse, "alert.state", block("alert_state", raised(name, 2, basis="b-2", change="changed", **last)))
    shown = page(client, f"/alerts/{name}").text
    assert WORDS("act_outcome.lapsed") in shown
    assert "误报" in shown
    assert "误报" not in page(portal.client("platform"), f"/alerts/{name}").text.partition('id="acts"')[2]
    assert A.mark in page(client, "/alerts").text
