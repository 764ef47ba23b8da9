"""The findings that stand in the end, and the alerts that they belong to, are those of a plain reading of the input,
whatever its order, its blocks, and what is delivered again.
"""

import datetime as dt
import itertools
import random
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.domain.alerts.subject import alert_id_about, finding_id
from suyuan.domain.calendar import china_day
from suyuan.domain.records import Bureau, decode_record
from suyuan.domain.rules.jurisdiction import charge
from suyuan.domain.rules.rule import Rule
from suyuan.streams.stages.risk.watch import make_watch
from tests.streams.stages.played import blocks_of, play
from tests.streams.stages.risk.conftest import PLATFORM


def rule(name, severity, expression, mode="active", about="listing"):
    words = ("试", "tried", severity, expression, "{sold_30d}", "{title} {complaints_7d}")
    return Rule(name, 1, *words, mode=mode, about=about)


WATCH = make_watch(
    (
        rule("recalled", "high", "array_contains(gap_names, 'lot_recalled')", about="lot"),
        rule("contradicted", "critical", "verdict = 'contradicted' AND complaints_30d >= 1"),
        rule("week", "medium", "complaints_7d >= 2"),
        rule("popular", "low", "sold_30d >= 1000", about="seller"),
        rule("shadow", "low", "TRUE", "shadow"),
    )
)
LISTINGS = "ab"
GAPS = [("lot_recalled", "contradicted"), ("inspection_failed", "contradicted"), ("product_unknown", "broken")]

gap_lists = st.lists(st.tuples(st.sampled_from(GAPS), st.integers(1, 2)), unique_by=lambda gap: gap[0], max_size=3)
chain_versions = st.lists(
    st.tuples(
        st.sampled_from(LISTINGS),
        st.integers(0, 40),
        gap_lists,
        st.sampled_from([1, 1000]),
        st.booleans(),
        st.sampled_from([("330106", "B1"), ("330106", "B2"), ("440305", "B1"), ("330191", "B1"), ("330106", None)]),
    ),
    max_size=6,
)
complaint_versions = st.lists(
    st.lists(st.tuples(st.sampled_from(LISTINGS), st.integers(0, 40)), min_size=1, max_size=3), max_size=4
)
turns = st.lists(st.integers(0, 60), max_size=3)
divisions = st.sampled_from(["330106", "330191", "440305"])
bureau_versions = st.lists(st.tuples(divisions, divisions | st.none()), max_size=4)


@dataclass
class Market:
    """Input rows by topic, and what is current among them."""

    rows: list[tuple[str, dict]]
    chains: dict[str, dict]
    complaints: list[tuple[str, dict]]
    day: dt.date
    bureaus: dict[str, Bureau]

    def standing(self):
        """(rule, listing) -> severity, evidence but the listing's own event, gaps, subject, bureau and why."""
        alerts = {}
        for listing, row in self.chains.items():
            if row["verdict"] == "removed":
                continue
            dated = [
                (china_day(one["occurred_at"]), f"complaint/{one['publisher']}/{one['event_id']}~{one['digest']}")
                for where, one in self.complaints
                if where == listing
            ]
            today = max([self.day, china_day(row["listed_at"]), *(on for on, _ in dated)])
            week, month = ([name for on, name in dated if on > today - dt.timedelta(days)] for days in (7, 30))
            evidence = {gap["gap"]: gap["evidence"][1:] for gap in row["gaps"]}
            worst = [one for gap in row["gaps"] if gap["class"] == "contradicted" for one in gap["evidence"][1:]]
            if "lot_recalled" in evidence:
                alerts["recalled", listing] = ("high", sorted(evidence["lot_recalled"]))
            if worst and month:
                alerts["contradicted", listing] = ("critical", sorted({*worst, *month}))
            if len(week) >= 2:
                alerts["week", listing] = ("medium", sorted(week))
            if row["sold_30d"] >= 1000:
                alerts["popular", listing] = ("low", [])
        return {
            (name, listing): (severity, evidence, *self.place(name, self.chains[listing]))
            for (name, listing), (severity, evidence) in alerts.items()
        }

    def place(self, name, row):
        code, lot = row["platform_code"], row["lot"]
        node = f"listing:{code}/{row['listing_id']}"
        if name == "popular":
            node = f"entity:{row['seller_code']}"
        elif name == "recalled" and lot:
            node = f"lot:{row['producer_code']}/{row['gtin']}/{lot}"
        in_charge = charge("seller", "county", row["seller_division"], row["producer_division"], self.bureaus)
        return row["gap_names"], node, *in_charge


