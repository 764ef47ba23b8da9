"""What investigators ask: chains with what they rest on, traces, the impact of a recall; each read is written down."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter

import pytest

from suyuan.portal.moments import ms_of
from suyuan.portal.pages.impacts import elapsed
from suyuan.portal.pages.words import words
from suyuan.portal.problems import Problem
from tests.portal.worlds import A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, events

API = "/api/v1"
ASKING = ("regulator", "investigator", "platform")
LOT = f"lot:{A.producer}/{A.gtin}/{A.lot}"


@pytest.fixture(scope="module")
def recalled(portal):
    """A recall in each world."""
    for number, world in enumerate((A, B)):
        said = {"recall_no": world.recall_no, "producer_code": world.producer, "gtin": world.gtin, "lots": [world.lot]}
        said |= {"level": 1, "reason": world.text("虫"), "status": "open", "publisher": world.producer}
        load(portal.clickhouse, "event.recall", events("recall", said, first=5000 + number))
    return portal


def listing_ids(answer):
    return [row["listing_id"] for row in answer.json()["rows"]]


@pytest.mark.parametrize("role", ASKING)
def test_chains_are_those_of_the_world_page_by_page(portal, role):
    client, found, cursor = portal.client(role), [], None
    while True:
        answer = client.get(f"{API}/chains", params={"limit": 5, **({"cursor": cursor} if cursor else {})})
        found += listing_ids(answer)
        cursor = answer.json()["next"]
        if cursor is None:
            break
    assert found == sorted(A.listing_ids)


def test_chains_are_filtered_alike_in_each_form(portal):
    client = portal.client("investigator")
    wanted = {"verdict": "partial", "gap": "lot_unknown", "gtin": A.gtin, "seller_division": "33", "limit": 100}
    partial = sorted(row["listing_id"] for row in A.chains if row["verdict"] == "partial")
    assert listing_ids(client.get(f"{API}/chains", params=wanted)) == partial
    as_csv = client.get(f"{API}/chains", params=wanted, headers={"Accept": "text/csv"}).text
    assert [row["listing_id"] for row in csv.DictReader(io.StringIO(as_csv))] == partial
    since = {"listed_since": NOW, "listed_until": NOW + 1}
    assert len(listing_ids(client.get(f"{API}/chains", params=since))) == len(A.listing_ids)
    assert listing_ids(client.get(f"{API}/chains", params={"listed_since": NOW + 1})) == []
    assert client.get(f"{API}/chains", params={"gap": "hole"}).status_code == 422
    assert client.get(f"{API}/chains", params={"listed_since": "soon"}).json()["errors"][0]["pointer"] == "listed_since"


def test_a_chain_comes_with_its_evidence_alerts_and_timeline(portal):
    client = portal.client("investigator")
    answer = client.get(f"{API}/chains/{A.platform.lower()}/{A.listing_ids[0]}?with=evidence,alerts,timeline")
    body = answer.json()
    assert (body["verdict"], body["nodes"][0]["name"]) == (A.chains[0]["verdict"], A.text("店"))
    assert [each["evidence"] for each in body["evidence"]] == [A.chains[0]["listing_event"]]
    assert [each["alert_id"] for each in body["alerts"]] == [A.alert_ids[0]]
    assert [each["gained"] for each in body["timeline"]] == [["lot_unknown"]]
    assert client.get(f"{API}/chains/{A.platform}/{A.listing_ids[0]}?with=all").status_code == 422
    history = client.get(f"{API}/chains/{A.platform}/{A.listing_ids[0]}/history").json()
    assert history["rows"] == body["timeline"]


def test_what_was_not_known_then_says_since_when_it_is(portal):
    client, path = portal.client("investigator"), f"{API}/chains/{A.platform}/{A.listing_ids[0]}"
    assert client.get(path, params={"known_at": NOW}).status_code == 200
    early = client.get(path, params={"known_at": "2001-01-01"})
    assert (early.status_code, str(NOW) in early.json()["detail"]) == (404, True)
    assert client.get(path, params={"known_at": "then"}).status_code == 422
    assert "detail" not in client.get(f"{API}/chains/{A.platform}/none", params={"known_at": NOW}).json()


def test_a_platform_is_told_of_other_parties_who_they_are_and_no_more(portal):
    nodes = portal.client("platform").get(f"{API}/chains/{A.platform}/{A.listing_ids[0]}").json()["nodes"]
    assert {(node["outside"], node["evidence"]) for node in nodes} == {(True, None)}
    mine = portal.client("regulator").get(f"{API}/chains/{A.platform}/{A.listing_ids[0]}").json()["nodes"]
    assert {node["outside"] for node in mine} == {False}


def test_evidence_is_that_of_the_world(portal):
    client = portal.client("investigator")
    ids = [row["listing_event"] for row in A.chains[:3]]
    answer = client.get(f"{API}/evidence", params={"ids": [*ids, B.chains[0]["listing_event"]]})
    assert [row["evidence"] for row in answer.json()["rows"]] == ids
    assert client.get(f"{API}/evidence", params={"ids": ["x"] * 101}).status_code == 422


@pytest.mark.parametrize("role", ["regulator", "investigator"])
def test_a_lot_is_traced_a_hop_forward_and_back(portal, role):
    client = portal.client(role)
    graph = client.get(f"{API}/traces/forward", params={"subject": LOT}).json()
    assert Counter(edge["kind"] for edge in graph["edges"]) == {"certain": 12, "holds": 1, "shipped": 1}
    (shipped,) = (edge for edge in graph["edges"] if edge["kind"] == "shipped")
    assert (shipped["quantity"], shipped["target"]) == (5, f"holding:{A.producer}/{A.gtin}/{A.lot}/{A.seller}")
    few = client.get(f"{API}/traces/forward", params={"subject": LOT, "limit": 3}).json()
    assert (len(few["edges"]), few["cut"]) == (3, True)
    back = client.get(f"{API}/traces/back", params={"subject": LOT}).json()
    assert [(edge["kind"], edge["source"]) for edge in back["edges"]] == [("made", f"producer:{A.producer}")]
    deep = client.get(f"{API}/traces/back", params={"depth": 3, "subject": f"listing:{A.platform}/{A.listing_ids[0]}"})
    assert {node["kind"] for node in deep.json()["nodes"]} == {"listing", "lot", "entity", "producer"}


def test_what_is_no_node_or_of_the_other_world_is_not_traced(portal):
    client = portal.client("investigator")
    assert client.get(f"{API}/traces/forward", params={"subject": "nonsense"}).status_code == 400
    for subject in (
        f"lot:{B.producer}/{B.gtin}/{B.lot}",
        f"entity:{B.seller}",
        f"listing:{B.platform}/{B.listing_ids[0]}",
        f"product:{B.gtin}",
    ):
        for way in ("back", "forward"):
            answer = client.get(f"{API}/traces/{way}", params={"subject": subject})
            assert answer.status_code == 404
            assert B.mark not in answer.text


@pytest.mark.parametrize("role", ASKING)
def test_the_impact_of_a_recall_is_that_of_the_world(recalled, role):
    client = recalled.client(role)
    body = client.get(f"{API}/impact/{A.producer}/{A.recall_no}").json()
    assert sorted(each["listing_id"] for each in body["listings"]) == sorted(A.listing_ids)
    assert {(each["certainty"], each["fate"]) for each in body["listings"]} == {("certain", "on_sale")}
    assert body["since_ms"] > 0
    told = {each["held"] for each in body["holders"]}
    assert told == ({None} if role == "platform" else {95, 5})
    for path in (f"{B.producer}/{B.recall_no}", f"{A.producer}/none"):
        answer = client.get(f"{API}/impact/{path}")
        assert answer.status_code == 404
        assert B.mark not in answer.text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", ASKING)
def test_the_impact_of_a_recall_is_a_page_with_tables_and_a_file(recalled, role, language):
    client, path = recalled.client(role), f"/impact/{A.producer}/{A.recall_no}"
    shown = client.get(path, headers={"Accept": "text/html", "Accept-Language": language})
    said = words(language)
    assert shown.status_code == 200
    assert shown.text.count(f"</span>{said('impact.fate_on_sale')}</span>") == len(A.listing_ids)
    assert all(f'"/chains/{A.platform}/{each}"' in shown.text for each in A.listing_ids)
    assert re.search(rf"<strong>{len(A.listing_ids)}</strong>{said('impact.certain_on_sale')}", shown.text)
    assert said("impact.since") in shown.text
    assert (">95<" in shown.text) == (role != "platform")
    assert (said("impact.partial") in shown.text) == (role == "platform")
    assert f'href="{path}?format=csv"' in shown.text
    rows = list(csv.DictReader(io.StringIO(client.get(f"{path}?format=csv").content.decode("utf-8-sig"))))
    assert Counter(row["what"] for row in rows) == {"listing": len(A.listing_ids), "holder": 2, "lot": 1}
    assert {row["fate"] for row in rows if row["what"] == "listing"} == {"on_sale"}
    assert client.get(f"/impact/{B.producer}/{B.recall_no}").status_code == 404
    assert client.get(f"{path}?known_at=2001-01-01").status_code == 404


def test_a_recall_that_is_found_and_a_lot_that_is_traced_lead_to_the_impact(recalled):
    client, path = recalled.client("investigator"), f"/impact/{A.producer}/{A.recall_no}"
    asked = {"Accept": "text/html"}
    assert f'href="{path}"' in client.get("/search", params={"q": A.recall_no}, headers=asked).text
    assert f'href="{path}"' in client.get("/traces", params={"subject": LOT}, headers=asked).text
    later = {"subject": LOT, "known_at": "2030-01-01"}
    assert f'href="{path}?known_at=2030-01-01"' in client.get("/traces", params=later, headers=asked).text


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (-5, ("hours", {"hours": 0, "minutes": 0})),
        (3_599_999, ("hours", {"hours": 0, "minutes": 59})),
        (90_000_000, ("days", {"days": 1, "hours": 1})),
    ],
)
def test_the_clock_of_a_recall_runs_in_hours_then_in_days(ms, said):
    assert elapsed(ms) == said


def test_each_read_is_written_down_with_who_and_what(portal):
    client, path = portal.client("regulator"), f"{API}/chains/{A.platform}/{A.listing_ids[3]}"
    told = client.get(path)
    client.get(f"{API}/chains/{B.platform}/{B.listing_ids[3]}")
    (file,) = (portal.settings.data / "portal").glob("reads-*.ndjson")
    assert file.stat().st_mode & 0o077 == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    (line,) = (line for line in lines if line["request"] == told.headers["x-request-id"])
    assert (line["action"], line["role"]) == ("chain.read", "regulator")
    assert line["object"] == f"{A.platform}/{A.listing_ids[3]}"
    assert line["principal"] == portal.key("regulator").split("_")[1]
    assert B.listing_ids[3] not in file.read_text()


def test_each_list_and_each_file_is_written_down(portal):
    platform, regulator = portal.client("platform"), portal.client("regulator")
    alert, page, of_platform = A.alert_ids[0], {"Accept": "text/html"}, {"q": A.platform}
    told = {
        "alerts": [regulator.get(f"{API}/alerts"), regulator.get("/alerts", headers=page)],
        "alerts.csv": [regulator.get(f"{API}/alerts/export")],
        "alerts.ndjson": [regulator.get(f"{API}/alerts/export", params={"format": "ndjson"})],
        "alerts live": [regulator.get(f"{API}/alerts/live", params={"seconds": 0})],
        f"alert {alert}": [regulator.get(f"{API}/alerts/{alert}/history")],
        "chains": [regulator.get(f"{API}/chains"), regulator.get("/chains", headers=page)],
        f"divisions {A.division[:4]}": [regulator.get(f"{API}/divisions"), regulator.get("/divisions", headers=page)],
        "feedback": [platform.get(f"{API}/feedback"), platform.get("/listings", headers=page)],
        "rejections": [platform.get(f"{API}/rejections")],
        "suyuan-feedback.csv": [platform.get(f"{API}/feedback/export")],
        f"search {A.platform}": [regulator.get(path, params=of_platform) for path in (f"{API}/search", "/search")],
    }
    (file,) = (portal.settings.data / "portal").glob("reads-*.ndjson")
    written = {line["request"]: line["object"] for line in map(json.loads, file.read_text().splitlines())}
    for what, answers in told.items():
        assert [answer.status_code for answer in answers] == [200] * len(answers)
        assert [written.get(answer.headers["x-request-id"]) for answer in answers] == [what] * len(answers)


def test_the_log_of_reads_is_kept_as_long_as_it_is_wanted(portal, monkeypatch):
    folder = portal.settings.data / "portal"
    old, young = folder / "reads-2020-01-01.ndjson", folder / "reads-2020-01-02.ndjson"
    for path in (old, young):
        path.write_text("")
    monkeypatch.setattr(portal, "time", lambda: ms_of("2020-06-30", "x") / 1000)
    portal.settings.read_log_days, kept = 180, portal.settings.read_log_days
    try:
        portal.client("regulator").get(f"{API}/chains")
    finally:
        portal.settings.read_log_days = kept
    assert (old.exists(), young.exists()) == (False, True)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2026-02-10", 1_770_652_800_000),
        ("2026-02-10T00:00:00Z", 1_770_681_600_000),
        ("2026-02-10T08:00:00+08:00", 1_770_681_600_000),
        ("2026-02-10T08:00:00 08:00", 1_770_681_600_000),
        ("1770681600000", 1_770_681_600_000),
        ("", None),
        (None, None),
    ],
)
def test_moments_are_chinas_unless_they_say_otherwise(text, ms):
    assert ms_of(text, "known_at") == ms


@pytest.mark.parametrize("text", ["soon", "99999999999999999", "-5", "2026-13-01", "0001-01-01", "٣٣٣٣٣٣٣٣٣"])
def test_what_is_no_moment_is_named(text):
    with pytest.raises(Problem) as caught:
        ms_of(text, "known_at")
    assert caught.value.errors[0].pointer == "known_at"
