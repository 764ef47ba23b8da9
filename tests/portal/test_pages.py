"""What each role finds on its pages, and a platform's feedback by API, on both shapes."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from suyuan.domain.chain.mending import mendings
from suyuan.portal.pages.navigation import PLACES, may_open
from suyuan.portal.pages.static_files import STATIC
from suyuan.portal.pages.words import words
from suyuan.schemas.events import encode_event
from tests.portal.worlds import A, B
from tests.queries.rows import REFUSED
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, block, dead_letter

HTML = {"Accept": "text/html,application/xhtml+xml"}
FEEDBACK = "/api/v1/feedback"


def page(client, path, **parameters):
    answer = client.get(path, params=parameters, headers=HTML)
    assert answer.headers["content-type"].startswith("text/html")
    return answer


@pytest.mark.parametrize("role", ["admin", "regulator", "investigator", "platform", "publisher"])
def test_the_first_page_leads_each_role_to_pages_that_it_may_open(portal, role):
    client = portal.client(role)
    home = page(client, "/").text
    for place in PLACES:
        if may_open(portal.app.state.pages, role, place.path):
            assert f'data-key="{place.keys}"' in home
            assert page(client, place.path).status_code == 200
        else:
            assert f'data-key="{place.keys}"' not in home


def test_whoever_has_not_entered_is_told_how_to(portal):
    answer = page(portal.client(), "/")
    assert (answer.status_code, words("zh")("home.public") in answer.text) == (200, True)
    assert page(portal.client(), "/listings").status_code == 401


def test_a_page_is_in_the_language_that_the_browser_or_the_reader_wants(portal):
    client = portal.client("platform")
    assert '<html lang="zh-CN">' in page(client, "/help").text
    english = client.get("/help", headers={**HTML, "Accept-Language": "en-GB,en;q=0.9"})
    assert words("en")("help.heading") in english.text
    chosen = page(client, "/help", lang="en")
    assert "suyuan-lang=en" in chosen.headers["set-cookie"]
    kept = client.get("/help", headers={**HTML, "Cookie": "suyuan-lang=en"})
    assert '<html lang="en">' in kept.text


def test_a_problem_is_a_page_for_a_browser_and_json_for_a_program(portal):
    client = portal.client("platform")
    answer = page(client, "/nowhere")
    assert answer.status_code == 404
    assert words("zh")("problem.not-found") in answer.text
    assert answer.headers["x-request-id"] in answer.text
    assert client.get("/nowhere", headers={"Accept": "*/*"}).headers["content-type"] == "application/problem+json"
    assert "data-key" in answer.text  # the way back
    wrong = page(client, "/listings", gap="hole")
    assert (wrong.status_code, "no such gap" in wrong.text) == (422, True)
    assert page(client, "/access").status_code == 403


def test_files_are_served_to_everybody_and_kept(portal):
    client = portal.client()
    found = client.get(STATIC.address("suyuan.css"))
    assert (found.status_code, "immutable" in found.headers["cache-control"]) == (200, True)
    assert client.get(STATIC.address("suyuan.css"), headers={"If-None-Match": found.headers["etag"]}).status_code == 304
    for name in ("", "vendor/", "..%2Fwords%2Fzh.toml", "%2e%2e/words.py"):
        assert client.get(f"/static/{STATIC.version}/{name}").status_code == 404


def test_a_platform_is_told_by_the_api_what_it_has_to_mend(portal):
    client = portal.client("platform")
    first = client.get(FEEDBACK, params={"limit": 5}).json()
    rest = client.get(FEEDBACK, params={"limit": 200, "cursor": first["next"]}).json()
    rows = first["rows"] + rest["rows"]
    assert [row["listing_id"] for row in rows] == sorted(A.listing_ids)
    told = mendings()["lot_unknown"]
    (gap,) = rows[0]["gaps"]
    assert (gap["fields"], gap["how_zh"], gap["proof_en"]) == (list(told.fields), told.how_zh, told.proof_en)
    assert client.get(FEEDBACK, params={"gap": "oversold"}).json()["rows"] == []
    assert len(client.get(FEEDBACK, params={"verdict": "complete"}, headers=HTML).json()["errors"]) == 1
    one = client.get(FEEDBACK, params={"listing": A.listing_ids[0], "seller": A.seller.lower()}).json()["rows"]
    assert [row["listing_id"] for row in one] == [A.listing_ids[0]]


def test_counts_say_how_many_have_each_gap_and_how_it_is_mended(portal):
    said = portal.client("platform").get(f"{FEEDBACK}/counts").json()
    assert said["verdicts"] == {"complete": 4, "partial": 4, "contradicted": 4}
    (gap,) = said["gaps"]
    assert (gap["gap"], gap["class"], gap["listings"]) == ("lot_unknown", "broken", 12)
    assert gap["how_en"] == mendings()["lot_unknown"].how_en


def test_an_export_has_all_that_the_filters_want_and_nothing_else(portal):
    client = portal.client("platform")
    answer = client.get(f"{FEEDBACK}/export")
    assert answer.headers["content-disposition"] == 'attachment; filename="suyuan-feedback.csv"'
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [line["listing_id"] for line in lines] == sorted(A.listing_ids)
    assert {line["gap"] for line in lines} == {"lot_unknown"}
    lines = client.get(f"{FEEDBACK}/export", params={"format": "ndjson", "verdict": "partial"}).text.splitlines()
    assert {json.loads(line)["verdict"] for line in lines} == {"partial"}
    assert len(lines) == 4
    assert client.get(f"{FEEDBACK}/export", params={"format": "xlsx"}).status_code == 422


def test_nobody_but_a_platform_reads_feedback_and_none_reads_anothers(portal):
    assert portal.client("publisher").get(FEEDBACK).status_code == 403
    assert B.mark not in portal.client("platform").get(f"{FEEDBACK}/export").text
    assert A.mark not in page(portal.client("platform", "B"), "/listings").text


def test_the_page_of_listings_says_what_to_mend_and_how(portal):
    client = portal.client("platform")
    shown = page(client, "/listings").text
    assert mendings()["lot_unknown"].how_zh in shown
    assert all(listing in shown for listing in A.listing_ids)
    assert A.text("绿茶") in shown
    assert mendings()["lot_unknown"].how_en in page(client, "/listings", lang="en").text
    narrowed = page(client, "/listings", gap="", verdict="partial", seller="", listing="").text
    assert sum(listing in narrowed for listing in A.listing_ids) == 4
    assert words("en")("listings.none") in page(client, "/listings", gap="oversold").text  # the language stays


def test_a_platform_sees_which_of_its_messages_could_not_be_taken(portal):
    def letter(number, world):
        sent = encode_event("lot", {**REFUSED, "publisher": world.platform})
        said = {"payload": sent, "payload_bytes": len(sent), "kind": "lot", "field": "gtin", "received_at": NOW}
        return dead_letter("in.lot", 0, number, **said | {"reason": world.text("fails its check")})

    load(portal.clickhouse, "dead_letter", block("dead_letter", letter(1, A), letter(2, B)))
    shown = page(portal.client("platform"), "/listings").text
    assert A.text("fails its check") in shown
    assert B.mark not in shown


def test_an_admin_makes_a_key_sees_it_once_and_takes_it_back(portal):
    admin = portal.client("admin")
    given = {"role": "publisher", "name": "<b>厂</b>", "code": A.producer, "kinds": ["lot", "shipment"], "days": "30"}
    made = admin.post("/access", data=given, headers=HTML)
    assert made.status_code == 200
    (key,) = re.findall(r"sy_[a-z2-7]{12}_[\w-]{43}", made.text)
    assert "&lt;b&gt;厂&lt;/b&gt;" in made.text
    assert portal.client(key=key).get("/", headers=HTML).status_code == 200
    listed = page(admin, "/access").text
    assert key not in listed
    id_ = key.split("_")[1]
    assert id_ in listed
    gone = admin.post(f"/access/{id_}/revoke", headers=HTML)
    assert (gone.status_code, gone.headers["location"]) == (303, f"/access?revoked={id_}#list")
    assert portal.client(key=key).get("/api/v1/feedback").status_code == 401
    assert admin.post("/access/nobodys/revoke", headers=HTML).status_code == 404


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"role": "platform", "name": "p", "code": ""}, "平台需要统一社会信用代码"),
        ({"role": "regulator", "name": "p", "division": "33a"}, "不是行政区划"),
        ({"role": "regulator", "name": "p", "division": "33", "days": "0"}, "有效天数：不能小于 1"),
        ({"role": "regulator", "name": "  ", "division": "33"}, "请填写持有者"),
        ({"role": "publisher", "name": "p", "code": A.producer}, "报送方需要可发布的种类"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_and_the_form_keeps_what_was_given(portal, given, said):
    answer = portal.client("admin").post("/access", data=given, headers=HTML)
    assert answer.status_code == 400
    assert said in answer.text
    assert f'<option value="{given["role"]}" selected>' in answer.text
    assert "sy_" not in answer.text


def test_health_shows_what_readiness_looks_at(portal):
    shown = page(portal.client("admin"), "/health").text
    assert words("zh")("health.tables") in shown
    assert words("zh")("health.webhooks") in shown
    assert words("zh").of("health", portal.shape) in shown
    assert words("zh")("health.ready") in shown
    assert page(portal.client("platform"), "/health").status_code == 403
