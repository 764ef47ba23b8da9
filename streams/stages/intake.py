"""Intake: from published bytes to current records on their way to the stages that need them.

A run of `in.<kind>` gives: dead letters for what cannot be read or is not accepted; every other event with its outcome
for the sinks; the records that are current now, keyed for the next stage; retractions of what they replace where that
had gone elsewhere; and of audited kinds what is to be an entry of the audit's tree. Lookups: `intake_lookups.py`.
"""

from __future__ import annotations

import msgspec
import numpy as np
import polars as pl

from suyuan.domain.content import contents, digests, event_ids_in_hex
from suyuan.domain.identifiers.uscc import uscc_faults
from suyuan.domain.keys import SEPARATOR, partition_of
from suyuan.schemas.accepted_runs import accepted_run
from suyuan.schemas.blocks import block_schema
from suyuan.schemas.declarations import EVERY_PARTITION
from suyuan.schemas.kinds import AUDITED, business_key_expr, event_schema
from suyuan.streams.stage import Output, Run, StageContext, StateView
from suyuan.streams.stages.audit_records import audit_records
from suyuan.streams.stages.current import Supersession, body, held_before, perhaps_older, supersede
from suyuan.streams.stages.dead_letters import dead_letters, note_failures, with_refusals
from suyuan.streams.stages.intake_routes import (
    HOMED,
    LISTING_ROUTE,
    MOVES_WITH,
    ROUTES,
    Route,
    with_route_columns,
)
from suyuan.streams.stages.listing_rows import LISTING_KEY_EXPR

RECORD_COLUMNS = list(block_schema("record"))
LISTING_COLUMNS = list(block_schema("listing"))
_OF_VERSION = ("occurred_at", "event_id", "publisher", "digest", "tie")


def take_in(run: Run, state: StateView, context: StageContext) -> list[Output]:
    """One run of `in.<kind>`. Returns `dead_letter`, `event.<kind>` (every accepted or repeated event, with `outcome`),
    `audit.record` of audited kinds, and what is current now: `producer.listing`, or the records' topics
    (`intake_routes.py`). Raises TooManyDeadLetters,
    with nothing done.
    """
    kind = run.topic.removeprefix("in.")
    taken = accepted_run(kind, run.values, run.timestamps)
    unreadable = with_refusals(run, taken.unreadable)
    set_aside = note_failures(run, kind, unreadable, state, context.dead_letter_limit)
    outputs = dead_letters(run, kind, with_refusals(run, taken.failures), set_aside)
    if taken.rows.is_empty():
        return outputs
    rows = prepared(kind, run, taken.rows, context.passed)
    keys = rows["key"].unique(maintain_order=True)
    prior = held_before(keys.to_list(), state.get_many(_current_keys(kind, keys)))
    older = _seen_before(kind, rows, prior, state)
    change = supersede(rows, prior, older, moves_with=MOVES_WITH[kind], redelivered=run.redelivered)
    state.put_many(_current_keys(kind, change.keys), change.values)
    for key, id_, offset in change.older:
        state.put(_seen_key(kind, key, id_), str(offset).encode())
    outputs.append(Output(f"event.{kind}", _events(kind, run, change.outcomes)))
    if kind in AUDITED:
        outputs.append(audit_records(run, kind, change.outcomes.filter(pl.col("outcome") == "accepted")))
    if change.current.is_empty():
        return outputs
    return outputs + (_listings(change) if kind == "listing" else records_onward(kind, change, state, context))


def current_key(kind: str, key: str) -> bytes:
    """State key of the current record of a business key."""
    return f"current{SEPARATOR}{kind}{SEPARATOR}{key}".encode()


def _current_keys(kind: str, keys: pl.Series) -> list[bytes]:
    prefix = current_key(kind, "")
    return [prefix + key for key in keys.cast(pl.Binary).to_list()]


def _seen_key(kind: str, key: str, id_: str) -> bytes:
    """State key of the offset at which a version was first seen, one of many of its business key."""
    return f"seen{SEPARATOR}{kind}{SEPARATOR}{key}{SEPARATOR}{id_}".encode()


def _seen_before(kind: str, rows: pl.DataFrame, prior: pl.DataFrame, state: StateView) -> list[tuple[str, str, int]]:
    """(key, id, offset) of those that a record of very many versions had long ago."""
    asked = perhaps_older(rows, prior)
    found = state.get_many([_seen_key(kind, key, id_) for key, id_ in asked])
    return [(*each, int(offset)) for each, offset in zip(asked, found, strict=True) if offset is not None]


def prepared(kind: str, run: Run, rows: pl.DataFrame, passed: int = 0) -> pl.DataFrame:
    """The run's rows with key, content, digest, id, offset, revision and received_at (ms since the epoch)."""
    position = rows["index"].to_numpy()
    rows = with_route_columns(kind, rows[rows.columns[1:]])
    said = contents(rows, [field.name for field in event_schema(kind).fields])
    digested = digests(said)
    return rows.hstack(
        [
            rows.select(business_key_expr(kind).alias("key")).to_series(),
            said,
            digested,
            event_ids_in_hex(kind, rows, digested),
            pl.Series("offset", np.asarray(run.offsets, np.int64)[position]),
            pl.Series("revision", np.asarray(run.offsets, np.int64)[position] + (1 + passed)),
            pl.Series("received_at", np.asarray(run.timestamps, np.int64)[position]),
        ]
    )


