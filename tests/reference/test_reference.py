from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference.assessment import expected_chains
from tests.reference.gaps import GAPS
from tests.reference.strategies import deliveries, markets

CASES = Path(__file__).parents[1] / "data" / "cases"
NUMBERS = (11, 12, 13)


def events_of_case(number):
    return read(f"market-{number}.events.jsonl")


def answers_of_case(number):
    rows = read(f"market-{number}.expected.jsonl")
    return {(row["platform_code"], row["listing_id"]): (row["verdict"], row["gaps"]) for row in rows}


def read(name):
    return [json.loads(line) for line in (CASES / name).read_text().splitlines()]


@pytest.mark.parametrize("number", NUMBERS)
def test_the_reference_gives_the_agreed_answers(number):
    assert expected_chains(events_of_case(number)) == answers_of_case(number)


@pytest.mark.parametrize("number", NUMBERS)
def test_order_and_repetition_do_not_matter_to_the_agreed_answers(number):
    events = events_of_case(number) * 2
    random.Random(number).shuffle(events)
    assert expected_chains(events) == answers_of_case(number)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_market_means_the_same_however_it_is_delivered(data):
    events = data.draw(markets())
    arrived = [event for batch in data.draw(deliveries(events)) for event in batch]
    assert {json.dumps(event) for event in arrived} == {json.dumps(event) for event in events}
    chains = expected_chains(events)
    assert expected_chains(arrived) == chains
    assert all(set(gaps) <= GAPS and gaps == sorted(set(gaps)) for _, gaps in chains.values())
