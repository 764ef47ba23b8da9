"""What those promise who answer: tables open here, a process that is asked over its socket, a server over HTTP."""

from __future__ import annotations

import datetime as dt
import inspect
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suyuan.access.scope import EVERYTHING, Division, OutsideScope, Platform, Publisher, Scope
from suyuan.domain.chain.verdict import VERDICTS
from suyuan.domain.evidence import evidence_id
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.alerts.filters import alert_matcher
from suyuan.queries import api
from suyuan.queries.alert_parts import part_of
from suyuan.queries.answers import plain
from suyuan.queries.api import (
    AboutNode,
    AlertFilter,
    Anew,
    AsKnown,
    AttemptFilter,
    ChainFilter,
    CheckFilter,
    DeadLetterFilter,
    FeedbackFilter,
    FindingFilter,
    FrameFilter,
    FromNode,
    OfAlert,
    OfDesks,
    OfDivision,
    OfDrawn,
    OfEntries,
    OfEvent,
    OfEvents,
    OfListing,
    OfListingEvents,
    OfLot,
    OfProducer,
    OfProduct,
    OfRecall,
    OrderFilter,
    Page,
    Queries,
    UnmatchedFilter,
)
from suyuan.queries.open_tables import OpenTables
from suyuan.queries.paging import MOST_ROWS, walk
from suyuan.queries.questions import EVERY_ALERT, EXPORTS, QUESTIONS
from suyuan.queries.registers import OfRegisters
from suyuan.schemas.kinds import BUSINESS_KEYS
from tests.queries.rows import AWAITED, CODES, EVENTS, PLATFORMS, REFUSED, SAID
from tests.sinks.rows import DIGEST, GTIN, NOW

