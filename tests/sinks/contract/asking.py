"""What the queries answer."""

from __future__ import annotations

from dataclasses import fields

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.domain.identifiers.normal_form import code_form, number_form
from suyuan.queries import sql as queries
from suyuan.queries.paging import Page
from suyuan.queries.records import Records
from suyuan.queries.rows import read
from suyuan.queries.sql import AlertFilter, ChainFilter, DeadLetterFilter
from tests.sinks.contract.views import FORMS, load, load_chains
from tests.sinks.rows import (
    MAKER,
    NOW,
    PLATFORM,
    alert,
    apart,
    block,
    chain,
    chain_hop,
    dead_letter,
    events,
    listing,
    node,
    replay,
)

HOSTILE = ["' OR 1=1 --", "\\' OR 1=1 --", "x'; DROP TABLE chain; --", "{verdict:String}", "%", "a\t\n\\N", "龙'\"`$"]


def names(rows):
    return [row["listing_id"] for row in rows]


ALL = Page(1_000)
TWICE = (("a", "a", 0), ("z", "b", 1), ("n", "c", -1))
"""name, digit of the digest, tie"""


class AskingContract:
    def test_chains_by_what_they_are_like(self, clickhouse):
        said = [
            chain(1, verdict="broken", gap_names=["lot_unknown", "uninspected"], seller_division="330106"),
            chain(2, verdict="broken", gap_names=["lot_unknown"], seller_division="320100"),
            chain(3, gtin="06901234567892", lot="L1", producer_code=MAKER),
        ]
        load(clickhouse, "chain", block("chain", *said))
        asked = [
            ChainFilter(),
            ChainFilter(verdict="broken"),
            ChainFilter(gap="uninspected"),
            ChainFilter(seller_division="33"),
            ChainFilter(producer_code=MAKER, gtin="06901234567892", lot="L1"),
            ChainFilter(verdict="broken", seller_division="31"),
            ChainFilter(producer_code=f"\u200b{MAKER.lower()}-", gtin="６901234-567892", lot="\uff2c1\t"),
            ChainFilter(platform_code="/"),
        ]
        found = [names(queries.chains(clickhouse, EVERYTHING, wanted, ALL).rows) for wanted in asked]
        assert found == [["l1", "l2", "l3"], ["l1", "l2"], ["l1"], ["l1"], ["l3"], [], ["l3"], []]
        assert names(queries.chains(clickhouse, EVERYTHING, ChainFilter(), Page(2)).rows) == ["l1", "l2"]
        (row,) = queries.chains(clickhouse, EVERYTHING, ChainFilter(gap="uninspected"), ALL).rows
        assert (row["gap_names"], row["listed_at"], row["gtin"]) == (["lot_unknown", "uninspected"], NOW, None)

    def test_rows_that_come_between_two_pages_move_no_others(self, clickhouse):
        """Those behind the place are met, those before it are not, and none is met twice."""
        load(clickhouse, "chain", block("chain", *(chain(number) for number in range(10, 30, 2))))
        first = queries.chains(clickhouse, EVERYTHING, ChainFilter(), Page(4))
        load(clickhouse, "chain", block("chain", chain(11), chain(21), chain(14, assessment=2)))
        rest = queries.chains(clickhouse, EVERYTHING, ChainFilter(), Page(9, first.after))
        assert names(first.rows) == ["l10", "l12", "l14", "l16"]
        assert names(rest.rows) == ["l18", "l20", "l21", "l22", "l24", "l26", "l28"]
        assert (first.more, rest.more) == (True, False)

    def test_alerts_that_are_raised_between_two_pages_move_no_others(self, clickhouse):
        said = [alert(f"a{number}", raised_at=NOW + number // 2) for number in range(6)]
        load(clickhouse, "alert.state", block("alert_state", *said))
        first = queries.alerts(clickhouse, EVERYTHING, AlertFilter(), Page(3))
        load(
            clickhouse,
            "alert.state",
            block("alert_state", alert("new", raised_at=NOW + 9), alert("a25", raised_at=NOW + 1)),
        )
        rest = queries.alerts(clickhouse, EVERYTHING, AlertFilter(), Page(9, first.after))
        found = [row["alert_id"] for row in (*first.rows, *rest.rows)]
        assert found == ["a4", "a5", "a2", "a25", "a3", "a0", "a1"]

    @FORMS
    def test_a_whole_chain_now_and_as_it_was_known(self, clickhouse, form):
        gap = {"gap": "lot_unknown", "class": "broken", "subject": "L", "detail": None, "evidence": ["A/1", "A/2"]}
        sent = chain_hop()
        nodes = [node("platform", PLATFORM), node("seller", "S", name="卖家"), node("holder", "H")]
        first = chain(1, received_at=NOW, verdict="broken", gaps=[gap], gap_names=["lot_unknown"], nodes=nodes)
        later = chain(1, assessment=2, received_at=NOW + 1000, hops=[sent], nodes=nodes)
        load_chains(clickhouse, form, first, later)
        entity = {"code": "H", "name": "仓库", "status": "active", "received_at": NOW + 500}
        load(clickhouse, "event.entity", events("entity", entity))
        now = queries.chain(clickhouse, EVERYTHING, PLATFORM, "l1")
        assert (now["verdict"], now["gaps"], now["hops"]) == ("complete", [], [{**sent, "outside": False}])
        named = [(each["role"], each["name"], each["status"]) for each in now["nodes"]]
        assert named == [("platform", None, None), ("seller", "卖家", None), ("holder", "仓库", "active")]
        then = queries.chain(clickhouse, EVERYTHING, PLATFORM, "l1", as_of=NOW + 400)
        assert (then["verdict"], then["gaps"], then["hops"]) == ("broken", [gap], [])
        assert then["nodes"][2]["name"] is None
        assert queries.chain(clickhouse, EVERYTHING, PLATFORM, "l1", as_of=NOW - 1) is None
        assert queries.chain(clickhouse, EVERYTHING, PLATFORM, "no such") is None

    def test_a_chain_whose_parties_are_not_there_yet_is_shown_without(self, clickhouse):
        parties, said = apart(chain(1, nodes=[node("seller", "S")]))
        load(clickhouse, "chain", said)
        found = queries.chain(clickhouse, EVERYTHING, PLATFORM, "l1")
        assert (found["verdict"], found["nodes"], found["hops"]) == ("complete", [], [])
        load(clickhouse, "chain.parties", parties, parties)
        assert len(queries.chain(clickhouse, EVERYTHING, PLATFORM, "l1")["nodes"]) == 2

    def test_alerts_the_newest_first_and_one_alert_with_its_history(self, clickhouse):
        said = [
            alert("a", raised_at=NOW),
            alert("b", raised_at=NOW + 1, severity="low", bureau="330106"),
            alert("a", sequence=2, state="cleared", change="cleared", raised_at=NOW),
        ]
        load(clickhouse, "alert.state", block("alert_state", *said))
        assert [row["alert_id"] for row in queries.alerts(clickhouse, EVERYTHING, AlertFilter(), ALL).rows] == [
            "b",
            "a",
        ]
        assert [
            row["alert_id"] for row in queries.alerts(clickhouse, EVERYTHING, AlertFilter(state="cleared"), ALL).rows
        ] == ["a"]
        in_charge = AlertFilter(bureau=("33",))
        assert [row["alert_id"] for row in queries.alerts(clickhouse, EVERYTHING, in_charge, Page(5)).rows] == ["b"]
        assert [row["change"] for row in queries.alert_history(clickhouse, EVERYTHING, "a", ALL).rows] == [
            "raised",
            "cleared",
        ]
        assert queries.alert(clickhouse, EVERYTHING, "a")["state"] == "cleared"
        assert queries.alert(clickhouse, EVERYTHING, "c") is None

    def test_each_change_of_an_alert_is_told_once_page_by_page(self, clickhouse):
        load(clickhouse, "alert.state", block("alert_state", alert("b"), alert("a")))
        load(
            clickhouse, "alert.state", block("alert_state", alert("a", sequence=2), alert("A", received_at=NOW - 5000))
        )
        load(clickhouse, "alert.state", block("alert_state", alert("a", sequence=2)))
        seen = []
        for alert_id in ("a", "b", "A"):
            place = None
            while (some := queries.alert_history(clickhouse, EVERYTHING, alert_id, Page(1, place))).rows:
                seen += [(row["alert_id"], row["sequence"]) for row in some.rows]
                place = some.after
        assert seen == [("a", 1), ("a", 2), ("b", 1), ("A", 1)]
        assert queries.alerts(clickhouse, EVERYTHING, AlertFilter(severity=("low",)), ALL).rows == []

    def test_dead_letters_the_newest_first(self, clickhouse):
        letters = [dead_letter("in.lot", 0, 1), dead_letter("in.lot", 0, 2, received_at=NOW + 1, field="gtin")]
        load(clickhouse, "dead_letter", block("dead_letter", *letters))
        found = queries.dead_letters(clickhouse, EVERYTHING, DeadLetterFilter(), ALL).rows
        assert [(row["source_offset"], row["field"]) for row in found] == [(2, "gtin"), (1, None)]
        assert [(row["replays"], row["replayed_at"]) for row in found] == [(0, None)] * 2
        assert not {"payload", "key"} & set(found[0])
        assert len(queries.dead_letters(clickhouse, EVERYTHING, DeadLetterFilter(), Page(1)).rows) == 1

    def test_dead_letters_by_what_they_are_like(self, clickhouse):
        letters = [
            dead_letter("in.lot", 0, 1, field="gtin", reason="not valid UTF-8"),
            dead_letter("in.lot", 1, 1, received_at=NOW + 1),
            dead_letter("in.day", 0, 1, received_at=NOW + 2, reason="unknown schema id 99"),
        ]
        load(clickhouse, "dead_letter", block("dead_letter", *letters))
        load(clickhouse, "dead_letter.replay", block("replay", replay("in.lot", 1, 1)))
        for wanted, expected in [
            (DeadLetterFilter(topic="in.day"), [("in.day", 0)]),
            (DeadLetterFilter(topic="in.lot"), [("in.lot", 1), ("in.lot", 0)]),
            (DeadLetterFilter(since=NOW + 1), [("in.day", 0), ("in.lot", 1)]),
            (DeadLetterFilter(reason="GTIN: not"), [("in.lot", 0)]),
            (DeadLetterFilter(reason="schema ID"), [("in.day", 0)]),
            (DeadLetterFilter(replayed=True), [("in.lot", 1)]),
            (DeadLetterFilter(replayed=False, topic="in.lot"), [("in.lot", 0)]),
        ]:
            found = queries.dead_letters(clickhouse, EVERYTHING, wanted, ALL).rows
            assert [(row["topic"], row["source_partition"]) for row in found] == expected, wanted

    def test_dead_letters_whole(self, clickhouse):
        letters = [
            dead_letter("in.lot", 0, 1, key=b"\xff\x00k", payload=bytes(range(256)) * 4096, payload_bytes=1 << 20),
            dead_letter("in.lot", 0, 2, payload=b"", payload_bytes=0),
        ]
        load(clickhouse, "dead_letter", block("dead_letter", *letters))
        found = queries.whole_dead_letters(
            clickhouse, EVERYTHING, [("in.lot", 0, 2), ("in.lot", 0, 1), ("in.lot", 0, 3)]
        )
        assert [(row["source_offset"], row["key"], row["payload"]) for row in found] == [
            (1, "ff006b", (bytes(range(256)) * 4096).hex()),
            (2, None, ""),
        ]
        assert queries.whole_dead_letters(clickhouse, EVERYTHING, []) == []

    def test_replays_of_a_dead_letter_and_what_became_of_them(self, clickhouse):
        load(clickhouse, "dead_letter", block("dead_letter", dead_letter("in.lot", 0, 1), dead_letter("in.lot", 0, 5)))
        load(clickhouse, "event.lot", events("lot", {"lot": "L"}, first=6))
        sent = [replay("in.lot", 0, 1, n, replayed_offset=at) for n, at in enumerate([None, 5, 6, 7])]
        load(clickhouse, "dead_letter.replay", *[block("replay", *sent, replay("in.day", 0, 1))] * 2)
        found = queries.replays(clickhouse, EVERYTHING, ("in.lot", 0, 1))
        assert [(row["replayed_offset"], row["outcome"]) for row in found] == [
            (None, None),
            (5, "dead"),
            (6, "accepted"),
            (7, None),
        ]
        (letter,) = queries.dead_letters(clickhouse, EVERYTHING, DeadLetterFilter(replayed=True), ALL).rows
        assert (letter["replays"], letter["replayed_at"]) == (4, NOW + 3)

    def test_events_by_the_ids_that_chains_cite(self, clickhouse):
        load(clickhouse, "event.listing", *[events("listing", listing(1) | {"event_id": "with/slash"})] * 2)
        load(clickhouse, "event.entity", events("entity", {"code": "E", "name": "名", "status": "active"}))
        cited = [f"listing/{MAKER}/with%2Fslash~01234567", f"entity/{MAKER}/entity-0~01234567"]
        found = queries.events_by_evidence(clickhouse, EVERYTHING, [*cited, "nobody/x", "junk"])
        assert [(row["kind"], row["evidence"]) for row in found] == list(zip(("listing", "entity"), cited, strict=True))
        (old,) = queries.events_by_evidence(clickhouse, EVERYTHING, [f"{MAKER}/with%2Fslash"])
        assert old["evidence"] == cited[0], "as chains of former versions cite it"
        assert (
            queries.events_by_evidence(clickhouse, EVERYTHING, [cited[0].replace("listing", "lot"), cited[0] + "0"])
            == []
        )
        assert found[1]["name"] == "名"
        assert queries.events_by_evidence(clickhouse, EVERYTHING, []) == []

    def test_two_events_whose_names_join_to_the_same_text_are_cited_apart(self, clickhouse):
        one, other = {"publisher": "X/A", "event_id": "1"}, {"publisher": "X", "event_id": "A/1"}
        load(clickhouse, "event.entity", events("entity", *({"code": "E", "name": "名"} | who for who in (one, other))))
        for evidence, who in (("entity/X%2FA/1~01234567", one), ("entity/X/A%2F1~01234567", other)):
            (found,) = queries.events_by_evidence(clickhouse, EVERYTHING, [evidence])
            assert (found["evidence"], {name: found[name] for name in who}) == (evidence, who)
        current = next(iter(Records(clickhouse).entities(["E"]).values()))
        load(clickhouse, "chain", block("chain", chain(1, nodes=[node("holder", "E")])))
        assert (
            current["evidence"]
            == evidence
            == queries.chain(clickhouse, EVERYTHING, PLATFORM, "l1")["nodes"][0]["evidence"]
        )

    def test_what_one_event_id_says_twice_is_cited_apart(self, clickhouse):
        said = [{"code": "E", "name": name, "digest": digest * 16, "tie": tie} for name, digest, tie in TWICE]
        load(clickhouse, "event.entity", events("entity", *(each | {"event_id": "1"} for each in said)))
        assert [row["name"] for row in queries.events_by_evidence(clickhouse, EVERYTHING, [f"entity/{MAKER}/1"])] == [
            "a",
            "z",
            "n",
        ]
        (last,) = queries.events_by_evidence(clickhouse, EVERYTHING, [f"entity/{MAKER}/1~cccccccc"])
        assert last["name"] == "n"
        current = next(iter(Records(clickhouse).entities(["E"]).values()))
        assert (current["name"], current["evidence"]) == ("z", f"entity/{MAKER}/1~bbbbbbbb")
        assert read(clickhouse, "SELECT name FROM current_entity") == [{"name": "z"}]

    def test_counts_for_a_screen(self, clickhouse):
        said = [chain(1, verdict="broken", gaps=[gap("lot_unknown"), gap("uninspected")]), chain(2)]
        load(clickhouse, "chain", *[block("chain", *said)] * 2)
        load(clickhouse, "alert.state", block("alert_state", alert("a"), alert("b", state="cleared")))
        load(clickhouse, "event.listing", events("listing", listing(1), listing(2)))
        load(clickhouse, "dead_letter", block("dead_letter", dead_letter("in.lot", 0, 1)))
        found = queries.counts(clickhouse, EVERYTHING)
        assert found.verdicts == {"broken": 1, "complete": 1}
        assert found.gaps == {"lot_unknown": 1, "uninspected": 1}
        assert found.alerts == {"high": 1}
        assert (found.events["listing"], found.events["lot"], found.dead_letters) == (2, 0, 1)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_values_stay_values(self, clickhouse, text):
        stored = code_form(text)
        load(clickhouse, "chain", block("chain", chain(1), chain(2, seller_code=stored, platform_code=stored)))
        load(clickhouse, "alert.state", block("alert_state", alert("a"), alert(text, listing_id=number_form(text))))
        for each in texts_of(ChainFilter):
            found = names(queries.chains(clickhouse, EVERYTHING, ChainFilter(**{each.name: text}), ALL).rows)
            assert found == (["l2"] if each.name in {"seller_code", "platform_code"} else [])
        for name, by in alert_filters(text).items():
            found = queries.alerts(clickhouse, EVERYTHING, by, ALL).rows
            assert len(found) == (name in {"listing", "alert_id"})
        assert queries.chain(clickhouse, EVERYTHING, text, "l2")["seller_code"] == stored
        assert queries.alert(clickhouse, EVERYTHING, text)["alert_id"] == text
        everything_else = Page(9, (NOW + 1_000_000, text))
        assert len(queries.alerts(clickhouse, EVERYTHING, AlertFilter(), everything_else).rows) == 2
        assert queries.events_by_evidence(clickhouse, EVERYTHING, [f"{text}/{text}"]) == []
        assert queries.dead_letters(clickhouse, EVERYTHING, DeadLetterFilter(topic=text, reason=text), ALL).rows == []
        assert queries.whole_dead_letters(clickhouse, EVERYTHING, [(text, 0, 1)]) == []
        assert queries.replays(clickhouse, EVERYTHING, (text, 0, 1)) == []


def texts_of(wanted):
    """Its fields that hold text; the others are instants."""
    return [field for field in fields(wanted) if field.type == "str | None"]


def alert_filters(text):
    """By each of its fields that hold text, or several."""
    kinds = {"str | None": lambda: text, "tuple[str, ...]": lambda: (text, "other")}
    by = {
        field.name: AlertFilter(**{field.name: kinds[field.type]()})
        for field in fields(AlertFilter)
        if field.type in kinds
    }
    return by | {"listing": AlertFilter(listing=(PLATFORM, text))}


def gap(name):
    return {"gap": name, "class": "broken", "subject": None, "detail": None, "evidence": []}
