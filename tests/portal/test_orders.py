"""Orders of spot checks by the API and on pages: who sees which, who may say what, and what is printed of them."""

from __future__ import annotations

import datetime as dt
import re
from itertools import count

import pytest

from suyuan.access.principal import Role
from suyuan.schemas.events import decode_event
from tests.portal.test_access import wait_until
from tests.portal.worlds import A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, events

HTML = {"Accept": "text/html,application/xhtml+xml"}
LAB = "91330102MABR7JC40E"
_numbers = count(100)


@pytest.fixture
def issued(portal):
    """A new order of world A; its number."""
    number = f"{A.check_id}-{next(_numbers)}"
    row = A.events["order"][0] | {"order_no": number, "event_id": number}
    load(portal.clickhouse, "event.order", events("order", row))
    return number


@pytest.fixture
def regulator(portal):
    return portal.client("regulator")


def say(client, number, *, if_match=None, **body):
    headers = {} if if_match is None else {"If-Match": if_match}
    return client.post(f"/api/v1/orders/{number}/answer", json=body, headers=headers)


def problem(answer):
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def come_back(portal, number):
    """What intake makes of the answers in the log, as the loader brings it."""
    with portal.deployment.tail(["in.order_answer"], {}) as tail:
        found = []
        while read := tail.read():
            found += [value for each in read for value in each.values if value is not None]
    said = [event for _, event in map(decode_event, found) if event["order_no"] == number]
    load(portal.clickhouse, "event.order_answer", events("order_answer", *said))
    return said


def report(portal, number, seal, result, day):
    of = {"agency_code": LAB, "producer_code": A.producer, "gtin": A.gtin, "lot": A.lot, "publisher": LAB}
    what = {"purpose": "spot_check", "result": result, "failed_items": ["铅"] if result == "fail" else []}
    named = {"report_no": f"{number} {seal}", "order_no": number, "sample_no": seal, "event_id": f"{number} {seal}"}
    row = {**of, **what, **named, "inspected_on": day}
    load(portal.clickhouse, "event.inspection", events("inspection", row))


def test_each_sees_its_own_in_the_order_of_numbers(portal):
    for role in ("regulator", "investigator", "platform"):
        client = portal.client(role)
        first = client.get("/api/v1/orders", params={"limit": 2, "check": A.check_id}).json()
        rest = client.get("/api/v1/orders", params={"limit": 200, "check": A.check_id, "cursor": first["next"]}).json()
        found = [row["order_no"] for row in first["rows"] + rest["rows"]]
        assert found[:3] == A.order_nos
        assert found == sorted(found, key=lambda number: int(number.split("-")[-1]))
        assert client.get(f"/api/v1/orders/{A.order_nos[0]}").json()["state"] == "issued"
        assert problem(client.get(f"/api/v1/orders/{B.order_nos[0]}")) == (404, "not-found")
    platform = portal.client("platform")
    assert {row["platform_code"] for row in platform.get("/api/v1/orders").json()["rows"]} == {A.platform}
    assert platform.get("/api/v1/orders", params={"state": "final"}).json()["rows"] == []
    assert platform.get("/api/v1/orders", params={"officer": "A-99"}).json()["rows"] == []
    assert problem(platform.get("/api/v1/orders", params={"state": "lost"})) == (422, "invalid")
    assert portal.client("publisher").get("/api/v1/orders").status_code == 403


def test_what_was_said_is_seen_at_once_and_stays_when_it_comes_back(portal, regulator, issued):
    answer = say(regulator, issued, answer="accepted")
    assert (answer.status_code, answer.json()["state"]) == (202, "accepted")
    shown = regulator.get(f"/api/v1/orders/{issued}")
    assert shown.headers["etag"] == answer.headers["etag"] == answer.json()["etag"]
    (told,) = shown.json()["answers"]
    assert (told["answer"], told["pending"], told["void"]) == ("accepted", True, False)
    assert (shown.json()["state"], shown.json()["pending"]) == ("accepted", True)
    (said,) = come_back(portal, issued)
    assert said["publisher"] == "SUYUAN"
    again = regulator.get(f"/api/v1/orders/{issued}")
    assert (again.json()["pending"], again.headers["etag"]) == (False, shown.headers["etag"])
    assert (told["actor"] == said["actor"], said["actor"] != "") == (True, True)
    of_platform = portal.client("platform").get(f"/api/v1/orders/{issued}").json()
    assert of_platform["answers"][0]["actor"] is None, "a platform is not told who acts"