ALL = Page(1_000)
FIRST = SAID["chain"][0]
LOT = SAID["lot"][0]
TODAY = dt.date(2026, 9, 22)
FRAME = FrameFilter(NOW, "verdict", VERDICTS, "title IS NOT NULL", weights=[("verdict = 'broken'", 3)])
ASKED = {
    "chains": (ChainFilter(), ALL),
    "chain": (OfListing(FIRST["platform_code"], "l0"),),
    "chain_history": (OfListing(FIRST["platform_code"], "l0"), ALL),
    "first_known": (OfLot(LOT["producer_code"], GTIN, "L0"),),
    "verdicts": (),
    "feedback": (FeedbackFilter(), ALL),
    "gap_counts": (FeedbackFilter(),),
    "alerts": (AlertFilter(), ALL),
    "alert": (OfAlert("a0"),),
    "alert_history": (OfAlert("a0"), ALL),
    "alert_acts": (OfAlert("a0"),),
    "findings": (FindingFilter(), ALL),
    "divisions": (OfDivision(None, TODAY),),
    "alert_budget": (OfDesks(None, NOW, 30),),
    "trace_back": (OfLot(LOT["producer_code"], GTIN, "L0"),),
    "trace_forward": (OfProducer(LOT["producer_code"]),),
    "hop": (FromNode(f"lot:{LOT['producer_code']}/{GTIN}/L0", "back"),),
    "records_about": (AboutNode(f"lot:{LOT['producer_code']}/{GTIN}/L0", 50),),
    "impact": (OfRecall(LOT["producer_code"], "R"),),
    "dead_letters": (DeadLetterFilter(), ALL),
    "whole_dead_letters": ([("in.lot", 0, 0)],),
    "replays": (("in.lot", 0, 0),),
    "events": ([f"{kind}/{SAID[kind][0]['publisher']}/{kind}-0" for kind in EVENTS],),
    "find": (SAID["chain"][0]["seller_code"],),
    "outcomes": (f"lot/{LOT['publisher']}/lot-0",),
    "assessed": (OfListingEvents(FIRST["platform_code"], [("l0", "e", "listing/P/e~0")]),),
    "known_events": (OfEvents("lot", [GTIN], [(LOT["publisher"], "lot-0", DIGEST)]),),
    "registers": (OfRegisters(["F-12"], ["330106"]),),
    "reused_ids": (),
    "undirected_alerts": (),
    "unmatched": (UnmatchedFilter(), ALL),
    "unmatched_counts": (UnmatchedFilter(),),
    "webhook_attempts": (AttemptFilter("s1"), ALL),
    "damage": (),
    "audit_entries": (0,),
    "audit_entries_of": (OfEvent("penalty", "P", "penalty-0"),),
    "audit_nodes": ([(0, 0), (1, 0)],),
    "audit_heads": (0,),
    "audit_checkpoints": (0,),
    "audit_cosigned": (),
    "audit_newest": (),
    "audited_events": (OfEntries("penalty", 0, 10),),
    "unentered": (1 << 60,),
    "frame": (FRAME, ALL),
    "check_acts": ("330100-",),
    "checks": (CheckFilter(), ALL),
    "public_check": ("330100-2026-1",),
    "outside_of_frame": (FRAME,),
    "drawn_listings": (OfDrawn([(FIRST["platform_code"], "l0")], NOW),),
    "orders": (OrderFilter(TODAY), ALL),
    "listings_as_known": (AsKnown(NOW, [(FIRST["platform_code"], "l0")]),),
    "check_results": ("330100-2026-7",),
    "chains_anew": (Anew(1 << 60, 10, 4),),
    "ping": (),
}
"""by method, what is asked for beside the scope"""
LISTS = {
    "chains": (ChainFilter(), ("platform_code", "listing_id")),
    "feedback": (FeedbackFilter(), ("platform_code", "listing_id")),
    "alerts": (AlertFilter(), ("alert_id",)),
    "findings": (FindingFilter(), ("alert_id", "finding_id")),
    "frame": (FRAME, ("id",)),
    "dead_letters": (DeadLetterFilter(), ("topic", "source_partition", "source_offset")),
    "webhook_attempts": (AttemptFilter("s1"), ("delivery", "attempt")),
    "unmatched": (UnmatchedFilter(), ("kind", "key", "missing", "gtin", "lot")),
    "orders": (OrderFilter(TODAY), ("order_no",)),
}
FOR_ALL_TO_SEE = {
    "ping",
    "webhook_attempts",
    "audit_checkpoints",
    "audit_cosigned",
    "audit_newest",
    "check_acts",
    "checks",
    "public_check",
    "check_results",
}
AUDIT = {"audit_entries", "audit_entries_of", "audit_nodes", "audit_heads", "audited_events", "unentered"}
OF_THE_WHOLE = {
    "frame",
    "registers",
    "listings_as_known",
    "whole_dead_letters",
    "replays",
    "damage",
    "chains_anew",
    "undirected_alerts",
    *AUDIT,
}
TRACES = {"trace_back", "trace_forward"}
NARROW = Scope((Division("33"), Platform(PLATFORMS[0]), Publisher(next(iter(CODES)))))
parts = (
    st.sampled_from(["", "3", "33", "3301", "330106", "31", "65"]).map(Division)
    | st.sampled_from([*PLATFORMS, "nobody"]).map(Platform)
    | st.sampled_from([*CODES, PLATFORMS[0], "nobody"]).map(Publisher)
)
scopes = st.lists(parts, min_size=1, max_size=3).map(lambda some: Scope(tuple(some)))
often = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def test_there_is_a_method_for_each_question_and_each_wants_a_scope():
    methods = {name for name in vars(Queries) if not name.startswith("_")} - {"answer", "spool", "export"}
    assert methods == set(QUESTIONS) == set(ASKED)
    for name in methods:
        scope = inspect.signature(getattr(Queries, name)).parameters["scope"]
        assert scope.default is inspect.Parameter.empty


@pytest.mark.parametrize("name", ASKED)
def test_each_question_is_answered_as_by_the_tables_themselves(queries, name, request):
    """But for what depends on when rows were loaded, and on chance."""

    answer = getattr(queries, name)(EVERYTHING, *ASKED[name])
    expected = getattr(OpenTables(request.getfixturevalue("embedded")), name)(EVERYTHING, *ASKED[name])
    if name in {"alert_history", "chains_anew"}:
        assert type(answer) is type(expected)
    else:
        assert answer == expected


