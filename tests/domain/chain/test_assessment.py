"""Chains as rows: their columns, nodes and hops, and that rows do not depend on one another."""

import json
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from suyuan.domain.chain import assessment
from suyuan.domain.chain.facts import Facts
from suyuan.schemas.blocks import block_schema


def assess(listings, facts):
    """Whole chains."""
    return assessment.assess(listings, facts).whole()


CASES = Path(__file__).parents[2] / "data" / "cases"


@pytest.fixture(scope="module")
def market(load_market):
    """The listing block and the facts of a whole market."""
    lines = (CASES / "market-12.events.jsonl").read_text(encoding="utf-8").splitlines()
    return load_market([json.loads(line) for line in lines])


@pytest.fixture(scope="module")
def chains(market):
    return assess(*market)


def chain_with(chains, condition):
    return chains.filter(condition).sort("listing_id").row(0, named=True)


def test_the_columns_are_those_of_the_blocks_in_their_order(market):
    added_by_the_caller = {"as_of", "assessment"}
    wanted = [(name, dtype) for name, dtype in block_schema("chain").items() if name not in added_by_the_caller]
    found = assessment.assess(*market)
    assert list(found.chains.schema.items()) == wanted
    assert list(found.parties([3, 1]).schema.items()) == list(block_schema("chain_parties").items())


def test_parties_have_one_name_however_many_chains_have_them_and_each_another(market, chains):
    found = assessment.assess(*market)
    parties = found.parties(list(range(len(chains))))
    assert parties["parties"].equals(found.chains["parties"])
    assert parties["hops"].equals(chains["hops"])
    assert parties["nodes"].to_list() == [nodes[1:] for nodes in chains["nodes"].to_list()], "but for the platform"
    by_name, by_content = {}, {}
    for name, *content in parties.iter_rows():
        assert by_name.setdefault(name, content) == content
        assert by_content.setdefault(repr(content), name) == name
    assert 1 < len(by_name) < len(chains)


def test_parties_that_differ_in_one_text_have_another_name(market):
    """Names may hold whatever others are told apart by."""
    listings, facts = market
    names = ["a", "b", 'a","n1":"b', "a\x1fb", None, "", "null"]
    told = (
        listings.head(1)
        .select(pl.all().repeat_by(len(names)).explode())
        .with_columns(seller_registered=True, seller_name=pl.Series(names))
    )
    assert assessment.assess(told, facts).chains["parties"].n_unique() == len(names)


def in_chunks(frame):
    """The same rows as they come out of several blocks joined."""
    return pl.concat([frame[row : row + 40] for row in range(0, frame.height, 40)], rechunk=False)


def test_rows_and_facts_that_come_in_chunks_give_the_same_chains(market, chains):
    listings, facts = market
    chunked = Facts(
        in_chunks(facts.producers),
        in_chunks(facts.items),
        in_chunks(facts.lots),
        in_chunks(facts.custody),
        in_chunks(facts.licences),
        facts.today,
    )
    assert_frame_equal(assess(in_chunks(listings), chunked), chains)


def test_rows_keep_their_order_and_do_not_depend_on_their_neighbours(market, chains):
    listings, facts = market
    assert chains["listing_id"].to_list() == listings["listing_id"].to_list()
    alone = pl.concat([assess(listings[row], facts) for row in range(0, listings.height, 10)])
    assert_frame_equal(alone, chains.gather_every(10))


def test_the_order_of_facts_does_not_matter(market, chains):
    listings, facts = market
    turned = Facts(
        facts.producers.reverse(),
        facts.items.reverse(),
        facts.lots.reverse(),
        facts.custody.reverse(),
        facts.licences.reverse(),
        facts.today,
    )
    assert_frame_equal(assess(listings, turned), chains)


def test_without_listings_there_are_no_chains(market, chains):
    listings, facts = market
    assert_frame_equal(assess(listings.clear(), facts), chains.clear())


def test_without_facts_every_chain_is_broken(market, chains):
    found = assess(market[0], Facts())
    active = (pl.col("status") == "active") & (pl.col("seller_status") == "active")
    assert set(found.filter(active)["verdict"]) == {"broken"}
    assert found.schema == chains.schema


def test_hops_lead_from_the_producer_to_the_seller(chains):
    found = chain_with(chains, pl.col("hops").list.len() > 1)
    hops = found["hops"]
    assert hops[0]["from_code"] == found["producer_code"]
    assert hops[-1]["to_code"] == found["seller_code"]
    assert [hop["to_code"] for hop in hops[:-1]] == [hop["from_code"] for hop in hops[1:]]
    assert [hop["shipped_at"] for hop in hops] == sorted(hop["shipped_at"] for hop in hops)


def test_nodes_go_from_the_platform_to_the_goods(chains):
    inspected = pl.col("nodes").list.eval(pl.element().struct.field("role") == "inspection").list.any()
    found = chain_with(chains, inspected & (pl.col("hops").list.len() > 1))
    nodes = found["nodes"]
    holders = [hop["to_code"] for hop in found["hops"][:-1]]
    assert [node["role"] for node in nodes] == [
        "platform",
        "seller",
        *["holder"] * len(holders),
        "producer",
        *["licence"] * any(node["role"] == "licence" for node in nodes),
        "product",
        "lot",
        "inspection",
    ]
    by_role = {node["role"]: node for node in nodes}
    assert [node["id"] for node in nodes if node["role"] == "holder"] == holders[::-1]
    assert (by_role["seller"]["id"], by_role["producer"]["id"]) == (
        found["seller_code"],
        found["producer_code"],
    )
    assert (by_role["product"]["id"], by_role["lot"]["id"]) == (found["gtin"], found["lot"])
    assert by_role["inspection"]["status"] in {"pass", "fail"}
    assert all(by_role[role]["evidence"] for role in ("product", "lot", "inspection"))


def test_a_division_is_the_registered_one_else_that_of_the_code(market):
    listings, facts = market
    told = listings.head(3).with_columns(
        pl.Series("seller_code", ["91320505000010006C", "91320505000010006C", "NONSENSE"]),
        pl.Series("seller_division", ["110101", None, None], dtype=pl.String),
    )
    found = assess(told, facts)
    assert found["seller_division"].to_list() == ["110101", "320505", None]
    assert [chain["nodes"][1]["division"] for chain in found.to_dicts()] == ["110101", "320505", None]


def test_every_gap_names_what_it_rests_on(chains):
    gaps = chains.explode("gaps", empty_as_null=False).unnest("gaps")
    assert gaps.height > 100
    assert gaps.filter(pl.col("evidence").list.len() == 0).is_empty()
    assert gaps.filter(pl.col("detail").is_null()).is_empty()
