"""What is kept of a chain is what an alert needs when a complaint comes later, whichever version kept it."""

import msgspec
import polars as pl
import pytest

from suyuan.schemas.blocks import block_schema
from suyuan.streams.stages.risk.kept_chain import chain_frame, keep, read_chain, read_gaps

FORMER = (
    *("platform_code", "listing_id", "verdict", "title", "category", "seller_code", "producer_code"),
    *("gtin", "lot", "price_fen", "sold_30d", "listed_at", "listing_event", "gap_names", "gaps"),
    *("seller_status", "producer_status", "seller_division", "producer_division", "seller_penalties"),
    *("recall_level", "revision", "assessment"),
)


def as_formerly(row, said=""):
    """Key and value of the version before: digits instead of bytes, the columns' own names."""
    frame = pl.DataFrame([row], schema={name: block_schema("chain")[name] for name in FORMER})
    text = frame.select(pl.struct(FORMER).struct.json_encode()).item()
    key = f"listing\x1f{row['platform_code']}\x1f{row['listing_id']}"
    return key.encode(), f"{row['revision']:019}{row['assessment']:019}{said}\n{text}".encode()


def odd(chain, gap, version=1):
    return chain(
        "a",
        version,
        gap("inspection_failed", subject='N"1', evidence=["lab/1", "lab/2"]),
        gap("uninspected", "unverified", subject=None, evidence=[]),
        title='\n"\\茶\x1f\x00\u2028😀{}',
        lot=None,
        gtin="",
        price_fen=0,
        sold_30d=2**63 - 1,
        recall_level=None,
        seller_penalties=None,
        producer_division=None,
    )


def test_a_kept_chain_says_what_its_row_said(chain, gap):
    rows = pl.DataFrame([odd(chain, gap), chain("b", 10), chain("c", 2560)], schema=block_schema("chain"))
    keys, values = keep(rows)
    chains = [read_chain(value[17:]) for value in values]
    kept = chain_frame(keys, [value[:16] for value in values], chains)
    assert kept.to_dicts() == rows.select(kept.columns).to_dicts()
    assert set(FORMER) - set(kept.columns) == {"gaps"}
    gaps = [[msgspec.to_builtins(gap) for gap in read_gaps(chain.gaps_text)] for chain in chains]
    assert (
        gaps
        == rows["gaps"].list.eval(pl.struct(pl.element().struct.field("gap", "class", "subject", "evidence"))).to_list()
    )


@pytest.mark.parametrize("version", [1, 10, 2570])
def test_a_complaint_is_judged_on_a_chain_that_a_former_version_kept(make_partition, chain, gap, complaint, version):
    row = odd(chain, gap, version)
    now, former = make_partition(), make_partition()
    now.feed("chain", [row])
    key, value = as_formerly(row)
    former.store.write_batch([key], [value])
    told, expected = (each.feed("risk.record", [complaint("k")]) for each in (former, now))
    by_rule = {alert["rule"]: alert for alert in told}
    assert by_rule["contradicted_and_complained_about"] in expected
    assert by_rule["failed_inspection_on_sale"]["evidence"] == [row["listing_event"], "lab/1", "lab/2"]
    assert [alert["change"] for alert in former.feed("chain", [chain("a", version + 1)])] == ["cleared"] * 2


def test_what_a_former_version_said_is_said_again_as_a_finding(make_partition, chain, gap):
    failed = gap("inspection_failed", subject="N1", evidence=["lab/1"])
    said = '[{},{"failed_inspection_on_sale":["raised",4,1,"high","BASIS",5,6,"chain:0"]}]'
    partition = make_partition()
    (alert,) = partition.feed("chain", [chain("a", 10, failed)])
    (now,) = (value for _, value in partition.store.scan(b"listing"))
    basis = msgspec.json.decode(now[16 : now.index(b"\n", 16)])[1][alert["rule"]][4]
    key, value = as_formerly(chain("a", 10, failed), said.replace("BASIS", basis))
    partition.store.write_batch([key], [value])
    assert partition.feed("chain", [chain("a", 9)]) == []
    assert partition.feed("chain", [chain("a", 10)]) == []
    (raised,) = partition.feed("chain", [chain("a", 11, failed)])
    assert (raised["change"], raised["sequence"]) == ("raised", 5)
    assert partition.feed("chain", [chain("a", 12, failed)]) == []


def test_a_complaint_that_a_former_version_kept_waits_for_its_chain(make_partition, chain, gap, complaint):
    partition = make_partition()
    partition.feed("risk.record", [complaint("k")])
    ((key, value),) = partition.store.scan(b"listing")
    partition.store.write_batch([key], [b"0" * 38 + value[16:]])
    told = partition.feed("chain", [chain("a", 1, gap("inspection_failed"))])
    assert {alert["rule"] for alert in told} == {"failed_inspection_on_sale", "contradicted_and_complained_about"}