def test_answers_are_typed_and_plain(queries):
    chain = queries.chain(EVERYTHING, OfListing(FIRST["platform_code"], "l0"))
    assert (chain.gaps[0].class_, chain.nodes[0].name, chain.received_at) == ("broken", "卖家", NOW)
    assert list(plain(chain))[:3] == ["platform_code", "listing_id", "verdict"]
    assert plain(chain)["gaps"][0]["class"] == "broken"
    assert queries.chain(EVERYTHING, OfListing(PLATFORMS[0], "nobody")) is None
    (event,) = queries.events(EVERYTHING, [f"lot/{LOT['publisher']}/lot-0"])
    assert plain(event)["produced_on"] == "2026-09-01"
    trace = queries.trace_forward(EVERYTHING, OfLot(LOT["producer_code"], GTIN, "L0"))
    assert trace.lots[0].record["lot"] == "L0"
    assert trace.lots[0].producer["code"] == LOT["producer_code"]
    assert [lot.key.lot for lot in queries.trace_forward(EVERYTHING, OfProduct("unheard of")).lots] == []
    (letter,) = queries.whole_dead_letters(EVERYTHING, [("in.lot", 0, 0)])
    assert letter.payload == "00ff"
    assert queries.damage(EVERYTHING) == []


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("limit", [1, 15])
def test_pages_are_the_whole_list_in_its_order(queries, name, limit):
    wanted, key = LISTS[name]
    question = getattr(queries, name)
    whole = question(EVERYTHING, wanted, ALL)
    assert not whole.more
    assert len(whole.rows) >= 15
    if limit == 1:
        whole.rows[5:] = []
    rows, page = [], Page(limit)
    while len(rows) < len(whole.rows):
        found = question(EVERYTHING, wanted, page)
        assert 1 <= len(found.rows) <= limit
        rows += found.rows
        page = Page(limit, found.after)
    assert rows == whole.rows
    assert len({tuple(str(getattr(row, each)) for each in key) for row in rows}) == len(rows)


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
@pytest.mark.parametrize("limit", [None, 7, MOST_ROWS + 1])
def test_a_whole_list_is_its_pages_in_their_order(queries, export, limit):
    name = export.pages.name
    wanted, _ = LISTS[name]
    rows = list(queries.export(export, EVERYTHING, wanted, limit))
    assert rows == getattr(queries, name)(EVERYTHING, wanted, ALL).rows[:limit]
    assert len(rows) >= 7


def test_a_whole_list_has_the_first_rows_that_are_wanted(queries, monkeypatch):
    monkeypatch.setattr(api, "MOST_ROWS", 0)
    whole = queries.alerts(EVERYTHING, AlertFilter(), ALL).rows
    assert list(queries.export(EVERY_ALERT, EVERYTHING, AlertFilter(), 7)) == whole[:7]
    assert list(queries.export(EVERY_ALERT, EVERYTHING, AlertFilter(rule=("unheard of",)))) == []


@pytest.mark.parametrize("export", EXPORTS.values(), ids=EXPORTS)
def test_a_whole_list_is_told_to_nobody_who_may_not_see_it(queries, export):
    with pytest.raises(OutsideScope, match="cannot be told for nothing"):
        list(queries.export(export, Scope(()), LISTS[export.pages.name][0]))


@pytest.mark.parametrize("name", LISTS)
def test_a_place_in_another_list_is_refused(queries, name):
    with pytest.raises(SuyuanError, match="no place in this list") as caught:
        getattr(queries, name)(EVERYTHING, LISTS[name][0], Page(5, ("x",) * 9))
    assert caught.value.kind is ErrorKind.USAGE


def test_behind_the_last_row_is_a_page_without_rows_from_which_one_can_go_on(queries):
    whole = queries.alert_history(EVERYTHING, OfAlert("a0"), ALL)
    assert whole.rows
    end = queries.alert_history(EVERYTHING, OfAlert("a0"), Page(5, whole.after))
    assert (end.rows, end.after, end.more) == ([], whole.after, False)


