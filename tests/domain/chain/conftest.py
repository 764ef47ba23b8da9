"""A driver for whole markets: every fact from the whole set of events at once."""

import datetime as dt
from collections import defaultdict

import msgspec
import polars as pl
import pytest

from suyuan.domain.chain.assessment import assess
from suyuan.domain.chain.facts import Facts, facts_frame
from suyuan.domain.facts.custody import CustodyFacts, custody
from suyuan.domain.facts.genealogy import inputs_of
from suyuan.domain.facts.item import ItemFacts, summarise_item
from suyuan.domain.facts.lineage import combine, own_taints
from suyuan.domain.facts.lot import LotFacts, summarise_lot
from suyuan.domain.facts.producer import LicenceFacts, ProducerFacts, summarise_licence, summarise_producer
from suyuan.domain.identifiers.uscc_columns import uscc_faults
from suyuan.domain.keys import join_key
from suyuan.domain.records import decode_record
from tests.reference.records import current_records
from tests.reference.spelling import is_gtin

LISTING = {
    "platform_code": pl.String,
    "listing_id": pl.String,
    "status": pl.String,
    "url": pl.String,
    "title": pl.String,
    "category": pl.String,
    "seller_code": pl.String,
    "producer_code": pl.String,
    "producer_name": pl.String,
    "gtin": pl.String,
    "lot": pl.String,
    "licence_no": pl.String,
    "price_fen": pl.Int64,
    "sold_30d": pl.Int64,
    "ship_from": pl.String,
    "occurred_at": pl.Int64,
    "event_id": pl.String,
    "publisher": pl.String,
    "digest": pl.String,
}


def current(events):
    """kind -> the current record of each business key, as intake hands it on."""
    found = {kind: list(records.values()) for kind, records in current_records(events).items()}
    for listing in found["listing"]:
        listing["gtin_valid"] = is_gtin(listing["gtin"]) if listing["gtin"] else None
    return found


def records_of(found, kind):
    return [decode_record(kind, msgspec.json.encode(event)) for event in found.get(kind, [])]


def listing_block(found):
    listings = found.get("listing", [])
    frame = pl.DataFrame(listings, schema=LISTING | {"gtin_valid": pl.Boolean})
    entities = {entity.code: entity for entity in records_of(found, "entity")}
    sellers = [entities.get(code) for code in frame["seller_code"]]
    return frame.with_columns(
        uscc_faults(frame["seller_code"]).alias("seller_code_fault"),
        uscc_faults(frame["producer_code"]).alias("producer_code_fault"),
        pl.Series("seller_registered", [seller is not None for seller in sellers], dtype=pl.Boolean),
        pl.Series("seller_status", [seller and seller.status for seller in sellers], dtype=pl.String),
        pl.Series("seller_name", [seller and seller.name for seller in sellers], dtype=pl.String),
        pl.Series("seller_division", [seller and seller.division for seller in sellers], dtype=pl.String),
        pl.Series("seller_evidence", [seller and seller.evidence for seller in sellers], dtype=pl.String),
        pl.lit(0, dtype=pl.Int64).alias("seller_penalties"),
        pl.lit(1, dtype=pl.Int64).alias("revision"),
        pl.lit(2, dtype=pl.Int64).alias("received_at"),
    )


def lot_facts(found):
    """The facts of every lot that anything names, taints carried along until nothing changes."""
    lots = {join_key(x.producer_code, x.gtin, x.lot): x for x in records_of(found, "lot")}
    inspections, recalls = records_of(found, "inspection"), records_of(found, "recall")
    shipments = defaultdict(list)
    for shipment in records_of(found, "shipment"):
        shipments[join_key(shipment.producer_code, shipment.gtin, shipment.lot)].append(shipment)
    named = {join_key(x.producer_code, x.gtin, lot) for x in recalls for lot in x.lots}
    named |= {join_key(x.producer_code, x.gtin, x.lot) for x in inspections if x.lot}
    inputs = {key: inputs_of(lot) for key, lot in lots.items()}
    keys = {*lots, *shipments, *named, *(key for given in inputs.values() for key in given)}
    facts, own = {}, {}
    for key in keys:
        facts[key] = summarise_lot(key, lots.get(key), shipments[key], inspections, recalls, ())
        producer_code, gtin, _ = key.split("\x1f")
        every = summarise_item(producer_code, gtin, None, [], recalls).recall_all
        own[key] = own_taints(key, facts[key].recall or every, facts[key].inspection)
    taints, before = dict(own), None
    while taints != before:
        before = taints
        taints = {key: combine(key, own[key], {given: before[given] for given in inputs.get(key, [])}) for key in keys}
    summaries = [
        summarise_lot(key, lots.get(key), shipments[key], inspections, recalls, taints[key]) for key in sorted(keys)
    ]
    movements = [
        facts for key, moved in shipments.items() for facts in custody(key, key.split("\x1f")[0], moved).values()
    ]
    return summaries, movements


def facts_of(found):
    entities = {x.code: x for x in records_of(found, "entity")}
    products = {x.gtin: x for x in records_of(found, "product")}
    licences, listings = records_of(found, "licence"), found.get("listing", [])
    inspections, recalls = records_of(found, "inspection"), records_of(found, "recall")
    codes = {x["producer_code"] for x in listings} - {None}
    items = {(x["producer_code"], x["gtin"]) for x in listings if x["producer_code"] and x["gtin"]}
    lots, movements = lot_facts(found)
    days = [dt.date.fromisoformat(x["date"]) for x in found.get("day", [])]
    return Facts(
        producers=facts_frame(
            ProducerFacts,
            [summarise_producer(code, entities.get(code), licences).to_json() for code in codes],
        ),
        items=facts_frame(
            ItemFacts,
            [summarise_item(code, gtin, products.get(gtin), inspections, recalls).to_json() for code, gtin in items],
        ),
        lots=facts_frame(LotFacts, [x.to_json() for x in lots]),
        custody=facts_frame(CustodyFacts, [x.to_json() for x in movements]),
        licences=facts_frame(LicenceFacts, [summarise_licence(x).to_json() for x in licences]),
        today=max(days, default=None),
    )


def market_of(events):
    """Events as published -> the arguments of `assess`."""
    found = current(events)
    return listing_block(found), facts_of(found)


@pytest.fixture(scope="session")
def load_market():
    return market_of


@pytest.fixture(scope="session")
def assess_market():
    """Events as published -> chain frame."""
    return lambda events: assess(*market_of(events)).whole()
