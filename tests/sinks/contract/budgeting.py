"""What is told of desks and their alert budget: the figures of a plain recount of every row of every alert."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict

import pytest
from prometheus_client import REGISTRY

from suyuan.access.scope import EVERYTHING, Division, OutsideScope, Platform, Scope
from suyuan.queries.budget import RULES_OF_A_DESK, OfDesks, alert_budget
from suyuan.queries.metrics import forget_desks
from suyuan.runtime.desk_figures import ASK_SECONDS, LOOK_SECONDS, SHARE, DeskFigures
from tests.sinks.contract.views import load
from tests.sinks.rows import NOW, alert, block, events

DAY = 86_400_000
CHINA = 8 * 3_600_000
DESKS = ("330106", "330203", "330100", "510104", "100000")
RULES = ("recalled_on_sale", "oversold", "lot_invented", "custody_missing", "gtin_fake")
OFFICERS = {"330106": 4, "330203": 0, "330100": None}


def day_of(ms):
    return dt.date.fromordinal(dt.date(1970, 1, 1).toordinal() + (ms + CHINA) // DAY)


TODAY = day_of(NOW)
MIDNIGHT = NOW - (NOW + CHINA) % DAY
"""with which today begins in China"""


def bureaus(**more):
    """A record of each desk of OFFICERS."""
    of = {"level": "county", "status": "active", "name_zh": "市场监督管理局", "name_en": "Market regulator"}
    return events("bureau", *(of | {"division": desk, "officers": some} | more for desk, some in OFFICERS.items()))


def life_of(name, chance):
    """Rows of one alert over a fortnight: raised, cleared, handed on, dealt with, as stages say it."""
    rule, desk, row = chance.choice(RULES), chance.choice(DESKS), None
    at = NOW - chance.randrange(14 * DAY)
    for sequence in range(1, chance.randint(2, 8)):
        was = row or {"state": "cleared", "handling": "open"}
        change = "raised" if was["state"] == "cleared" else chance.choice(("cleared", "handled", "changed", "moved"))
        row = {**was, "change": change, "changed_at": at, "bureau": desk, "rule": rule, "sequence": sequence}
        if change in ("raised", "cleared"):
            row |= {"state": change}
        if change == "moved":
            desk = chance.choice(DESKS)
            row |= {"bureau": desk}
        if change == "handled" or (change != "moved" and chance.random() < 0.2):
            handling = chance.choice(("acknowledged", "assigned", "resolved", "open"))
            acted_at = at - chance.choice((0, 1_000, 240_000))
            row |= {"handling": handling, "acted_at": acted_at, "act_event": f"{name}-{sequence}", "act": "x"}
            row |= {"acknowledged_until": at + chance.choice((1, 20)) * DAY if handling == "acknowledged" else None}
        yield alert(name, **row)
        at = min(at + chance.randrange(3 * DAY), NOW)


def recounted(rows):
    """By desk: officers, what is open, came and was dealt with by day, and by rule what came and is open."""
    last = {}
    raised, handled = defaultdict(set), defaultdict(set)
    for row in rows:
        name, day = row["alert_id"], day_of(row["changed_at"])
        if name not in last or last[name]["sequence"] < row["sequence"]:
            last[name] = row
        if row["change"] in ("raised", "moved"):
            raised[row["bureau"], day].add((row["rule"], name))
        acted = row.get("acted_at")
        at_once = acted is not None and day_of(acted) == day and row["change"] != "moved"
        if acted is not None and row["handling"] != "open" and (row["change"] == "handled" or at_once):
            handled[row["bureau"], day_of(acted)].add((row["rule"], name))
    waits = Counter()
    for row in last.values():
        later = row["handling"] == "acknowledged" and row["acknowledged_until"] >= NOW
        waits[row["bureau"], row["rule"]] += row["state"] == "raised" and row["handling"] != "resolved" and not later
    days = [TODAY - dt.timedelta(days=before) for before in range(7, -1, -1)]
    found = {}
    for desk in DESKS:
        came = Counter(rule for day in days for rule, _ in raised[desk, day])
        dealt = Counter(rule for day in days for rule, _ in handled[desk, day])
        rules = {rule: (came[rule], waits[desk, rule]) for rule in RULES}
        if came or dealt or any(waits[desk, rule] for rule in RULES):
            found[desk] = {
                "officers": OFFICERS.get(desk),
                "open": sum(waits[desk, rule] for rule in RULES),
                "raised": [len(raised[desk, day]) for day in days],
                "handled": [len(handled[desk, day]) for day in days],
                "rules": {rule: counts for rule, counts in rules.items() if any(counts) or dealt[rule]},
            }
    return found


class BudgetingContract:
    @pytest.mark.parametrize("seed", range(3))
    def test_figures_are_those_of_a_plain_recount_of_all_rows(self, clickhouse, seed):
        chance = random.Random(seed)
        rows = [row for number in range(250) for row in life_of(f"a{number}", chance)]
        sent = [*rows, *chance.sample(rows, len(rows) // 3)]
        chance.shuffle(sent)
        load(clickhouse, "event.bureau", bureaus())
        load(
            clickhouse, "alert.state", *(block("alert_state", *sent[at : at + 400]) for at in range(0, len(sent), 400))
        )
        told = alert_budget(clickhouse, EVERYTHING, OfDesks(None, NOW, 10))
        expected = recounted(rows)
        assert (told.day, told.budget, {desk.bureau for desk in told.desks}) == (TODAY.isoformat(), 10, expected.keys())
        for desk in told.desks:
            plain = expected[desk.bureau]
            assert {name: getattr(desk, name) for name in plain if name != "rules"} == {
                name: value for name, value in plain.items() if name != "rules"
            }
            assert (desk.raised_today, desk.handled_today) == (plain["raised"][-1], plain["handled"][-1])
            assert desk.raised_a_day == round(sum(plain["raised"][:-1]) / 7, 2)
            assert desk.handled_a_day == round(sum(plain["handled"][:-1]) / 7, 2)
            most = sorted(plain["rules"].items(), key=lambda each: (-each[1][0], -each[1][1], each[0]))
            assert [(each.rule, (each.raised, each.open)) for each in desk.rules] == most[:RULES_OF_A_DESK]
            over = plain["raised"][-1] > 10 or sum(plain["raised"][:-1]) > 70
            assert desk.over_budget == over
        assert {desk.over_budget for desk in told.desks} == {True}
        assert not any(desk.over_budget for desk in alert_budget(clickhouse, EVERYTHING, OfDesks(None, NOW, 60)).desks)

    def test_a_day_is_one_of_china_and_an_alert_counts_once_in_it(self, clickhouse):
        def raised(name, at, sequence=1, **more):
            return alert(name, sequence, bureau="330106", changed_at=at, **more)

        rows = [
            raised("a", MIDNIGHT - 1),
            raised("b", MIDNIGHT),
            raised("b", MIDNIGHT + 1, 2, change="cleared", state="cleared"),
            raised("b", MIDNIGHT + 2, 3),
            raised("c", MIDNIGHT - 7 * DAY),
            raised("d", MIDNIGHT - 7 * DAY - 1),
        ]
        load(clickhouse, "alert.state", *[block("alert_state", *rows)] * 2, block("alert_state", *rows[:2]))
        (desk,) = alert_budget(clickhouse, EVERYTHING, OfDesks(None, NOW, 30)).desks
        assert (desk.raised, desk.raised_today, desk.raised_a_day) == ([1, 0, 0, 0, 0, 0, 1, 1], 1, 0.29)
        assert (desk.open, desk.over_budget) == (4, False)

    def test_per_officer_is_said_where_somebody_is_known_to_be_there(self, clickhouse):
        rows = [alert(f"{desk}-{number}", bureau=desk) for desk in DESKS[:4] for number in range(6)]
        rows += [alert(f"b{number}", bureau="330106", changed_at=NOW - DAY) for number in range(14)]
        load(clickhouse, "event.bureau", bureaus(), bureaus(occurred_at=NOW - DAY, event_id="older", officers=9))
        load(clickhouse, "alert.state", block("alert_state", *rows))
        desks = {desk.bureau: desk for desk in alert_budget(clickhouse, EVERYTHING, OfDesks("", NOW, 30)).desks}
        first = desks["330106"]
        assert (first.name_en, first.officers) == ("Market regulator", 4)
        assert (first.open_per_officer, first.raised_a_day, first.raised_a_day_per_officer) == (5.0, 2.0, 0.5)
        for desk, officers in (("330203", 0), ("330100", None), ("510104", None)):
            known = desks[desk]
            assert (known.officers, known.open_per_officer, known.raised_a_day_per_officer) == (officers, None, None)
        assert desks["510104"].name_zh is None

    def test_desks_over_the_budget_come_first_and_more_than_that_is_over(self, clickhouse):
        rows = [alert(f"a{number}", bureau="510104") for number in range(5)]
        rows += [alert(f"b{number}", bureau="330106", changed_at=NOW - DAY) for number in range(22)]
        rows += [alert(f"c{number}", bureau="330203") for number in range(3)]
        load(clickhouse, "alert.state", block("alert_state", *rows))

        def told(budget):
            found = alert_budget(clickhouse, EVERYTHING, OfDesks(None, NOW, budget)).desks
            return [(desk.bureau, desk.over_budget) for desk in found]

        assert told(5) == [("510104", False), ("330203", False), ("330106", False)]
        assert told(4) == [("510104", True), ("330203", False), ("330106", False)]
        assert told(3) == [("510104", True), ("330106", True), ("330203", False)]  # 22 in 7 days

    def test_each_is_told_of_the_desks_of_its_divisions_alone(self, clickhouse):
        rows = [alert(desk, bureau=desk, seller_division="330106") for desk in DESKS]
        load(clickhouse, "alert.state", block("alert_state", *rows))

        def told(scope, prefix=None):
            found = alert_budget(clickhouse, scope, OfDesks(prefix, NOW, 30))
            return None if found is None else {desk.bureau for desk in found.desks}

        of_city, both = Scope((Division("3301"),)), Scope((Division("330106"), Division("51")))
        assert told(EVERYTHING) == told(Scope((Division(""),))) == set(DESKS)
        assert told(of_city) == {"330106", "330100"}
        assert told(both) == {"330106", "510104"}
        assert told(both, "51") == {"510104"}
        assert told(EVERYTHING, "33") == {"330106", "330203", "330100"}
        assert told(of_city, "330106") == {"330106"}
        assert told(of_city, "33") is told(of_city, "") is told(of_city, "330203") is None
        with pytest.raises(OutsideScope):
            told(Scope((Platform("91330000PLATFORM01"),)))
        assert told(Scope((Division("65"),))) == set()

    def test_a_running_system_shows_how_many_desks_are_over_it_and_what_is_most(self, clickhouse):
        figures, clock = desk_figures(clickhouse)
        rows = [alert(f"a{number}", bureau="510104") for number in range(5)]
        rows += [alert(f"b{number}", bureau="330106", changed_at=NOW - DAY) for number in range(29)]
        rows += [alert(f"c{number}", bureau="330203") for number in range(3)]
        acted = {"change": "handled", "handling": "resolved", "acted_at": NOW, "act_event": "x", "act": "x"}
        rows += [alert(f"c{number}", 2, bureau="330203", **acted) for number in range(2)]
        load(clickhouse, "alert.state", block("alert_state", *rows))
        figures.look()
        assert shown("suyuan_desks", state="over") is None, "a start has other work for the tables"
        clock.passes(LOOK_SECONDS)
        figures.look()
        assert shown("suyuan_alert_budget") == 4
        assert (shown("suyuan_desks", state="over"), shown("suyuan_desks", state="within")) == (2, 1)  # 29 in 7 days
        assert told_of("suyuan_desk_alerts") == {"open": 35, "raised": 8, "handled": 2}
        assert told_of("suyuan_desk_alerts_most") == {"open": 29, "raised": 5, "handled": 2}

    def test_a_running_system_asks_again_after_some_minutes_and_less_often_where_that_takes_long(self, clickhouse):
        figures, clock = desk_figures(clickhouse)
        clock.passes(LOOK_SECONDS)
        figures.look()
        assert told_of("suyuan_desk_alerts") == told_of("suyuan_desk_alerts_most") == dict.fromkeys(WHAT, 0)
        load(clickhouse, "alert.state", block("alert_state", alert("a", bureau="330106")))
        clock.passes(ASK_SECONDS - 1)
        figures.look()
        assert shown("suyuan_desk_alerts", what="open") == 0
        clock.passes(1)
        clock.takes = 10  # seconds between two looks at it, which are around the question
        figures.look()
        assert shown("suyuan_desk_alerts", what="open") == 1
        load(clickhouse, "alert.state", block("alert_state", alert("b", bureau="330106")))
        clock.takes = 0
        clock.passes(SHARE * 10 - 20)
        figures.look()
        assert shown("suyuan_desk_alerts", what="open") == 1
        clock.passes(20)
        figures.look()
        assert shown("suyuan_desk_alerts", what="open") == 2

    def test_one_that_asks_no_more_shows_nothing_and_is_up_to_date_when_it_asks_again(self, clickhouse):
        figures, clock = desk_figures(clickhouse)
        clock.passes(LOOK_SECONDS)
        figures.look()
        figures.leave()
        assert shown("suyuan_desks", state="over") is shown("suyuan_desks", state="within") is None
        assert set(told_of("suyuan_desk_alerts").values()) == set(told_of("suyuan_desk_alerts_most").values()) == {None}
        load(clickhouse, "alert.state", block("alert_state", alert("a", bureau="330106")))
        figures.look()
        assert (shown("suyuan_desks", state="within"), shown("suyuan_desk_alerts", what="open")) == (1, 1)


WHAT = ("open", "raised", "handled")


class Clock:
    """Seconds; each look at it comes `takes` seconds after the one before."""

    def __init__(self):
        self.at = 0.0
        self.takes = 0.0

    def __call__(self):
        self.at += self.takes
        return self.at

    def passes(self, seconds):
        self.at += seconds


def desk_figures(clickhouse):
    """Figures of a budget of 4 that showed nothing yet, and their clock."""
    forget_desks()
    clock = Clock()
    return DeskFigures(clickhouse, 4, clock=clock, now=lambda: NOW), clock


def shown(name, **labels):
    return REGISTRY.get_sample_value(name, labels)


def told_of(name):
    return {what: shown(name, what=what) for what in WHAT}