@pytest.mark.parametrize("name", sorted(set(ASKED) - FOR_ALL_TO_SEE))
def test_who_may_see_nothing_is_told_so(queries, name):
    with pytest.raises(OutsideScope, match="cannot be told for nothing"):
        assert getattr(queries, name)(Scope(()), *ASKED[name]) != []


@pytest.mark.parametrize("name", sorted(OF_THE_WHOLE | TRACES))
def test_what_cannot_be_told_in_part_is_refused(queries, name):
    with pytest.raises(OutsideScope, match="that takes a scope of everything") as caught:
        getattr(queries, name)(NARROW, *ASKED[name])
    assert caught.value.kind is ErrorKind.USAGE


@pytest.mark.parametrize("name", sorted(TRACES))
def test_who_may_see_the_whole_country_may_trace(queries, name):
    whole = Scope((Division(""),))
    assert getattr(queries, name)(whole, *ASKED[name]) == getattr(queries, name)(EVERYTHING, *ASKED[name])


@pytest.mark.parametrize(
    "name", ["chains", "verdicts", "chain", "feedback", "gap_counts", "alerts", "alert_history", "alert_acts"]
)
def test_what_nobody_published_is_no_publishers(queries, name):
    with pytest.raises(OutsideScope):
        getattr(queries, name)(Scope((Publisher(next(iter(CODES))),)), *ASKED[name])


@often
@given(scope=scopes)
def test_chains_are_those_of_the_scope_and_no_others(queries, scope):
    expected = {(row["platform_code"], row["listing_id"]) for row in SAID["chain"] if sees_chain(scope, row)}
    if only_publishers(scope):
        return
    found = walk(partial(queries.chains, scope, ChainFilter()))
    assert {(row.platform_code, row.listing_id) for row in found} == expected
    assert sum(queries.verdicts(scope).values()) == len(expected)
    for row in SAID["chain"][:3]:
        one = queries.chain(scope, OfListing(row["platform_code"], row["listing_id"]))
        assert (one is not None) == ((row["platform_code"], row["listing_id"]) in expected)


@often
@given(scope=scopes)
def test_feedback_and_its_counts_are_of_the_scope_and_no_others(queries, scope):
    if only_publishers(scope):
        return
    seen = [row for row in SAID["chain"] if sees_chain(scope, row)]
    found = queries.feedback(scope, FeedbackFilter(), ALL).rows
    assert {(row.platform_code, row.listing_id) for row in found} == {
        (row["platform_code"], row["listing_id"]) for row in seen if row["gap_names"]
    }
    counts = queries.gap_counts(scope, FeedbackFilter())
    assert counts.verdicts == Counter(row["verdict"] for row in seen)
    assert counts.gaps == Counter(gap for row in seen for gap in row["gap_names"])


def test_feedback_is_of_the_platform_and_the_gap_that_are_asked_for(queries):
    wanted = FeedbackFilter(PLATFORMS[0].lower(), gap="lot_unknown", verdict="broken")
    found = queries.feedback(EVERYTHING, wanted, ALL).rows
    expected = [
        row
        for row in SAID["chain"]
        if row["gap_names"] and row["platform_code"] == PLATFORMS[0] and row["verdict"] == "broken"
    ]
    assert {row.listing_id for row in found} == {row["listing_id"] for row in expected}
    assert len(found) > 1
    assert queries.gap_counts(EVERYTHING, wanted).gaps == {"lot_unknown": len(expected)}
    assert queries.feedback(EVERYTHING, FeedbackFilter(gap="oversold"), ALL).rows == []
    (one,) = queries.feedback(EVERYTHING, FeedbackFilter(PLATFORMS[0], listing_id=found[0].listing_id), ALL).rows
    assert one == found[0]


ALERT_IDS = sorted({row["alert_id"] for row in SAID["alert"]})


@often
@given(scope=scopes, asked=st.lists(st.sampled_from(ALERT_IDS), min_size=6, max_size=6, unique=True))
def test_alerts_and_their_changes_are_those_of_the_scope_and_no_others(queries, scope, asked):
    """Of some alerts at a time: each is a question of its own."""
    if only_publishers(scope):
        return
    expected = {row["alert_id"] for row in SAID["alert"] if sees_alert(scope, row)}
    assert {row.alert_id for row in queries.alerts(scope, AlertFilter(), ALL).rows} == expected
    for alert_id in asked:
        changes = queries.alert_history(scope, OfAlert(alert_id), ALL).rows
        assert {row.alert_id for row in changes} == {alert_id} & expected


