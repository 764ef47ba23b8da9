"""Intake: current records sent to a partition that asks for them (the subscriber): for one by its key, or for all of
its records anew.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl

from suyuan.domain.content import ENVELOPE
from suyuan.domain.identifiers.gtin import gtin_columns
from suyuan.domain.keys import SEPARATOR, partition_of
from suyuan.schemas.blocks import block_schema
from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.current import Supersession
from suyuan.streams.stages.held_records import held_columns, held_fields
from suyuan.streams.stages.intake import add_subscribers, current_key, listings_onward, records_onward
from suyuan.streams.stages.intake_routes import ROUTES
from suyuan.streams.stages.producer.seller_messages import questions

EVERYTHING = "everything"
"""kind of a lookup that asks for all that belongs to a partition; its key is where to go on, empty at first"""
REMEMBERED = ("risk.record", "alert.record", "audit.record")
"""topics of the stages that remember (see `Stage`)"""
_ORDER = (*KINDS[1:], KINDS[0])
"""listings last: what they rest on is there before them"""
_LISTING = pl.Struct(
    {field.name: field.dtype for field in event_schema("listing").fields if field.name not in ENVELOPE}
)


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
            again[subscriber] = min(key, again.get(subscriber, key), key=_place)
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
    """What is current here and belongs to partition `subscriber` of the following stages, as if it had just become
    current: of the next `slice_rows` keys behind `after` (a state key in hex), kind by kind, listings last. What is
    left goes on as a message to intake itself.

    Nothing new has come in, so `received_at` is 0, and null for listings (see `keep_listings`). Lots whose inputs are
    made there go to their own partition: they ask their inputs for their taints, and so are known to them again.
    Likewise the homes of sellers are asked again in the name of who asked them.
    """
    found = _following(bytes.fromhex(after), state, context.slice_rows)
    if not found:
        return []
    outputs: list[Output] = []
    for (kind,), rows in _held_rows(found).group_by("kind", maintain_order=True):
        if kind == "complaint":
            continue  # what was said to people stays said
        if kind == "listing":
            outputs += _listings_again(rows, subscriber, context)
            continue
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


def _following(after: bytes, state: StateView, most: int) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for kind in _ORDER[_rank(after) :]:
        within = current_key(kind, "")
        found += state.scan(within, after if after.startswith(within) else None, most - len(found))
        if len(found) == most:
            break
    return found


def _place(after: str) -> tuple[int, str]:
    """How far one has got."""
    return _rank(bytes.fromhex(after)), after


def _rank(key: bytes) -> int:
    """Where in `_ORDER` the kind of a state key stands."""
    return _ORDER.index(key.decode().split(SEPARATOR)[1]) if key else 0


def _listings_again(rows: pl.DataFrame, subscriber: int, context: StageContext) -> list[Output]:
    """Listings whose producer is of that partition; and the homes of their sellers asked for them, where asker or home
    is that partition.
    """
    said = rows["content"].str.json_decode(_LISTING).struct.unnest()
    gtin, gtin_valid = gtin_columns(said["gtin"])
    sent = pl.concat([rows.select("event_id", "publisher", "digest", "revision"), said], how="horizontal").with_columns(
        seller_code=pl.col("seller_code").fill_null(""),
        gtin=gtin,
        gtin_valid=gtin_valid,
        retracted=pl.lit(value=False),
        received_at=pl.lit(None, pl.Int64),
    )
    onward = listings_onward(sent)
    partition = partial(partition_of, partitions=context.partitions)
    goes = [partition(route) for route in onward.rows["route"]]
    pairs = [(code, asker) for code, asker in zip(onward.rows["seller_code"], goes, strict=True) if code]
    asked = [
        (code, asker)
        for code, asker in dict.fromkeys(pairs)
        if (asker == subscriber) != (partition(code) == subscriber)
    ]
    mine = replace(onward, rows=onward.rows.filter(pl.Series([at == subscriber for at in goes], dtype=pl.Boolean)))
    return [mine, questions(asked)]


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