def _events(kind: str, run: Run, outcomes: pl.DataFrame) -> pl.DataFrame:
    partition = pl.Series("source_partition", [run.partition], dtype=pl.Int64).new_from_index(0, outcomes.height)
    told = outcomes.hstack([partition, outcomes["offset"].alias("source_offset")])
    return told[list(block_schema(f"event_{kind}"))]


def _listings(change: Supersession) -> list[Output]:
    current = change.current.with_columns(retracted=pl.lit(value=False))
    gone = current.filter(pl.col("previous").is_not_null())
    if gone.is_empty():
        return [listings_onward(current)]
    route = pl.Struct(dict.fromkeys(LISTING_ROUTE, pl.String))
    retracted = (
        gone.drop(LISTING_ROUTE)
        .with_columns(pl.col("previous").str.json_decode(route))
        .unnest("previous")
        .with_columns(retracted=pl.lit(value=True))
    )
    current = current.drop("previous")
    return [listings_onward(pl.concat([retracted.select(current.columns), current]))]


def listings_onward(rows: pl.DataFrame) -> Output:
    """Listings to the partition of their producer; one without needs one too, always the same: that of the listing
    itself. `rows`: columns of the block schema `listing`, but for the faults of codes; null for those that the events'
    own schema, another version's, does not have.
    """
    faults = {f"{party}_code_fault": uscc_faults(rows[f"{party}_code"]) for party in ("seller", "producer")}
    lacking = [
        pl.lit(None, dtype).alias(name) for name, dtype in block_schema("listing").items() if name not in rows.columns
    ]
    rows = rows.with_columns(*lacking).with_columns(**faults)
    route = pl.coalesce("producer_code", LISTING_KEY_EXPR)
    return Output("producer.listing", rows.select(*LISTING_COLUMNS, route=route), key="route")


def records_onward(kind: str, change: Supersession, state: StateView, context: StageContext) -> list[Output]:
    """The records of `change.current` as outputs (block schema `record`) to the partitions that need them, with
    retractions of what they replace where that had gone elsewhere.
    """
    outputs = []
    for route in ROUTES[kind]:
        current = change.current.with_columns(kind=pl.lit(kind), retracted=pl.lit(value=False), body=body())
        if route.by == EVERY_PARTITION:
            rows = current.with_columns(route=pl.lit(""), partition=pl.int_ranges(context.partitions))
            outputs.append(_record_output(route, rows.explode("partition")))
        elif kind in HOMED:
            outputs.append(_record_output(route, _to_subscribers(kind, route, current, state, context)))
        else:
            current = current.with_columns(route=pl.col(route.by))
            rows = pl.concat([_retractions(route, current), current], how="vertical")
            outputs.append(_record_output(route, rows.drop_nulls("route")))
    return outputs


def _record_output(route: Route, rows: pl.DataFrame) -> Output:
    columns = [*RECORD_COLUMNS, "partition"] if "partition" in rows.columns else RECORD_COLUMNS
    return Output(route.topic, rows.select(columns), key=None if "partition" in rows.columns else "route")


def _retractions(route: Route, current: pl.DataFrame) -> pl.DataFrame:
    """For each record whose version before had gone elsewhere: that version, retracted, to where it had gone."""
    if not route.moves_with:
        return current.clear()
    names = [*route.moves_with, *_OF_VERSION]
    before = current.filter(pl.col("previous").is_not_null()).with_columns(
        was=pl.col("previous").str.json_decode(
            pl.Struct({name: current.schema[name] for name in names if name in current.schema})
        )
    )
    if "listing_key" in route.moves_with:
        before = before.with_columns(was=_with_listing_key(before["previous"]))
    moved = pl.any_horizontal(
        *(pl.col("was").struct.field(name).ne_missing(pl.col(name)) for name in route.moves_with), pl.lit(value=False)
    )
    return (
        before.filter(moved)
        .with_columns(
            *(pl.col("was").struct.field(name) for name in _OF_VERSION),
            route=pl.col("was").struct.field(route.by),
            body=pl.col("previous"),
            retracted=pl.lit(value=True),
        )
        .drop("was")
    )


def _with_listing_key(bodies: pl.Series) -> pl.Series:
    schema = block_schema("record")
    names = {"platform_code": pl.String(), "listing_id": pl.String()} | {name: schema[name] for name in _OF_VERSION}
    rows = bodies.str.json_decode(pl.Struct(names)).struct.unnest()
    return with_route_columns("complaint", rows).to_struct("was")


def _to_subscribers(
    kind: str, route: Route, current: pl.DataFrame, state: StateView, context: StageContext
) -> pl.DataFrame:
    """Each record once per partition that subscribes to it or that its owner's listings are in."""
    state.get_many([_subscribers_key(kind, key) for key in current["key"].to_list()])  # at once: asked for one by one
    subscribers = [
        sorted(add_subscribers(state, kind, key, {partition_of(owner or "", context.partitions)}))
        for key, owner in current.select("key", route.by).iter_rows()
    ]
    return current.with_columns(
        route=pl.col(route.by), partition=pl.Series(subscribers, dtype=pl.List(pl.Int64))
    ).explode("partition")


def add_subscribers(state: StateView, kind: str, key: str, new: set[int]) -> set[int]:
    """Note that the partitions `new` want every version of a record. Returns all partitions that do."""
    name = _subscribers_key(kind, key)
    value = state.get(name)
    known = set(msgspec.json.decode(value)) if value is not None else set()
    if not new <= known:
        known |= new
        state.put(name, msgspec.json.encode(sorted(known)))
    return known


def _subscribers_key(kind: str, key: str) -> bytes:
    return f"askers{SEPARATOR}{kind}{SEPARATOR}{key}".encode()