@often
@given(scope=scopes)
def test_an_alert_is_there_for_whom_the_list_shows_it_and_for_nobody_else(queries, scope):
    if only_publishers(scope):
        return
    row = SAID["alert"][0]
    named, seen = OfAlert(row["alert_id"]), sees_alert(scope, row)
    found, history = queries.alert(scope, named), queries.alert_history(scope, named, ALL).rows
    assert (found is not None, [change.sequence for change in history]) == (seen, [1] * seen)
    assert queries.alert(EVERYTHING, OfAlert("nobody's")) is None


def test_attempts_are_those_of_the_subscription_and_of_what_is_wanted_of_it(queries):
    def found(wanted):
        return [(row.delivery, row.attempt) for row in queries.webhook_attempts(EVERYTHING, wanted, ALL).rows]

    of_first = found(AttemptFilter("s1"))
    assert of_first == sorted(of_first, key=lambda each: (-(int(each[0][1]) + each[1]), each[0], -each[1]))
    assert found(AttemptFilter("s2")) == [("a0.1.s2", 1)]
    assert found(AttemptFilter("s1", "a2.1.s1")) == [("a2.1.s1", attempt) for attempt in (5, 4, 3, 2, 1)]
    assert found(AttemptFilter("s1", outcome="delivered")) == [(f"a{number}.1.s1", 5) for number in (3, 2, 1, 0)]
    assert found(AttemptFilter("nobody")) == []


@often
@given(scope=scopes, prefix=st.sampled_from([None, "", "3", "33", "3301", "330106", "31", "65"]))
def test_figures_of_divisions_are_those_of_the_scope_and_no_others(queries, scope, prefix):
    if not scope.divisions:
        with pytest.raises(OutsideScope):
            queries.divisions(scope, OfDivision(prefix, TODAY))
        return
    wanted = min(scope.divisions, key=lambda each: (len(each), each)) if prefix is None else prefix
    found = queries.divisions(scope, OfDivision(prefix, TODAY))
    assert (found is not None) == any(wanted.startswith(each) for each in scope.divisions)
    if found is None:
        return
    digits = {0: 2, 1: 2, 2: 4}.get(len(wanted), 6)
    sold = Counter(row["seller_division"] or row["producer_division"] or "" for row in SAID["chain"])
    raised = Counter((row["bureau"] or "", row["severity"]) for row in SAID["alert"] if row["state"] == "raised")
    listings, high = Counter(), Counter()
    for division, count in sold.items():
        listings[division[:digits] or None] += count * division.startswith(wanted)
    for (bureau, severity), count in raised.items():
        high[bureau[:digits] or None] += count * bureau.startswith(wanted) * (severity == "high")
    assert {part.division: part.listings for part in found.parts if part.listings} == +listings
    assert {part.division: part.open_high for part in found.parts if part.open_high} == +high
    assert (found.whole.listings, found.whole.open_high) == (listings.total(), high.total())


@often
@given(scope=scopes, prefix=st.sampled_from([None, "", "3", "33", "3301", "330106", "31", "65"]))
def test_the_alert_budget_is_that_of_the_desks_of_the_scope(queries, scope, prefix):
    if not scope.divisions:
        with pytest.raises(OutsideScope):
            queries.alert_budget(scope, OfDesks(prefix, NOW, 30))
        return
    seen = scope.divisions if prefix is None else (prefix,)
    found = queries.alert_budget(scope, OfDesks(prefix, NOW, 30))
    assert (found is not None) == (prefix is None or any(prefix.startswith(each) for each in scope.divisions))
    if found is None:
        return
    bureaus = [row["bureau"] or "" for row in SAID["alert"] if (row["bureau"] or "").startswith(seen)]
    waits = [row for row in SAID["alert"] if row["state"] == "raised" and row["handling"] != "resolved"]
    open_ = Counter(row["bureau"] or "" for row in waits if (row["bureau"] or "").startswith(seen))
    assert {desk.bureau for desk in found.desks} == set(bureaus)
    assert {desk.bureau: desk.open for desk in found.desks if desk.open} == open_


