"""Chains assessed anew from the records are, to the last column, those that the stages came to."""

import json
import random
from pathlib import Path

import msgspec
import polars as pl
import pytest

from suyuan.domain.chain.anew import CurrentRecords, chains_anew
from suyuan.domain.records import Entity, Inspection, Licence, Lot, Penalty, Product, Recall, Shipment
from suyuan.schemas.blocks import block_schema
from suyuan.schemas.kinds import BUSINESS_KEYS
from tests.reference.markets import generate
from tests.streams.results import newest_chains
from tests.streams.world import World

CASES = Path(__file__).parents[1] / "data" / "cases"
OF_THE_MOMENT = ("as_of", "assessment", "received_at")
"""what depends on when things came"""


def current(world, kind):
    newest = {}
    for row in world.rows(f"event.{kind}"):
        key = tuple(row[name] for name in BUSINESS_KEYS[kind])
        order = (row["occurred_at"], row["event_id"], row["publisher"], row["tie"], -row["source_offset"])
        if row["outcome"] == "accepted" and (key not in newest or newest[key][0] < order):
            newest[key] = (order, row)
    return [row for _, row in newest.values()]


def records(world):
    kinds = {
        "entities": Entity, "licences": Licence, "products": Product, "lots": Lot, "shipments": Shipment,
        "inspections": Inspection, "recalls": Recall, "penalties": Penalty,
    }  # fmt: skip
    found = {name: msgspec.convert(current(world, of.__name__.lower()), list[of]) for name, of in kinds.items()}
    return CurrentRecords(**found, today=max((row["date"] for row in current(world, "day")), default=None))


def anew(world):
    rows = [row | {"revision": row["source_offset"] + 1} for row in current(world, "listing")]
    listings = pl.DataFrame(rows, schema={**block_schema("event_listing"), "revision": pl.Int64()})
    chains = chains_anew(listings, records(world)).drop("received_at").iter_rows(named=True)
    return {(chain["platform_code"], chain["listing_id"]): chain for chain in chains}


def as_the_stages_say(world):
    return {
        key: {name: value for name, value in row.items() if name not in {*OF_THE_MOMENT, "route"}}
        for key, row in newest_chains(world).items()
    }


def events_of_case(number):
    lines = (CASES / f"market-{number}.events.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("events", [events_of_case(11), *map(generate, range(4))])
def test_chains_from_records_are_those_of_the_stages(events):
    random.Random(len(events)).shuffle(events)
    world = World(3, len(events), batches=(50, 5000))
    world.publish_events(events)
    world.drain()
    assert anew(world) == as_the_stages_say(world)
