"""What investigators look at: chains, traces, their timelines and dossiers, on both shapes."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from hashlib import sha256
from io import BytesIO
from urllib.parse import quote
from zipfile import ZipFile

import pytest

from suyuan.domain.audit.checkpoints import Checkpoint
from suyuan.domain.audit.hashes import leaf_hash, node_hash
from suyuan.domain.audit.keys import SignerKey
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.proofs import verify_inclusion
from suyuan.operations.audit.proven import Logged
from suyuan.operations.audit.seen import Seen
from suyuan.portal.dossier import Cited, Dossier, dossier_zip
from suyuan.portal.pages.chain_picture import picture_of
from suyuan.portal.pages.figures import local
from suyuan.portal.pages.timeline import LEFT, WIDTH, Moment, drawn
from suyuan.portal.pages.words import words
from suyuan.queries.answers import Gap, Hop, Node, WholeChain
from tests.portal.test_pages import HTML, page
from tests.portal.worlds import A, B
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, apart, block, chain

CHAIN = f"/chains/{A.platform}/{A.listing_ids[0]}"
NOT_AUDITED = Logged("not_audited")
LOT = f"lot:{A.producer}/{A.gtin}/{A.lot}"


def links(text, pattern):
    return [html.unescape(link) for link in re.findall(r'href="([^"]*)"', text) if re.search(pattern, link)]


def follow(client, link):
    answer = client.get(link, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("role", ["regulator", "investigator", "platform"])
def test_chains_are_a_list_that_leads_to_each(portal, role):
    client = portal.client(role)
    shown = page(client, "/chains").text
    assert sorted(links(shown, "^/chains/.+/")) == sorted(f"/chains/{A.platform}/{each}" for each in A.listing_ids)
    assert B.mark not in shown
    partial = page(client, "/chains", verdict="partial", gap="lot_unknown").text
    assert len(links(partial, "^/chains/.+/")) == len(A.listing_ids) // 3
    assert words("zh")("chains.none_how") in page(client, "/chains", lot="none").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_chain_is_a_picture_with_gaps_what_mends_them_history_and_evidence(portal, language):
    client = portal.client("investigator")
    shown = client.get(CHAIN, headers={"Accept": "text/html", "Accept-Language": language}).text
    said = words(language)
    assert '<svg class="chain-picture"' in shown
    assert A.text("店") in shown
    for word in (said.of("gap", "lot_unknown"), said("chain.mend"), said("chain.history"), said("chain.causes")):
        assert word in shown
    assert f'id="{A.chains[0]["listing_event"]}"' in shown
    assert links(shown, r"^/traces\?") == [f"/traces?subject={quote(LOT, safe='')}"]
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)", shown)


def test_a_chain_is_shown_as_it_was_known(portal):
    client = portal.client("investigator")
    assert page(client, CHAIN, known_at=str(NOW)).status_code == 200
    early = page(client, CHAIN, known_at="2001-01-01")
    assert early.status_code == 404
    assert words("zh")("chain.first_known") in early.text
    assert page(client, CHAIN, known_at="soon").status_code == 422
    assert page(client, f"/chains/{B.platform}/{B.listing_ids[0]}", known_at="2001-01-01").status_code == 404


def test_a_trace_is_a_tree_that_opens_by_plain_links(portal):
    client = portal.client("investigator")
    shown = page(client, "/traces", subject=f"product:{A.gtin}").text
    assert shown.count('role="tree"') == 1
    assert A.lot in shown
    (more,) = set(links(shown, "open="))
    opened = follow(client, more)
    assert A.text("店") in opened
    assert sum(f"/chains/{A.platform}/" in link for link in links(opened, "")) == len(A.listing_ids)
    assert re.search(r'data-graph="[^"]+&#34;', opened)
    again = f"/traces?subject={quote(f'product:{A.gtin}', safe='')}"
    assert again in links(opened, r"^/traces\?")
    assert follow(client, again).count('role="treeitem"') == shown.count('role="treeitem"')
    assert B.mark not in opened


def test_a_trace_can_be_seen_at_each_moment_at_which_something_became_known(portal):
    client = portal.client("investigator")
    shown = page(client, "/traces", subject=LOT).text
    (moments,) = re.findall(r'type="range"[^>]*data-moments="([^"]*)"', shown)
    first, last = moments.split()[0], moments.split()[-1]
    assert re.search(rf'type="range"[^>]*max="{len(moments.split())}" value="{len(moments.split())}"', shown)
    then = page(client, "/traces", subject=LOT, known_at=first).text
    assert f'name="known_at" value="{first}"' in then
    assert re.search(r'type="range"[^>]*value="0"', then)
    assert A.text("店") in page(client, "/traces", subject=LOT, known_at=last).text
    chain = page(client, CHAIN).text
    assert re.search(r'type="range"[^>]*data-moments="\S+"', chain)


def test_a_trace_can_be_taken_along(portal):
    client = portal.client("investigator")
    as_csv = client.get("/traces", params={"subject": LOT, "format": "csv"}).text.splitlines()
    assert as_csv[0].lstrip("\ufeff") == "kind,source,target,quantity,evidence"
    as_json = client.get("/traces", params={"subject": LOT, "format": "json"}).json()
    assert len(as_json["edges"]) == len(as_csv) - 1 == len(A.listing_ids) + 3


def test_a_trace_of_nothing_says_how_to_begin_and_of_the_other_world_is_not_there(portal):
    client = portal.client("investigator")
    assert words("zh")("trace.how") in page(client, "/traces").text
    assert page(client, "/traces", subject=f"lot:{B.producer}/{B.gtin}/{B.lot}").status_code == 404
    assert page(client, "/traces", subject="<img src=x onerror=alert(1)>").status_code == 400


def whole(nodes=(), hops=(), gaps=()):
    row = dict.fromkeys(WholeChain.__struct_fields__) | chain(1)
    given = {name: row[name] for name in WholeChain.__struct_fields__}
    return WholeChain(**given | {"nodes": list(nodes), "hops": list(hops), "gaps": list(gaps)})


def node(role, name):
    return Node(role, name, None, None, None, None)


def test_goods_go_up_the_picture_from_producer_to_seller():
    hops = [Hop("s1", "P", "H1", 7, NOW, "e"), Hop("s2", "H1", "H2", 6, NOW, "e"), Hop("s3", "H2", "S", 5, NOW, "e")]
    nodes = [
        node("platform", "X"),
        node("seller", "S"),
        node("holder", "H1"),
        node("holder", "H2"),
        node("producer", "P"),
    ]
    picture = picture_of(whole([*nodes, node("lot", "L")], hops))
    assert [box.node.id for box in picture.boxes] == ["X", "S", "H2", "H1", "P", "L"]
    assert [arrow.hop and arrow.hop.quantity for arrow in picture.arrows] == [None, 5, 6, 7, None]
    assert all(box.y + box.height <= picture.height for box in picture.boxes)


def test_what_is_missing_has_its_place_and_each_gap_stands_at_what_it_is_about():
    gaps = [
        Gap(name, class_, None, None, [])
        for name, class_ in (
            ("lot_recalled", "contradicted"),
            ("custody_missing", "broken"),
            ("producer_undeclared", "broken"),
            ("uninspected", "unverified"),
        )
    ]
    picture = picture_of(whole([node("seller", "S"), node("lot", "L")], gaps=gaps))
    assert [(box.role, box.node is None, box.worst) for box in picture.boxes] == [
        ("seller", False, None),
        ("producer", True, "broken"),
        ("lot", False, "contradicted"),
        ("inspection", True, "unverified"),
    ]
    assert picture.arrows[0].is_missing


def unzipped(answer):
    assert answer.headers["content-type"] == "application/zip"
    return {name: archive.read(name) for archive in [ZipFile(BytesIO(answer.content))] for name in archive.namelist()}


@pytest.mark.parametrize("role", ["regulator", "investigator"])
def test_a_dossier_can_be_read_and_checked_without_a_portal(portal, role):
    client = portal.client(role)
    shown = page(client, f"{CHAIN}/dossier")
    assert shown.status_code == 200
    (link,) = links(shown.text, r"dossier\.zip$")
    files = unzipped(client.get(link))
    assert {"dossier.zh.html", "dossier.en.html", "chain.json", "evidence.json", "evidence.csv"} <= set(files)
    sums = dict(reversed(line.split("  ")) for line in files.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: sha256(content).hexdigest() for name, content in files.items()}
    assert json.loads(files["chain.json"])["listing_id"] == A.listing_ids[0]
    (row,) = csv.DictReader(io.StringIO(files["evidence.csv"].decode("utf-8-sig")))
    assert (row["kind"], row["evidence"]) == ("listing", A.chains[0]["listing_event"])
    assert (row["audit"], row["leaf_index"]) == ("not_audited", "")
    assert "checkpoint.txt" not in files
    for language in ("zh", "en"):
        text = files[f"dossier.{language}.html"].decode()
        assert not re.search(r'(?:src|href)="(?!#)|<script|@import|url\(', text)
        assert words(language).of("gap", "lot_unknown") in text
        assert "--paper" in text
        assert words(language).of("logged", "not_audited") in text
    assert B.mark.encode() not in b"".join(files.values())


def test_a_dossier_is_made_of_what_was_known_then_and_for_whoever_may(portal):
    client = portal.client("investigator")
    assert page(client, f"{CHAIN}/dossier", known_at="2001-01-01").status_code == 404
    assert page(client, f"/chains/{B.platform}/{B.listing_ids[0]}/dossier").status_code == 404
    assert page(portal.client("platform"), f"{CHAIN}/dossier").status_code == 403


def test_what_a_spreadsheet_would_calculate_is_text_in_a_dossier():
    event = {"kind": "listing", "evidence": "listing/=1+1/x~0", "publisher": "=1+1", "event_id": "@x"}
    event |= {"occurred_at": NOW, "received_at": NOW, "title": "=cmd()", "lot": None}
    made = Dossier(
        whole(),
        [],
        [Cited(1, event, b"raw", NOT_AUDITED), Cited(2, event, None, NOT_AUDITED)],
        ["lot/A/1"],
        NOW,
        "王",
        None,
        None,
    )
    with ZipFile(BytesIO(dossier_zip(made, {"dossier.en.html": "x"}))) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("evidence.csv").decode("utf-8-sig"))))
        assert [row["publisher"] for row in rows] == ["'=1+1"] * 2
        assert [row["event_id"] for row in rows] == ["'@x"] * 2
        assert rows[0]["says"] == "title==cmd()"
        assert (rows[0]["sha256"], rows[1]["sha256"]) == (sha256(b"raw").hexdigest(), "")
        assert archive.read(rows[0]["raw"]) == b"raw"
        assert json.loads(archive.read("about.json"))["missing"] == ["lot/A/1"]


def test_a_dossier_has_the_proof_of_what_is_audited():
    event = {"kind": "recall", "evidence": "recall/P/x~0", "publisher": "P", "event_id": "x"}
    event |= {"occurred_at": NOW, "received_at": NOW}
    raw, beside = b"raw", leaf_hash(b"another entry")
    checkpoint = Checkpoint("bureau.example/audit", 2, node_hash(beside, leaf_hash(raw)))
    seen = Seen(checkpoint, checkpoint.signed(SignerKey(checkpoint.origin, b"l" * 32)), NOW, ())
    logged = Logged("proven", 1, leaf_hash(raw).hex(), (beside.hex(),))
    made = Dossier(whole(), [], [Cited(1, event, raw, logged)], [], NOW, "王", None, None, seen)
    with ZipFile(BytesIO(dossier_zip(made, {}))) as archive:
        (told,) = json.loads(archive.read("evidence.json"))
        note = Note.parse(archive.read("checkpoint.txt"))
        raw = archive.read(told["raw"])
        assert b"checkpoint.txt" in archive.read("SHA256SUMS")
    assert Checkpoint.parse(note.text) == checkpoint
    path = [bytes.fromhex(each) for each in told["inclusion_proof"]]
    verify_inclusion(leaf_hash(raw), told["leaf_index"], checkpoint.size, path, checkpoint.root)
    assert (told["audit"], told["leaf_hash"]) == ("proven", leaf_hash(raw).hex())


def test_a_timeline_has_records_verdicts_and_alerts_by_when_they_happened(portal):
    client = portal.client("investigator")
    shown = page(client, "/timeline", subject=f"listing:{A.platform}/{A.listing_ids[0]}").text
    for sort in ("record", "chain", "alert"):
        assert f'<g class="dot is-{sort}">' in shown
    of_lot = page(client, "/timeline", subject=LOT).text
    assert of_lot.count('<g class="dot is-record">') == 2
    assert A.shipment_id not in of_lot
    assert words("zh").of("kind", "shipment") in of_lot
    none = page(client, "/timeline", subject=LOT, since="2001-01-01", until="2001-01-02").text
    assert words("zh")("timeline.none") in none
    for until, records in ((NOW, 0), (NOW + 1, 2)):
        before = page(client, "/timeline", subject=LOT, since="2001-01-01", until=local(until)).text
        assert before.count('<g class="dot is-record">') == records
    assert f'name="until" value="{local(NOW + 1)}"' in before
    other = page(client, "/timeline", subject=f"lot:{B.producer}/{B.gtin}/{B.lot}").text
    assert words("zh")("timeline.none") in other
    assert words("zh")("timeline.lead") in page(client, "/timeline").text


def test_moments_have_their_places_on_the_axis():
    def at(happened, known):
        return Moment("record", "kind", "lot", happened, known, "")

    dots, ticks = drawn([at(0, 100), at(50, 50), at(100, 100)])
    assert [dot.happened for dot in dots] == [LEFT, (LEFT + WIDTH - 24) // 2, WIDTH - 24]
    assert dots[0].known == WIDTH - 24
    assert [ms for _, ms in ticks] == [0, 25, 50, 75, 100]
    assert drawn([at(7, 7)])[0][0].happened == LEFT
    assert drawn([]) == ([], [])


def test_each_version_of_a_chain_leads_to_the_one_before_and_the_one_behind(portal):
    """The last here: it adds versions to a chain of the world."""
    rows = [A.chains[5] | {"assessment": 1 + number, "received_at": NOW + number} for number in (1, 2)]
    load(portal.clickhouse, "chain", block("chain", *rows))
    client, path = portal.client("investigator"), f"/chains/{A.platform}/{A.listing_ids[5]}"

    def keys(known_at=None):
        shown = page(client, path, **({} if known_at is None else {"known_at": str(known_at)})).text
        found = re.findall(r'known_at=(\d+)"[^>]*data-page-key="([^"]+)"', shown)
        return {html.unescape(key): int(ms) - NOW for ms, key in found}

    assert keys() == {"<": 1}
    assert keys(NOW + 1) == {"<": 0, ">": 2}
    assert keys(NOW) == {">": 1}


def test_a_chain_that_came_before_what_it_consists_of_says_so(portal):
    """Behind the last for the same reason."""
    parties, said = apart(A.chains[5] | {"assessment": 9, "received_at": NOW + 9})
    client, path = portal.client("investigator"), f"/chains/{A.platform}/{A.listing_ids[5]}"
    awaited = html.escape(words("zh")("chain.parts_awaited"))
    load(portal.clickhouse, "chain", said)
    assert all(awaited in page(client, each).text for each in (path, f"{path}/dossier"))
    load(portal.clickhouse, "chain.parties", parties)
    assert awaited not in page(client, path).text