wanted_alerts = st.builds(
    AlertFilter,
    severity=st.sampled_from([(), (), ("high",), ("high", "critical"), ("low", "high"), ("nothing",)]),
    state=st.sampled_from([None, None, "raised", "cleared"]),
    rule=st.sampled_from([(), ("recalled_on_sale",), ("nobody", "recalled_on_sale")]),
    platform_code=st.sampled_from([(), PLATFORMS, (PLATFORMS[0].lower(),), ("nobody",)]),
    handling=st.sampled_from([(), (), (), ("open",), ("assigned", "resolved")]),
    assignee=st.sampled_from([(), (), (), (), ("somebody", "nobody")]),
    subject=st.sampled_from([None, None, None, None, SAID["alert"][1]["subject"], SAID["alert"][-1]["subject"]]),
    bureau=st.sampled_from([(), ("33",), ("330106", "31"), ("9",)]),
    seller_code=st.sampled_from([(), (), tuple(CODES), tuple(list(CODES)[:4])]),
    since=st.sampled_from([None, NOW, NOW + 4, NOW + 99]),
)


@settings(often, max_examples=60)
@given(scope=scopes, wanted=wanted_alerts)
def test_an_alert_at_hand_is_held_to_scope_and_filter_as_the_tables_hold_it(queries, scope, wanted):
    """Else a live feed shows what the list does not, or the other way about."""
    if only_publishers(scope):
        return
    matches = alert_matcher(replace(wanted, seller_code=()))
    everything = queries.alerts(EVERYTHING, AlertFilter(), ALL).rows
    parts = [part for alert in everything if (part := part_of(scope, alert)) is not None and matches(part)]
    if wanted.seller_code:  # of many listings: only tables know
        sold = {row["alert_id"] for row in SAID["finding"] if is_of(row, wanted.seller_code, scope)}
        parts = [part for part in parts if part.alert_id in sold or part.seller_code in wanted.seller_code]
    assert queries.alerts(scope, wanted, ALL).rows == parts


def is_of(row, sellers, scope):
    return row["change"] != "cleared" and row["seller_code"] in sellers and sees_finding(scope, row)


@often
@given(scope=scopes)
def test_findings_are_those_of_the_scope_and_no_others_and_of_each_alert_those_that_stand_first(queries, scope):
    if only_publishers(scope):
        return
    seen = [row for row in SAID["finding"] if sees_finding(scope, row)]
    expected = sorted((row["alert_id"], row["change"] == "cleared", row["finding_id"]) for row in seen)
    found = queries.findings(scope, FindingFilter(), ALL).rows
    assert [(row.alert_id, row.change == "cleared", row.finding_id) for row in found] == expected
    for alert_id in ("g2", "g3"):
        for standing in (None, True, False):
            named = FindingFilter(alert_id=alert_id, standing=standing)
            those = [each for each in expected if each[0] == alert_id and standing in {None, not each[1]}]
            assert [row.finding_id for row in queries.findings(scope, named, ALL).rows] == [each[2] for each in those]


def test_findings_of_alerts_that_are_wanted(queries):
    assigned = FindingFilter(alerts=AlertFilter(handling=("assigned",)))
    found = {row.alert_id for row in queries.findings(EVERYTHING, assigned, ALL).rows}
    assert found == {"g1", "g3", "g5", "g7"}