def test_who_may_say_what(portal, regulator, issued):
    platform, investigator = portal.client("platform"), portal.client("investigator")
    assert problem(say(investigator, issued, answer="accepted")) == (403, "forbidden")
    assert say(platform, issued, answer="accepted").status_code == 202
    assert problem(say(platform, issued, answer="bought")) == (403, "forbidden")
    assert problem(say(platform, issued, answer="objected", party="seller")) == (403, "forbidden")
    late = say(platform, issued, answer="objected", party="platform")
    assert (problem(late), "it is accepted" in late.json()["detail"]) == ((409, "conflict"), True)
    assert problem(say(platform, B.order_nos[0], answer="accepted")) == (404, "not-found")
    elsewhere = portal.client(key=portal.grant(Role.REGULATOR, division="34"))
    wait_until(lambda: elsewhere.get("/api/v1/orders").status_code == 200)
    assert problem(say(elsewhere, issued, answer="bought")) == (404, "not-found")
    assert say(regulator, issued, answer="bought").status_code == 202
    assert problem(say(regulator, issued, answer="delivered", sample="S")) == (422, "invalid")
    assert problem(say(regulator, issued, answer="lost")) == (422, "invalid")


def test_whoever_was_not_the_quicker_is_told_so(regulator, issued):
    tag = regulator.get(f"/api/v1/orders/{issued}").headers["etag"]
    assert say(regulator, issued, if_match=tag, answer="accepted").status_code == 202
    assert problem(say(regulator, issued, if_match=tag, answer="gone")) == (412, "precondition-failed")
    assert say(regulator, issued, if_match="*", answer="gone").status_code == 202


def test_from_issued_to_final_on_pages(portal, regulator, issued):
    def page(part="", client=regulator, lang="zh"):
        answer = client.get(f"/orders/{issued}{part}", headers=HTML, params={"lang": lang})
        return answer.text if answer.status_code == 200 else answer.status_code

    for steps in ({"answer": "accepted"}, {"answer": "bought"}, {"answer": "delivered"}):
        assert say(regulator, issued, **steps).status_code == 202
    assert 'name="sample"' in page()
    assert say(regulator, issued, answer="unpacked", sample="S-1", spare="S-2").status_code == 202
    sheet = page("/sheet")
    assert all(text in sheet for text in ("抽样单", issued, "S-1", "S-2", "A-01", A.gtin))
    assert "Sampling sheet" in page("/sheet", lang="en")
    assert page("/notices/seller") == 404, "there is no result"
    today = dt.datetime.fromtimestamp(NOW / 1000, dt.UTC).date()
    report(portal, issued, "S-1", "fail", today)
    notice = page("/notices/producer")
    assert all(text in notice for text in ("告知书", A.producer, "不合格", "铅", "15 日内", "停止生产"))
    assert page("/notices/aunt") == 422
    for party in ("seller", "producer", "platform"):
        assert say(regulator, issued, answer="told", party=party).status_code == 202
    shown = regulator.get(f"/api/v1/orders/{issued}").json()
    assert (shown["state"], len(shown["objection"])) == ("told", 3)
    platform = portal.client("platform")
    assert re.search(
        r'name="answer" value="objected".*?name="party" value="platform"', page(client=platform), re.DOTALL
    )
    assert say(platform, issued, answer="objected", party="platform").status_code == 202
    report(portal, issued, "S-2", "fail", today + dt.timedelta(1))
    assert "retested" in regulator.get(f"/api/v1/orders/{issued}").json()["state"]
    assert "备样已复检" in page("/notices/seller")
    for party in ("seller", "producer", "platform"):
        assert say(regulator, issued, answer="told", party=party).status_code == 202
    come_back(portal, issued)
    assert regulator.get(f"/api/v1/orders/{issued}").json()["state"] == "final"
    listed = regulator.get("/orders", headers=HTML, params={"state": "final"}).text
    assert (f'/orders/{issued}"' in listed, f'/orders/{A.order_nos[0]}"' in listed) == (True, False)


def test_a_form_says_what_was_wrong_with_it(regulator, issued):
    answer = regulator.post(f"/orders/{issued}/answer", data={"answer": "bought"}, headers=HTML)
    assert answer.status_code == 409
    assert "it is issued" in answer.text
    done = regulator.post(f"/orders/{issued}/answer", data={"answer": "accepted"}, headers=HTML, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, f"/orders/{issued}?done=accepted")
    assert regulator.post(f"/orders/{issued}/answer", data={"answer": "lost"}, headers=HTML).status_code == 422


def test_results_are_told_of_what_is_drawn(regulator):
    assert problem(regulator.get(f"/api/v1/checks/{A.check_id}/results")) == (404, "not-found")