def market(make, versions, complaints, days, bureaus):
    rows, chains, current = [], {}, []
    for number, (listing, day, gaps, sold, removed, (division, lot)) in enumerate(versions, start=1):
        found = [
            make["gap"](name, class_, evidence=[f"shop/{listing}-{number}", f"lab/{name}-{which}"])
            for (name, class_), which in gaps
        ]
        verdict = "removed" if removed else None
        place = {"seller_division": division, "lot": lot}
        row = make["chain"](listing, number, *found, day=day, sold_30d=sold, verdict=verdict, **place)
        rows.append(("chain", row))
        chains[listing] = row
    for key, history in enumerate(complaints):
        # as intake tells it: what has moved to another listing is retracted where it was
        history.sort(key=lambda version: version[1])
        for number, (listing, day) in enumerate(history):
            row = make["complaint"](str(key), listing, day, number)
            rows.append(("risk.record", row))
            if number + 1 == len(history):
                current.append((listing, row))
            elif history[number + 1][0] != listing:
                rows.append(("risk.record", row | {"retracted": True}))
    rows += [("risk.record", make["turn"](day)) for day in days]
    records = [make["bureau"](division, heir, number) for number, (division, heir) in enumerate(bureaus)]
    rows += [("risk.record", row) for row in records]
    known = {row["key"]: decode_record("bureau", row["body"]) for row in records}
    latest = [china_day(make["turn"](day)["occurred_at"]) for day in days]
    return Market(rows, chains, current, max(latest, default=dt.date.min), known)


def standing(heard):
    newest = {}
    for finding in heard:
        known = newest.get(finding["finding_id"])
        if known is None or known["sequence"] <= finding["sequence"]:
            newest[finding["finding_id"]] = finding
    return {
        (finding["rule"], finding["listing_id"]): (
            finding["severity"],
            [one for one in finding["evidence"] if not one.startswith("shop/")],
            *(finding[name] for name in ("gap_names", "subject", "bureau", "bureau_why")),
        )
        for finding in newest.values()
        if finding["change"] != "cleared"
    }


def standing_in_alerts(heard):
    """(rule, listing) -> the alerts in which a finding stands, by what each of them was told."""
    newest = {}
    for finding in heard:
        name = finding["alert_id"], finding["finding_id"]
        if name not in newest or newest[name]["sequence"] <= finding["sequence"]:
            newest[name] = finding
    alerts = {}
    for finding in newest.values():
        if finding["change"] != "cleared":
            alerts.setdefault((finding["rule"], finding["listing_id"]), []).append(finding["alert_id"])
    return alerts


@settings(max_examples=150, deadline=None)
@given(chain_versions, complaint_versions, turns, bureau_versions, st.integers(0, 2**32), st.sampled_from([0, 0.4]))
def test_the_same_findings_stand(
    make_partition, gap, chain, complaint, turn, bureau, versions, complaints, days, bureaus, seed, losses
):
    make = {"gap": gap, "chain": chain, "complaint": complaint, "turn": turn, "bureau": bureau}
    given_market = market(make, versions, complaints, days, bureaus)
    chance = random.Random(seed)
    rows = chance.sample(given_market.rows, len(given_market.rows))
    partition = make_partition(WATCH, slice_rows=chance.choice([1, 2, 100]), later=True)
    topics = {"inputs": ("chain", "risk.record"), "backlog": "risk.backlog"}
    heard = play(partition, blocks_of(rows, chance), chance, losses, **topics)
    expected = given_market.standing()
    assert standing(heard) == expected
    in_alerts = standing_in_alerts(heard)
    assert in_alerts.keys() == expected.keys()
    for (name, listing), (*_, node, desk, _) in expected.items():
        one_listing = node.startswith("listing:")
        named = finding_id(name, PLATFORM, listing) if one_listing else alert_id_about(name, node, desk)
        assert in_alerts[name, listing] == [named]
    if not losses:
        assert_told_once(heard)


def assert_told_once(heard):
    """1, 2, 3.. per finding, and each tells something new."""
    by_finding = {}
    for finding in heard:
        by_finding.setdefault(finding["finding_id"], []).append(finding)
    for told in by_finding.values():
        assert [finding["sequence"] for finding in told] == list(range(1, len(told) + 1))
        for before, after in itertools.pairwise(told):
            assert (before["change"] == "cleared") == (after["change"] == "raised")
            assert (before["change"], after["change"]) != ("cleared", "cleared")