def test_a_platform_is_told_its_own_part_of_an_alert_and_nothing_of_others(queries):
    scope = Scope((Platform(PLATFORMS[1]),))
    every = {alert.alert_id: alert for alert in queries.alerts(EVERYTHING, AlertFilter(), ALL).rows}
    shared = [alert for alert in every.values() if len(alert.platforms) > 1]
    assert len(shared) > 1
    for alert in shared:
        own = queries.alert(scope, OfAlert(alert.alert_id))
        assert [each.platform_code for each in own.platforms] == [PLATFORMS[1]]
        assert own.listings == own.platforms[0].listings < alert.listings
        assert (own.assignee, own.actor, own.handling) == (None, None, alert.handling)
        others = alert.evidence[0].startswith(f"listing/{PLATFORMS[0]}/")
        assert (own.evidence, own.triggering) == (([], "") if others else (alert.evidence, alert.triggering))
        assert queries.alert_history(scope, OfAlert(alert.alert_id), ALL).rows[0].platforms == own.platforms
        assert own in list(queries.export(EVERY_ALERT, scope, AlertFilter()))
        assert own not in queries.alerts(scope, AlertFilter(platform_code=(PLATFORMS[0],)), ALL).rows


def test_an_alert_about_a_lot_is_found_by_a_listing_that_it_covers(queries):
    row, gone = SAID["finding"][0], SAID["finding"][2]
    assert gone["change"] == "cleared"

    def found(listing, scope=EVERYTHING):
        wanted = AlertFilter(listing=(listing["platform_code"].lower(), listing["listing_id"]))
        return {alert.alert_id for alert in queries.alerts(scope, wanted, ALL).rows}

    assert row["alert_id"] in found(row)
    assert gone["alert_id"] not in found(gone)
    assert found(SAID["alert"][0]) == {"a0"}
    assert row["alert_id"] not in found(row, Scope((Platform("nobody"),)))


@often
@given(scope=scopes)
def test_events_are_those_of_the_scope_and_no_others(queries, scope):
    ids = {
        f"{kind}/{row['publisher']}/{kind}-{number}": sees_event(scope, row)
        for kind in EVENTS
        for number, row in enumerate(SAID[kind])
    }
    found = {event.evidence.partition("~")[0] for event in queries.events(scope, list(ids))}
    assert found == {evidence for evidence, seen in ids.items() if seen}


def test_what_became_of_an_event_is_told_with_what_was_refused_under_its_name(queries):
    row = SAID["lot"][0]
    name = f"lot/{row['publisher']}/lot-0"
    (taken,) = queries.outcomes(EVERYTHING, name)
    assert (taken.evidence, taken.outcome, taken.reused_id) == (f"{name}~{DIGEST[:8]}", "accepted", False)
    assert (taken.fields["lot"], plain(taken)["lot"]) == ("L0", "L0")
    refused = evidence_id("lot", REFUSED["publisher"], REFUSED["event_id"])
    (dead,) = queries.outcomes(EVERYTHING, refused)
    assert dead.evidence == refused
    assert (dead.outcome, dead.field, dead.reason) == ("dead_letter", "gtin", "fails its check digit")
    assert (dead.topic, dead.source_partition, dead.source_offset) == ("in.lot", 0, 900)
    assert queries.outcomes(Scope((Publisher(REFUSED["publisher"]),)), dead.evidence) == [dead]
    assert queries.outcomes(Scope((Publisher("nobody"),)), dead.evidence) == []
    assert queries.outcomes(EVERYTHING, evidence_id("entity", REFUSED["publisher"], REFUSED["event_id"])) == []


def test_a_publishers_dead_letters_are_those_that_name_it(queries):
    for part in (Publisher(REFUSED["publisher"]), Platform(REFUSED["publisher"])):
        found = queries.dead_letters(Scope((part,)), DeadLetterFilter(), ALL).rows
        assert [(row.topic, row.source_offset) for row in found] == [("in.lot", 900)]
        assert found[0].event_id == REFUSED["event_id"]
    assert queries.dead_letters(Scope((Publisher("nobody"),)), DeadLetterFilter(), ALL).rows == []
    with pytest.raises(OutsideScope):
        queries.dead_letters(Scope((Division(""),)), DeadLetterFilter(), ALL)


def test_known_events_are_those_that_say_the_same(queries):
    row = SAID["lot"][3]
    known, other = (row["publisher"], "lot-3", DIGEST), (row["publisher"], "lot-3", "f" * 16)
    wanted = OfEvents("lot", [GTIN], [known, other])
    assert queries.known_events(EVERYTHING, wanted) == [known]
    assert queries.known_events(Scope((Publisher("nobody"),)), wanted) == []


