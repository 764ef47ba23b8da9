"""How a chain came to be what it is, and what was known or had happened at a moment."""

from __future__ import annotations

import pytest

from suyuan.access.scope import EVERYTHING, Division, Platform, Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries import sql
from suyuan.queries.paging import Page, walk
from suyuan.queries.records import LotKey
from suyuan.queries.tracing import trace_listing, trace_lot, trace_lot_forward
from tests.sinks.contract.views import FORMS, load, load_chains
from tests.sinks.rows import GTIN, MAKER, NOW, PLATFORM, SELLER, block, chain, events, listing, lot, node

MINUTE = 60_000
ELSEWHERE = Scope((Division("65"),))


def gap(name, *evidence):
    return {"gap": name, "class": "broken", "subject": None, "detail": None, "evidence": list(evidence)}


def version(assessment, after, *gaps, **fields):
    """Of the listing l1, `after` minutes."""
    said = {"producer_code": MAKER, "gtin": GTIN, "lot": "L1", "received_at": NOW + after * MINUTE}
    said |= {"gaps": list(gaps), "gap_names": sorted(each["gap"] for each in gaps), "seller_division": "330106"}
    said |= {"listing_event": f"listing/{PLATFORM}/o1~01234567"}
    return chain(1, 1, assessment, **said | fields)


def cited(found):
    return [[cause["evidence"].partition("~")[0] for cause in row["causes"]] for row in found.rows]


class HistoryContract:
    def told(self, clickhouse, scope=EVERYTHING, limit=100, after=None):
        return sql.chain_versions(clickhouse, scope, PLATFORM, "l1", Page(limit, after))

    def filled(self, clickhouse, form="apart"):
        """A listing whose lot becomes known a minute later, and is recalled after another."""
        named = f"lot/{MAKER}/lot-0~01234567"
        said = [
            version(1, 0, gap("lot_unknown"), gap("uninspected"), verdict="broken"),
            version(2, 1, gap("uninspected"), verdict="partial", nodes=[node("lot", "L1", evidence=named)]),
            version(3, 2, gap("lot_recalled", f"recall/{MAKER}/recall-0~01234567"), gap("uninspected"))
            | {"verdict": "contradicted", "nodes": [node("lot", "L1", evidence=named)]},
        ]
        load_chains(clickhouse, form, *said, said[1])
        told = listing(1) | {"event_id": "o1", "publisher": PLATFORM}
        load(clickhouse, "event.listing", events("listing", told))
        load(clickhouse, "event.lot", events("lot", lot("L1") | {"received_at": NOW + MINUTE}))
        recall = {"recall_no": "c1", "producer_code": MAKER, "gtin": GTIN, "lots": [], "level": 1, "status": "open"}
        another = recall | {"gtin": "06901234567899", "recall_no": "c2"}
        at = {"received_at": NOW + 2 * MINUTE, "reason": "r"}
        load(clickhouse, "event.recall", events("recall", recall | at, another | at))

    @FORMS
    def test_each_version_with_what_changed_and_by_which_event(self, clickhouse, form):
        self.filled(clickhouse, form)
        found = self.told(clickhouse)
        assert [(row["verdict"], row["gained"], row["lost"]) for row in found.rows] == [
            ("contradicted", ["lot_recalled"], []),
            ("partial", [], ["lot_unknown"]),
            ("broken", ["lot_unknown", "uninspected"], []),
        ]
        assert cited(found) == [[f"recall/{MAKER}/recall-0"], [f"lot/{MAKER}/lot-0"], [f"listing/{PLATFORM}/o1"]]
        cause = found.rows[0]["causes"][0]
        assert (cause["kind"], cause["occurred_at"], cause["received_at"]) == ("recall", NOW, NOW + 2 * MINUTE)
        assert not found.more

    def test_pages_are_the_whole_history(self, clickhouse):
        self.filled(clickhouse)
        whole = self.told(clickhouse).rows
        assert list(walk(lambda page: self.told(clickhouse, limit=1, after=page.after))) == whole

    def test_an_event_that_came_before_is_the_cause_where_it_is_cited_for_the_first_time(self, clickhouse):
        self.filled(clickhouse)
        late = version(4, 9, gap("input_recalled", f"entity/{SELLER}/entity-0~01234567"))
        load(clickhouse, "chain", block("chain", late))
        entity = {"code": SELLER, "name": "店", "status": "active", "publisher": SELLER, "received_at": NOW - 1}
        load(clickhouse, "event.entity", events("entity", entity))
        assert cited(self.told(clickhouse, limit=1)) == [[f"entity/{SELLER}/entity-0"]]

    def test_a_scope_shows_its_chains_and_its_causes(self, clickhouse):
        self.filled(clickhouse)
        assert self.told(clickhouse, ELSEWHERE).rows == []
        mine = self.told(clickhouse, Scope((Platform(PLATFORM),)))
        assert (len(mine.rows), cited(mine)) == (3, [[], [], [f"listing/{PLATFORM}/o1"]])
        assert sql.first_chain(clickhouse, ELSEWHERE, PLATFORM, "l1") is None

    def test_since_when_anything_is_known(self, clickhouse):
        self.filled(clickhouse)
        assert sql.first_chain(clickhouse, EVERYTHING, PLATFORM, "l1") == NOW
        assert sql.first_chain(clickhouse, EVERYTHING, PLATFORM, "l2") is None
        named = {"producer_code": MAKER, "gtin": GTIN, "lot": "L1"}
        assert sql.first_record(clickhouse, EVERYTHING, named) == NOW + MINUTE
        assert sql.first_record(clickhouse, EVERYTHING, named | {"lot": "L2"}) is None
        assert sql.first_record(clickhouse, ELSEWHERE, named) is None

    def test_by_what_had_happened_whenever_it_became_known(self, clickhouse):
        later = {"occurred_at": NOW + 10, "received_at": NOW + 20}
        load(clickhouse, "event.lot", events("lot", lot("end", "old"), lot("end", "new") | later, lot("new")))
        said = [
            chain(1, producer_code=MAKER, gtin=GTIN, lot="end"),
            chain(1, assessment=2, producer_code=MAKER, gtin=GTIN, lot="end", verdict="broken", as_of=NOW + 10),
        ]
        load(clickhouse, "chain", block("chain", *said))
        end = LotKey(MAKER, GTIN, "end")
        made_of = [
            {link.upstream.lot for link in trace_lot(clickhouse, EVERYTHING, end, None, by).links}
            for by in (NOW + 9, NOW + 10)
        ]
        assert made_of == [{"old"}, {"new"}]
        verdicts = [
            trace_listing(clickhouse, EVERYTHING, PLATFORM, "l1", None, by).chain["verdict"]
            for by in (NOW + 9, NOW + 10)
        ]
        assert verdicts == ["complete", "broken"]
        assert trace_listing(clickhouse, EVERYTHING, PLATFORM, "l1", NOW + 30, NOW - 1) is None
        offers = trace_lot_forward(clickhouse, EVERYTHING, end, None, NOW + 9).offers
        assert [offer.chain["verdict"] for offer in offers] == ["complete"]

    def test_too_many_ids_at_once_are_refused(self, clickhouse):
        with pytest.raises(SuyuanError, match="at most 100") as caught:
            sql.events_by_evidence(clickhouse, EVERYTHING, [f"lot/A/{number}" for number in range(101)])
        assert caught.value.kind is ErrorKind.USAGE
