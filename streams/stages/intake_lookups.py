"""Intake: current records sent to a partition that asks for them (the subscriber): for one by its key, or for all of
its records anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from suyuan.domain.keys import SEPARATOR, partition_of
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.current import Supersession
from suyuan.streams.stages.held_records import held_columns, held_fields
from suyuan.streams.stages.intake import add_subscribers, current_key, records_onward
from suyuan.streams.stages.intake_routes import ROUTES

EVERYTHING = "everything"
"""kind of a lookup that asks for all that belongs to a partition; its key is where to go on, empty at first"""
REMEMBERED = ("risk.record",)
"""topics of the stage that remembers (see `Stage`)"""
CURRENT = f"current{SEPARATOR}".encode()


def answer_lookups(block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `intake.lookup` (kind, key, asker): sends the current record to partition `asker` of
    `producer.record`, and subscribes it to every later version. A record that nobody has published is answered with a
    null body. Kind EVERYTHING is answered with all that the subscriber has ever been sent, slice by slice.
    """
    answers = []
    again: dict[int, str] = {}
    for kind, key, subscriber in block.rows.select("kind", "key", "asker").iter_rows():
        if kind == EVERYTHING:
            # delivered again, the same would go on twice from here: who has furthest to go goes for both
            again[subscriber] = min(key, again.get(subscriber, key))
            continue
        add_subscribers(state, kind, key, {subscriber})
        value = state.get(current_key(kind, key))
        held = held_fields(value) if value is not None else {}
        answers.append(
            {
                "kind": kind,
                "key": key,
                "occurred_at": held.get("occurred_at"),
                "event_id": held.get("event_id"),
                "publisher": held.get("publisher"),
                "digest": held.get("digest"),
                "tie": held.get("tie"),
                "retracted": False,
                "received_at": None,  # nothing new has come in: a listing that waits has waited since its own time
                "body": body_of(held) if held else None,
                "partition": subscriber,
            }
        )
    schema = {**block_schema("record"), "partition": pl.Int64()}
    outputs = [
        output for subscriber, after in again.items() for output in send_again(after, subscriber, state, context)
    ]
    return [*outputs, Output("producer.record", pl.DataFrame(answers, schema=schema))]


def send_again(after: str, subscriber: int, state: StateView, context: StageContext) -> list[Output]:
    """The current records that belong to partition `subscriber` of the following stages, as if they had just become
    current: of the next `slice_rows` keys here behind `after` (a state key in hex). What is left goes on as a message
    to intake itself.

    Nothing new has come in, so `received_at` is 0. Lots whose inputs are made there go to their own partition: they ask
    their inputs for their taints, and so are known to them again.
    """
    found = state.scan(CURRENT, bytes.fromhex(after) or None, context.slice_rows)
    if not found:
        return []
    outputs: list[Output] = []
    for (kind,), rows in _held_rows(found).group_by("kind", maintain_order=True):
        if kind in {"listing", "complaint"}:
            continue  # sellers keep listings whole, and tell them again; what was said to people stays said
        current = _as_current(str(kind), rows)
        if kind == "lot":
            current = current.filter(_concerns(current, subscriber, context.partitions))
        change = Supersession(current, current, current["key"], [], [])
        outputs += [
            output if kind == "lot" else _only_to(subscriber, output, context.partitions)
            for output in records_onward(str(kind), change, state, context)
            if output.topic not in REMEMBERED
        ]
    rest = {"kind": [EVERYTHING], "key": [found[-1][0].hex()], "asker": [subscriber]}
    return [*outputs, Output("intake.lookup", pl.DataFrame(rest, schema=block_schema("lookup")))]


def body_of(held: dict[str, Any]) -> str:
    """The JSON text that `current.body` makes of a record, from the fields that the state holds of its key."""
    told = json.dumps({name: held[name] for name in ("event_id", "publisher", "digest", "tie")}, ensure_ascii=False)
    return f"{told[:-1]},{held['content'][1:]}"


def _held_rows(found: Sequence[tuple[bytes, bytes]]) -> pl.DataFrame:
    """kind, key and what is held of it."""
    names = [key.decode().split(SEPARATOR, 2) for key, _ in found]
    kinds, keys = pl.Series("kind", [kind for _, kind, _ in names]), pl.Series("key", [key for *_, key in names])
    return held_columns([value for _, value in found]).with_columns(kinds, keys)


def _as_current(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as those of `Supersession.current`, with the columns by which they are routed."""
    schema = block_schema(f"event_{kind}")
    by = {name for route in ROUTES[kind] for name in (route.by, *route.moves_with) if name in schema}
    inputs = {"inputs": pl.List(pl.Struct({"producer_code": pl.String}))} if kind == "lot" else {}
    wanted = pl.Struct({**{name: schema[name] for name in sorted(by)}, **inputs})
    return rows.with_columns(
        pl.col("content").str.json_decode(wanted).alias("named"), received_at=pl.lit(0, pl.Int64)
    ).unnest("named")


def _concerns(lots: pl.DataFrame, partition: int, partitions: int) -> pl.Series:
    """Which lots are made in a partition, or of something that is."""
    makers = zip(lots["producer_code"], lots["inputs"].to_list(), strict=True)
    return pl.Series(
        [
            any(
                partition_of(code or "", partitions) == partition for code in (own, *(x["producer_code"] for x in used))
            )
            for own, used in ((own, used or []) for own, used in makers)
        ],
        dtype=pl.Boolean,
    )


def _only_to(partition: int, output: Output, partitions: int) -> Output:
    if "partition" in output.rows.columns:
        return replace(output, rows=output.rows.filter(pl.col("partition") == partition))
    goes = [partition_of(route, partitions) == partition for route in output.rows["route"]]
    return replace(output, rows=output.rows.filter(pl.Series(goes, dtype=pl.Boolean)))