def test_a_listing_event_is_assessed_once_the_chain_rests_on_the_listings_current_one(queries):
    platform = AWAITED["platform_code"]
    refs = {name: f"listing/{platform}/{name}~{DIGEST[:8]}" for name in ("late", "now", "early", "unheard-of")}
    wanted = OfListingEvents(platform, [("awaited", name, ref) for name, ref in refs.items()])
    found = queries.assessed(EVERYTHING, wanted)
    assert {row.evidence for row in found} == {refs["early"], refs["now"]}
    assert {(row.listing_id, row.verdict, row.listing_event) for row in found} == {("awaited", "broken", refs["now"])}
    waiting = OfListingEvents(platform, [("waiting", "next", f"listing/{platform}/next~{DIGEST[:8]}")])
    assert queries.assessed(EVERYTHING, waiting) == []
    assert queries.assessed(Scope((Platform("nobody"),)), wanted) == []


@often
@given(scope=scopes)
def test_records_that_match_nothing_are_those_of_the_scope_and_no_others(queries, scope):
    if not scope.divisions and not scope.publishers:
        with pytest.raises(OutsideScope):
            queries.unmatched_counts(scope, UnmatchedFilter())
        return
    expected = {
        (kind, row["shipment_id"] if kind == "shipment" else row["lot"], row["publisher"])
        for kind in ("shipment", "lot")
        for row in SAID[kind]
        if sees_event(scope, row)
    }
    rows = queries.unmatched(scope, UnmatchedFilter(), ALL).rows
    number = {"shipment": BUSINESS_KEYS["shipment"].index("shipment_id"), "lot": BUSINESS_KEYS["lot"].index("lot")}
    assert {(row.kind, row.key[number[row.kind]], row.publisher) for row in rows} == expected
    counts = queries.unmatched_counts(scope, UnmatchedFilter())
    assert counts["shipment"] + counts["lot"] == len(expected)


def test_alerts_of_which_no_division_is_known_are_counted_the_gravest_first(queries):
    standing = [row for row in SAID["alert"] if row["state"] == "raised" and row["bureau_why"].startswith("unknown")]
    counts = queries.undirected_alerts(EVERYTHING)
    assert counts == {severity: sum(row["severity"] == severity for row in standing) for severity in ("high", "low")}
    assert list(counts) == ["high", "low"]


def only_publishers(scope):
    return not scope.divisions and not scope.platforms


def is_in(scope, *divisions):
    return any((division or "").startswith(prefix) for prefix in scope.divisions for division in divisions)


def sees_chain(scope, row):
    return is_in(scope, row["seller_division"], row["producer_division"]) or row["platform_code"] in scope.platforms


def sees_alert(scope, row):
    platforms = {each["platform_code"] for each in row["platforms"]}
    divisions = (row.get("seller_division"), row["producer_division"], row["bureau"])
    return is_in(scope, *divisions) or not platforms.isdisjoint(scope.platforms)


def sees_finding(scope, row):
    return is_in(scope, row["seller_division"], row["bureau"]) or row["platform_code"] in scope.platforms


def sees_event(scope, row):
    parties = ("code", "seller_code", "producer_code", "from_code", "to_code")
    return (
        is_in(scope, *(CODES[row[name]] for name in parties if row.get(name)))
        or row.get("platform_code") in scope.platforms
        or row["publisher"] in scope.publishers
    )


@often
@given(scope=scopes)
def test_orders_are_those_of_the_bureaus_and_platforms_of_the_scope(queries, scope):
    def seen(row):
        of_bureau = any(row["check_id"].startswith(prefix) for prefix in scope.divisions)
        return of_bureau or row["platform_code"] in scope.platforms

    if not scope.divisions and not scope.platforms:
        with pytest.raises(OutsideScope):
            queries.orders(scope, OrderFilter(TODAY), ALL)
        return
    found = queries.orders(scope, OrderFilter(TODAY), ALL).rows
    assert {row.order_no for row in found} == {row["order_no"] for row in SAID["order"] if seen(row)}
    places = [(-row.occurred_at, row.check_id, int(row.order_no.split("-")[-1])) for row in found]
    assert places == sorted(places)
