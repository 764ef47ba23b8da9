"""The markets whose chains an independent reference has written down."""

import json
from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "data" / "cases"


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("events", sorted(CASES.glob("*.events.jsonl")), ids=lambda path: path.name.split(".")[0])
def test_verdict_and_gaps_are_those_of_the_reference(events, assess_market):
    expected = {
        (line["platform_code"], line["listing_id"]): (line["verdict"], line["gaps"])
        for line in lines(Path(str(events).replace(".events.", ".expected.")))
    }
    chains = assess_market(lines(events)).select("platform_code", "listing_id", "verdict", "gap_names").rows()
    found = {(platform, listing): (verdict, gaps) for platform, listing, verdict, gaps in chains}
    assert {key: found[key] for key in expected} == expected
    assert len(found) == len(expected) == len(chains)
