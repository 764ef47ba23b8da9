"""Listings that are judged together are each told what they would be told alone."""

from itertools import product

import pytest

from suyuan.domain.calendar import DAY_MS, day_start_ms
from tests.streams.stages.risk.conftest import FIRST_DAY

OTHERWISE = (
    {},
    {"seller_division": "310104"},
    {"producer_division": None},
    {"seller_code": None},
    {"producer_code": None},
    {"gtin": "06901234567908"},
    {"lot": "B2"},
    {"lot": None},
    {"seller_division": None, "producer_division": None},
    {"listed_at": day_start_ms(FIRST_DAY) + DAY_MS},
    {"verdict": "broken"},
    {"seller_code": "91310104MA2CABCD12"},
)


def told_and_kept(partition, rows):
    """Findings of a block of chains, and what the state has of them."""
    told = sorted(partition.feed("chain", rows), key=lambda row: (row["listing_id"], row["rule"]))
    return told, dict(partition.store.scan(b"listing"))


@pytest.mark.parametrize("evidence", [["maker/r1"], ["maker/r2", "own"]])
def test_what_is_alike_is_told_as_if_it_were_alone(make_partition, chain, gap, evidence):
    rows = []
    for number, (other, more) in enumerate(product(OTHERWISE, ([], [], ["lab/2"]))):
        name = f"l{number:02}"
        rests = [f"shop/{name}-1" if each == "own" else each for each in [*evidence, *more]]
        gaps = [gap("lot_recalled", subject="R1", evidence=rests), gap("seller_inactive", "broken", evidence=rests)]
        rows.append(chain(name, 1, *gaps, **{"recall_level": 1, "seller_status": "revoked"} | other))
    told, kept = told_and_kept(make_partition(), rows)
    alone = [told_and_kept(make_partition(), [row]) for row in rows]
    assert told == [finding for findings, _ in alone for finding in findings]
    assert kept == {key: value for _, state in alone for key, value in state.items()}
    assert len({finding["alert_id"] for finding in told}) > len(OTHERWISE)
