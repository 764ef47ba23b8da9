"""Alerts are with whom the records of bureaus put in charge in the end, whenever these came and whatever was lost."""

import random

import msgspec
import pytest

from suyuan.domain.records import Bureau
from suyuan.domain.rules.catalogue import built_in_rules
from suyuan.domain.rules.jurisdiction import Bureaus
from tests.reference.markets import generate
from tests.reference.records import current_records
from tests.streams.results import standing_alerts
from tests.streams.stages.published import event
from tests.streams.world import World

RULES = {rule.id: rule for rule in built_in_rules()}


def undisturbed(events):
    world = World(1, batches=(5000,))
    world.publish_events(events)
    world.drain()
    return world


def standing_rows(world):
    """The last row of each finding in each alert, where it stands."""
    last = {}
    for row in sorted(world.rows("finding"), key=lambda row: row["sequence"]):
        last[row["alert_id"], row["finding_id"]] = row
    return [row for row in last.values() if row["change"] != "cleared"]


def divisions_of(world):
    found = {row[name] for row in standing_rows(world) for name in ("seller_division", "producer_division")}
    return sorted(found - {None})


def records(divisions, chance):
    """Versions of records of bureaus, some of which hand on, one after the other or in a circle."""
    return [
        event("bureau", at=number, division=division, handled_by=chance.choice([*divisions, "330191", None]))
        for division in divisions
        for number in range(chance.choice([0, 1, 3]))
    ]


def counted(sent):
    """The current ones, of those that are accepted."""
    return Bureaus(msgspec.convert(record, Bureau) for record in current_records(sent)["bureau"].values())


@pytest.mark.parametrize("seed", range(6))
def test_who_is_in_charge_in_the_end(seed):
    chance = random.Random(seed)
    market = generate(seed, listings=8, products=3)
    said = records(divisions_of(undisturbed(market)), chance)
    calm = undisturbed([*said, *market])
    chance.shuffle(said)
    early, late = said[::2], said[1::2]
    sent = [*market, *early]
    chance.shuffle(sent)
    world = World(3, seed, crashes=0.1, overlaps=0.3, slice_rows=chance.choice([1, 3, 4000]))
    for batch in (sent[::2], sent[1::2], late[::2], late[1::2]):
        world.publish_events(batch)
        world.drain()
    assert standing_alerts(world) == standing_alerts(calm)
    bureaus = counted(said)
    standing = standing_rows(world)
    for row in standing:
        rule = RULES[row["rule"]]
        charge = bureaus.charge(rule.jurisdiction, rule.level, row["seller_division"], row["producer_division"])
        assert (row["bureau"], row["bureau_why"]) == charge
    assert standing
