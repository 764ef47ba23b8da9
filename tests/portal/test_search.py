"""Search by API and by page, on both shapes: what is in scope, of one text and of several."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from suyuan.portal.api.search import MOST_TEXTS
from suyuan.portal.pages.addresses import chain_address
from suyuan.portal.pages.search import trace_address
from suyuan.portal.pages.words import words
from suyuan.queries.found import Hit
from tests.portal.worlds import A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import events

EVIL = "<img src=x onerror=alert(1)>\u202e\"'"
SEARCH = "/api/v1/search"
HTML = {"Accept": "text/html"}


def rows(client, *texts, **parameters):
    answer = client.get(SEARCH, params={"q": list(texts), **parameters})
    assert answer.status_code == 200, answer.text
    return answer.json()["rows"]


def page(client, *texts, lang="en"):
    answer = client.get("/search", params={"q": list(texts), "lang": lang}, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("role", ["regulator", "investigator"])
def test_any_identifier_of_the_own_world_finds_what_it_belongs_to(portal, role):
    client = portal.client(role)
    gtin, lot, code, listing, note = rows(
        client, A.gtin[1:], A.lot.lower(), A.producer, A.listing_ids[0], A.shipment_id
    )
    assert (gtin["readings"][0]["read_as"], gtin["readings"][0]["valid"]) == ("gtin", True)
    assert gtin["listings"]["count"] == lot["listings"]["count"] == len(A.listing_ids)
    assert sum(gtin["listings"]["verdicts"].values()) == len(A.listing_ids)
    assert gtin["listings"]["first"][0]["verdict"] == "contradicted"
    assert (lot["lots"]["count"], lot["lots"]["first"][0]["key"]["producer_code"]) == (1, A.producer)
    assert gtin["alerts"]["count"] == len(A.alert_ids)
    assert gtin["alerts"]["first"][0]["severity"] == "critical"
    assert code["subjects"][0]["first"][0]["facts"]["name"] == A.text("厂")
    assert [one["listing_id"] for one in listing["listings"]["first"]] == [A.listing_ids[0]]
    assert note["records"][0]["first"][0]["key"]["shipment_id"] == A.shipment_id


@pytest.mark.parametrize("role", ["regulator", "investigator", "platform", "publisher"])
def test_of_the_other_world_nothing_is_found_by_anything(portal, role):
    client = portal.client(role)
    of_many = {code for ids in (B.listing_ids, B.alert_ids, B.event_ids) for code in ids[1:-1]}
    codes = [
        *(code for code in B.codes if code not in of_many),
        "绿茶",
        "茶厂",
        B.mark,
        B.gtin[:8],
        B.producer[:8],
        B.producer[:-1] + "9",
    ]
    for found in rows(client, *codes):
        told = json.dumps(found, ensure_ascii=False)
        assert B.mark not in told.replace(json.dumps(found["text"], ensure_ascii=False)[1:-1], "")
        assert found["matched"] is None or found["text"] in {"绿茶", "茶厂"}
        asked = found["text"].upper().zfill(14)
        assert [code for code in B.codes if code in told and code.upper() not in asked] == []
    seen = rows(client, "绿茶")[0]["listings"]["first"]
    assert {one["platform_code"] for one in seen} <= {A.platform}


def test_a_platform_finds_its_listings_and_a_publisher_what_it_published(portal):
    (listing,) = rows(portal.client("platform"), A.listing_ids[0])
    assert listing["listings"]["first"][0]["verdict"] is not None
    (lot,) = rows(portal.client("publisher"), A.lot)
    assert (lot["lots"]["count"], lot["listings"]["count"]) == (1, 0)
    assert portal.client("admin").get(SEARCH, params={"q": A.lot}).status_code == 403


def test_lines_are_texts_of_their_own_and_may_be_a_file(portal):
    client = portal.client("regulator")
    lines = f"{A.gtin}\r\n\r\n {A.lot} \n{A.gtin}\n91330106MABQWU0B73"
    assert [found["text"] for found in rows(client, lines)] == [A.gtin, A.lot, "91330106MABQWU0B73"]
    answer = client.get(SEARCH, params={"q": lines, "format": "csv"})
    assert answer.headers["content-disposition"] == 'attachment; filename="suyuan-search.csv"'
    gtin, lot, wrong = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (gtin["read_as"], gtin["listings"], gtin["contradicted"]) == ("gtin", str(len(A.listing_ids)), "4")
    assert (lot["lots"], wrong["fault"]) == ("1", "check")
    assert "check character 18 is 3, 2 expected" in wrong["reason"]
    by_accept = client.get(SEARCH, params={"q": lines}, headers={"Accept": "text/csv"})
    assert [row["text"] for row in csv.DictReader(io.StringIO(by_accept.text.removeprefix("\ufeff")))] == [
        A.gtin,
        A.lot,
        "91330106MABQWU0B73",
    ]
    ndjson = client.get(SEARCH, params={"q": lines, "format": "ndjson"}).text.splitlines()
    assert [json.loads(line)["text"] for line in ndjson] == [A.gtin, A.lot, "91330106MABQWU0B73"]


def test_too_much_and_too_long_are_refused_and_nothing_finds_nothing(portal):
    client = portal.client("regulator")
    for q in ("\n".join(map(str, range(MOST_TEXTS + 1))), "9" * 401):
        answer = client.get(SEARCH, params={"q": q})
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/bad-request")
    assert rows(client) == rows(client, "", " \n ") == []
    for text in ("'; DROP TABLE name; --", "%", "\\", "{x:String}", "⟦B⟧", EVIL):
        assert rows(client, text)[0]["matched"] is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_each_group_with_links_to_chains(portal, language):
    said = words(language)
    client = portal.client("investigator")
    empty = page(client, lang=language)
    assert said("search.begin_how") in empty
    found = page(client, A.gtin, lang=language)
    leads = any(path.startswith("/chains/{") for path in portal.app.state.pages)
    assert (f'href="{chain_address(A.platform, A.listing_ids[2])}"' in found) == leads
    for name in ("listing", "lot", "shipment"):
        assert f'id="group-{name}"' in found
    assert said("verdict.contradicted") in found
    assert '<textarea id="sought" name="q" data-search' in found
    several = page(client, A.gtin, A.lot, "91330106MABQWU0B73", lang=language)
    assert said("search.several", n=3) in several
    assert "format=csv" in several
    wrong = page(client, A.producer[:-1] + ("3" if A.producer[-1] != "3" else "4"), lang=language)
    assert said.of("near", "mistyped") in wrong
    assert f">{A.producer}<" in wrong or A.producer in wrong
    nothing = page(client, "unheard of", lang=language)
    assert said("search.nothing_how") in nothing


def test_what_is_wrong_with_a_number_is_said_in_the_readers_language(portal):
    client = portal.client("investigator")
    assert words("zh")("reason.character", at=18, got="3", expected="2") in page(
        client, "91330106MABQWU0B73", lang="zh"
    )
    for text, name, given in (
        ("91330106MABQWU0B7", "length", {"n": 17, "expected": 18}),
        ("91330106MABQWU0BI2", "stray", {"at": 17, "got": "I"}),
        ("9133O106MABQWU0B72", "stray", {"at": 5, "got": "O"}),
        ("6903379452713", "last_digit", {"got": "3", "expected": "2"}),
        ("69033794527", "gtin_length", {"n": 11}),
        ("2012345678903", "restricted", {}),
        ("330100000012345", "old_number", {"n": 15}),
        ("SC123456", "licence_length", {"n": 6}),
    ):
        assert words("en")(f"reason.{name}", **given) in page(client, text), text


def test_text_of_others_is_shown_and_nothing_else(portal):
    row = {"gtin": "06901234567892", "producer_code": A.producer, "name": EVIL, "category": EVIL}
    row |= {"requires_licence": False, "event_id": "evil", "publisher": A.producer}
    load(portal.clickhouse, "event.product", events("product", row, first=7000))
    for lang in ("zh", "en"):
        for texts in (("6901234567892",), (EVIL, "6901234567892")):
            shown = page(portal.client("investigator"), *texts, lang=lang)
            assert "<img src=x" not in shown
            assert "\u202e" not in re.sub(r"<textarea.*?</textarea>", "", shown, flags=re.DOTALL)
            assert "&lt;img src=x" in shown


def test_addresses_keep_what_stands_in_codes():
    assert chain_address("P", "a/b c?#%") == "/chains/P/a%2Fb%20c%3F%23%25"
    lot = Hit("lot", {"producer_code": "P", "gtin": "G", "lot": "L/1 100%"}, None, None, {})
    assert trace_address(lot) == "/traces?subject=lot%3AP%2FG%2FL%252F1%20100%2525"
    assert trace_address(Hit("recall", {"producer_code": "P"}, None, None, {})) is None
