"""The alerts that stand in the end are those of a plain reading of the input, whatever its order, its blocks, and
what is delivered again.
"""

import datetime as dt
import itertools
import random
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.domain.calendar import china_day
from suyuan.domain.rules.rule import Rule
from suyuan.streams.stages.risk.watch import make_watch


def rule(name, severity, expression, mode="active"):
    return Rule(name, 1, "试", "tried", severity, expression, "{sold_30d}", "{title} {complaints_7d}", "seller", mode)


WATCH = make_watch(
    (
        rule("recalled", "high", "array_contains(gap_names, 'lot_recalled')"),
        rule("contradicted", "critical", "verdict = 'contradicted' AND complaints_30d >= 1"),
        rule("week", "medium", "complaints_7d >= 2"),
        rule("popular", "low", "sold_30d >= 1000"),
        rule("shadow", "low", "TRUE", "shadow"),
    )
)
LISTINGS = "ab"
GAPS = [("lot_recalled", "contradicted"), ("inspection_failed", "contradicted"), ("product_unknown", "broken")]

gap_lists = st.lists(st.tuples(st.sampled_from(GAPS), st.integers(1, 2)), unique_by=lambda gap: gap[0], max_size=3)
chain_versions = st.lists(
    st.tuples(st.sampled_from(LISTINGS), st.integers(0, 40), gap_lists, st.sampled_from([1, 1000]), st.booleans()),
    max_size=6,
)
complaint_versions = st.lists(
    st.lists(st.tuples(st.sampled_from(LISTINGS), st.integers(0, 40)), min_size=1, max_size=3), max_size=4
)
turns = st.lists(st.integers(0, 60), max_size=3)


@dataclass
class Market:
    """Input rows by topic, and what is current among them."""

    rows: list[tuple[str, dict]]
    chains: dict[str, dict]
    complaints: list[tuple[str, dict]]
    day: dt.date

    def standing(self):
        """(rule, listing) -> severity and evidence but the listing's own event."""
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
        return alerts


def market(make, versions, complaints, days):
    rows, chains, current = [], {}, []
    for number, (listing, day, gaps, sold, removed) in enumerate(versions, start=1):
        found = [
            make["gap"](name, class_, evidence=[f"shop/{listing}-{number}", f"lab/{name}-{which}"])
            for (name, class_), which in gaps
        ]
        verdict = "removed" if removed else None
        row = make["chain"](listing, number, *found, day=day, sold_30d=sold, verdict=verdict)
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
    latest = [china_day(make["turn"](day)["occurred_at"]) for day in days]
    return Market(rows, chains, current, max(latest, default=dt.date.min))


def blocks_of(rows, chance):
    """Runs of rows of one topic, of chance length."""
    blocks = []
    for topic, row in rows:
        if blocks and blocks[-1][0] == topic and chance.random() < 0.6:
            blocks[-1][1].append(row)
        else:
            blocks.append((topic, [row]))
    return blocks


def play(partition, blocks, chance, losses):
    """All alert rows that got out. A lost turn has written its state and lost its output: the block comes again,
    perhaps after blocks of other topics.
    """
    heard = []
    waiting = {topic: [rows for name, rows in blocks if name == topic] for topic in ("chain", "risk.record")}
    waiting["risk.backlog"] = []
    done = dict.fromkeys(waiting, 0)
    applied = dict.fromkeys(waiting, -1)
    while topics := [topic for topic in waiting if len(waiting[topic]) > done[topic]]:
        topic = chance.choice(topics)
        offset = done[topic]
        alerts = partition.feed(topic, waiting[topic][offset], offset=offset, redelivered=applied[topic] >= offset)
        applied[topic] = offset
        lost = chance.random() < losses
        if not lost or chance.random() < 0.5:
            waiting["risk.backlog"] += partition.backlog
            heard += alerts
        partition.backlog.clear()
        if not lost:
            done[topic] += 1
    return heard


def standing(heard):
    newest = {}
    for alert in heard:
        known = newest.get(alert["alert_id"])
        if known is None or known["sequence"] <= alert["sequence"]:
            newest[alert["alert_id"]] = alert
    return {
        (alert["rule"], alert["listing_id"]): (
            alert["severity"],
            [one for one in alert["evidence"] if not one.startswith("shop/")],
        )
        for alert in newest.values()
        if alert["state"] == "raised"
    }


@settings(max_examples=150, deadline=None)
@given(chain_versions, complaint_versions, turns, st.integers(0, 2**32), st.sampled_from([0, 0.4]))
def test_the_same_alerts_stand(make_partition, gap, chain, complaint, turn, versions, complaints, days, seed, losses):
    make = {"gap": gap, "chain": chain, "complaint": complaint, "turn": turn}
    given_market = market(make, versions, complaints, days)
    chance = random.Random(seed)
    rows = chance.sample(given_market.rows, len(given_market.rows))
    partition = make_partition(WATCH, slice_rows=chance.choice([1, 2, 100]), later=True)
    heard = play(partition, blocks_of(rows, chance), chance, losses)
    assert standing(heard) == given_market.standing()
    if not losses:
        assert_told_once(heard)


def assert_told_once(heard):
    """1, 2, 3.. per alert, and each tells something new."""
    by_alert = {}
    for alert in heard:
        by_alert.setdefault(alert["alert_id"], []).append(alert)
    for told in by_alert.values():
        assert [alert["sequence"] for alert in told] == list(range(1, len(told) + 1))
        for before, after in itertools.pairwise(told):
            assert (before["state"] == "raised") == (after["change"] != "raised")
            assert "cleared" not in (before["change"], after["change"]) or before["state"] != after["state"]
