"""Chains by template are those that `assess` makes of the same listings and facts, on every day on which they hold."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from suyuan.domain.calendar import day_start_ms
from suyuan.domain.chain.assessment import assess
from suyuan.domain.chain.templates import (
    Templates,
    assess_places,
    chains_of,
    places_of,
    still_hold,
)
from tests.reference.markets import generate

CASES = Path(__file__).parents[2] / "data" / "cases"
DAY = dt.timedelta(1)


@pytest.fixture(scope="module")
def markets(load_market):
    """A whole market, and small ones in which each listing's product requires a licence and its lot is unknown."""
    lines = (CASES / "market-12.events.jsonl").read_text(encoding="utf-8").splitlines()
    whole = load_market([json.loads(line) for line in lines])
    by_day = []
    for seed in range(4):
        events = generate(seed, listings=12, products=4)
        by_day.append(load_market([event for event in events if event["kind"] != "lot"]))
    return [whole, *by_day]


def turning_days(facts):
    """Days around which something begins or ends."""
    dates = [
        *facts.producers.select(pl.col("licences").explode().struct.field("valid_from", "valid_to")).unpivot()["value"],
        *facts.licences.select("valid_from", "valid_to").unpivot()["value"],
        *facts.lots["expires_on"],
    ]
    return sorted({dt.date.fromisoformat(date) for date in dates if date is not None})


def visits(listings, rows, days, sold):
    """Further listings at the places of some, which have nothing but the place of them."""
    numbers = pl.Series(range(len(rows)))
    return listings[rows].with_columns(
        *(numbers.cast(pl.String).alias(name) for name in ("listing_id", "title", "category", "url", "event_id")),
        *(numbers.alias(name) for name in ("price_fen", "revision", "received_at")),
        pl.Series("sold_30d", sold, dtype=pl.Int64),
        pl.Series("occurred_at", [day_start_ms(day) for day in days]),
        platform_code=pl.lit("P"),
        publisher=pl.lit("a/b"),
        digest=pl.lit("0123456789abcdef"),
    )


@settings(deadline=None)
@given(st.data())
def test_a_template_gives_the_chain_of_every_listing_at_its_place(markets, data):
    listings, facts = markets[data.draw(st.integers(0, len(markets) - 1), label="market")]
    turn = data.draw(st.sampled_from(turning_days(facts)), label="something begins or ends")
    days = [turn + number * DAY for number in (-2, -1, 0, 1, 2)]
    today_then, today_now = data.draw(st.tuples(*[st.none() | st.sampled_from(days)] * 2), label="present days")
    learnt_on = data.draw(st.lists(st.sampled_from(days), min_size=1, max_size=2), label="days of those learnt from")
    templates = Templates.none()
    for day in learnt_on:
        moved = listings.with_columns(occurred_at=pl.lit(day_start_ms(day)))
        templates = templates.add(assess_places(moved, replace(facts, today=today_then))[1])
    chance = np.random.default_rng(data.draw(st.integers(0, 1000)))
    rows = chance.integers(0, len(listings), 2 * len(listings))
    at = learnt = rows + len(listings) * chance.integers(0, len(learnt_on), len(rows))
    on = [days[number] for number in chance.integers(0, len(days), len(rows))]
    visited = visits(listings, rows, on, chance.choice([0, 1, 150, 10**9], len(rows)))
    places, days_visited = places_of(visited)
    assert places == places_of(listings[rows])[0]
    if data.draw(st.booleans(), label="with those alone that are met"):
        met, at = np.unique(at, return_inverse=True)
        templates = templates.take(met)
    held = still_hold(templates.each, at, days_visited, today_now)
    expected = assess(visited, replace(facts, today=today_now)).chains
    assert_frame_equal(chains_of(visited.filter(held), templates, at[held]), expected.filter(held))
    if today_now == today_then:
        same_day = [learnt_on[row // len(listings)] == day for row, day in zip(learnt, on, strict=True)]
        assert held[same_day].all()
