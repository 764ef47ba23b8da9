"""Lots tell the lots made from them what they are tainted with, across producers and so across partitions.

A lot follows its inputs (message `follow`); an input answers, and tells again whenever it changes, with everything
that it is tainted with (message `taints`, always the whole, so the last one counts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from suyuan.domain.facts.lineage import Taint, own_taints
from suyuan.domain.facts.quality import gravest, latest
from suyuan.domain.keys import join_key, split_key
from suyuan.domain.records import Inspection, Lot, Recall, decode_record
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stage import Block, Emit, StateView
from suyuan.streams.stages.producer.keys import LotKey, name, parts, prefix
from suyuan.streams.stages.producer.touched import Touched


@dataclass(frozen=True, slots=True)
class Told:
    """A message to the partition of `to`, which is upstream for a follow and downstream for taints."""

    message: str
    upstream: LotKey
    downstream: LotKey
    received_at: int
    taints: bytes = b"[]"

    @property
    def to(self) -> LotKey:
        """Whose producer's partition gets it."""
        return self.upstream if self.message == "follow" else self.downstream


def own_taints_of(lot_key: str, recalls: Sequence[Recall], inspections: Sequence[Inspection]) -> tuple[Taint, ...]:
    """`recalls`: those of the lot's item; `inspections`: those of the lot."""
    lot = split_key(lot_key)[2]
    covering = gravest(recall for recall in recalls if not recall.lots or lot in recall.lots)
    return own_taints(lot_key, covering, latest(inspections))


def follow_inputs(lot: LotKey, state: StateView, received_at: int) -> list[Told]:
    """A follow to each input that the lot's record names."""
    body = state.get(name("lot", *lot))
    record = decode_record("lot", body) if body is not None else None
    if not isinstance(record, Lot):
        return []
    inputs = {(x.producer_code, x.gtin, x.lot) for x in record.inputs}
    return [Told("follow", upstream, lot, received_at) for upstream in sorted(inputs)]


def tell_followers(lot: LotKey, taints: bytes, state: StateView, received_at: int) -> list[Told]:
    """The lot's taints to everyone that follows it."""
    followers = (parts(key)[4:] for key, _ in state.scan(prefix("follow", *lot)))
    return [Told("taints", lot, (p, g, made), received_at, taints) for p, g, made in followers]


def hear(block: Block, state: StateView) -> tuple[Touched, list[tuple[LotKey, LotKey]]]:
    """One block of `producer.lineage` into state: what it touches, and who is to be answered (upstream, follower)."""
    touched = Touched()
    to_answer = []
    columns = ("message", "upstream", "downstream", "taints", "received_at")
    for message, up, down, taints, received_at in block.rows.select(columns).iter_rows():
        upstream, downstream = _lot(up), _lot(down)
        if message == "follow":
            state.put(name("follow", *upstream, *downstream), b"")
            touched.lots[upstream] = received_at
            to_answer.append((upstream, downstream))
        else:
            state.put(name("told", *downstream, *upstream), taints.encode())
            touched.lots[downstream] = received_at
    return touched, to_answer


def send(told: Sequence[Told]) -> list[Emit]:
    """The messages as one block, or nothing."""
    if not told:
        return []
    rows = {
        "message": [x.message for x in told],
        "upstream": [join_key(*x.upstream) for x in told],
        "downstream": [join_key(*x.downstream) for x in told],
        "taints": [x.taints.decode() for x in told],
        "received_at": [x.received_at for x in told],
    }
    frame = pl.DataFrame(rows, schema=block_schema("lineage"))
    return [Emit("producer.lineage", frame.with_columns(route=pl.Series([x.to[0] for x in told])), key="route")]


def _lot(key: str) -> LotKey:
    producer_code, gtin, lot = split_key(key)
    return producer_code, gtin, lot


TAINTS = msgspec.json.Decoder(tuple[Taint, ...])
