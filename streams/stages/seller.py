"""Seller: what is known of the seller is attached to each of its listings, now and whenever it changes.

State: `entity` and `penalty` records of each code (see `recency`), and each seller's listings.
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from suyuan.domain.facts.seller import SELLER, UNKNOWN, summarise_seller
from suyuan.domain.keys import SEPARATOR, partition_of
from suyuan.domain.records import Entity, Penalty, decode_record
from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.backlog import Task, condense, leave, read_tasks, work_off
from suyuan.streams.stages.listing_rows import LISTING_KEY_EXPR, keep_versions, keys, retold
from suyuan.streams.stages.recency import keep


def meet_seller(block: Block, state: StateView, _context: StageContext) -> list[Output]:
    """One block of `seller.listing` (block schema `listing`): keeps the listings and returns them with the seller's
    facts (`producer.listing`).
    """
    rows = block.rows
    keep_versions(rows, keys(rows, "listing", "seller_code", "platform_code", "listing_id"), state)
    return [_onward(rows, state)]


def note_seller_records(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `seller.record` (block schema `record`): keeps entity and penalty, and returns the listings of the
    sellers that changed (`producer.listing`), and what is left (`seller.backlog`).
    """
    touched: dict[str, int] = {}
    columns = ("kind", "key", "route", "received_at", "body")
    for kind, key, code, received_at, body in block.rows.select(columns).iter_rows():
        keep(_key(kind, code, key), body, state)  # none moves: the code is part of its business key
        touched[code] = max(received_at, touched.get(code, 0))
    tasks = []
    for code, received_at in touched.items():
        name = _key("facts", code)
        facts = _summarise(code, state)
        if facts == state.get(name) and not block.redelivered:
            continue
        state.put(name, facts)
        tasks.append(Task(_key("listing", code, ""), "seller", received_at))
    return _retell(condense(tasks), state, context)


def retell_sellers(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `seller.backlog` (block schema `backlog`): returns the next slice of listings whose seller changed,
    and what is left.
    """
    return _retell(read_tasks(block), state, context)


def _key(*parts: str) -> bytes:
    return SEPARATOR.join(parts).encode()


def _summarise(code: str, state: StateView) -> bytes:
    entities = [decode_record("entity", body) for _, body in state.scan(_key("entity", code, ""))]
    penalties = [decode_record("penalty", body) for _, body in state.scan(_key("penalty", code, ""))]
    return summarise_seller(
        next((record for record in entities if isinstance(record, Entity)), None),
        [record for record in penalties if isinstance(record, Penalty)],
    )


def _onward(rows: pl.DataFrame, state: StateView) -> Output:
    codes = rows["seller_code"].fill_null("").unique()
    values = [value or UNKNOWN for value in state.get_many([_key("facts", code) for code in codes])]
    facts = pl.Series("facts", values, dtype=pl.Binary).cast(pl.String).str.json_decode(SELLER).struct.unnest()
    facts = facts.with_columns(on=codes)
    # a listing without a producer still needs one partition, always the same: that of the listing itself
    onward = (
        rows.drop(list(SELLER.to_schema()))
        .with_columns(on=pl.col("seller_code").fill_null(""))
        .join(facts, on="on", how="left", maintain_order="left")
        .select(*rows.columns, route=pl.coalesce("producer_code", LISTING_KEY_EXPR))
    )
    return Output("producer.listing", onward, key="route")


def _retell(tasks: list[Task], state: StateView, context: StageContext) -> list[Output]:
    done, left = work_off(tasks, state, context.slice_rows)
    outputs = leave("seller.backlog", left)
    if done:
        onward = _onward(retold(done), state)
        goes = [_goes(route, task.to, context) for route, (*_, task) in zip(onward.rows["route"], done, strict=True)]
        outputs.insert(0, replace(onward, rows=onward.rows.filter(pl.Series(goes, dtype=pl.Boolean))))
    return outputs


def _goes(route: str, to: int | None, context: StageContext) -> bool:
    return to is None or partition_of(route, context.partitions) == to
