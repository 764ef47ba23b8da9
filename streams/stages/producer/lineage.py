"""What lots tell each other across partitions, as messages.

| message | upstream | downstream | taints |
|---|---|---|---|
| follow | an input | a lot made from it: asks to be told from now on | – |
| taints | the lot that tells | a lot made from it | all that it tells, so the last one counts |
| ended | cause of a taint | empty | its kind and the term that is over; to every partition |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import polars as pl

from suyuan.domain.facts.lineage import Kind, Taint
from suyuan.domain.keys import join_key, split_key
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stage import Block, Output
from suyuan.streams.stages.producer.keys import LotKey

NOTHING = b"[]"


class Told(NamedTuple):
    """A message from one lot to another, or to all lots of a partition."""

    partition: int
    message: str
    upstream: LotKey
    downstream: LotKey | None
    received_at: int
    taints: bytes = NOTHING


@dataclass(frozen=True, slots=True)
class Cause:
    """What taints lots as long as its term lasts: a recall (producer_code, gtin, recall_no) or a failed lot
    (producer_code, gtin, lot).
    """

    kind: Kind
    key: LotKey

    @property
    def name(self) -> tuple[str, str, str, str]:
        """The cause as parts of a state key."""
        return self.kind, *self.key


def cause_of(taint: Taint) -> Cause:
    """The cause of a taint, by which its term is counted."""
    return Cause(taint.kind, lot_key(taint.cause_key))


def heard(block: Block) -> list[Told]:
    """The messages of one block of `producer.lineage` (message, upstream, downstream, received_at, taints)."""
    columns = ("message", "upstream", "downstream", "received_at", "taints")
    return [
        Told(block.partition, message, lot_key(up), lot_key(down) if down else None, received_at, taints.encode())
        for message, up, down, received_at, taints in block.rows.select(columns).iter_rows()
    ]


def send(told: Sequence[Told]) -> list[Output]:
    """The messages as one output of `producer.lineage`, or nothing."""
    if not told:
        return []
    rows = {
        "message": [x.message for x in told],
        "upstream": [join_key(*x.upstream) for x in told],
        "downstream": [join_key(*x.downstream) if x.downstream else "" for x in told],
        "taints": [x.taints.decode() for x in told],
        "received_at": [x.received_at for x in told],
    }
    frame = pl.DataFrame(rows, schema=block_schema("lineage"))
    return [Output("producer.lineage", frame.with_columns(partition=pl.Series([x.partition for x in told])))]


def lot_key(key: str) -> LotKey:
    """(producer_code, gtin, lot) of a lot's key, which is these joined by U+001F."""
    producer_code, gtin, lot = split_key(key)
    return producer_code, gtin, lot


def encode_taints(taints: Sequence[Taint]) -> bytes:
    """Taints as the JSON text that lots tell each other and keep."""
    return msgspec.json.encode(taints)


def decode_taints(value: bytes) -> tuple[Taint, ...]:
    """The taints of such a JSON text. What former versions told is read too: they named the whole way, and no cause."""
    try:
        return _decode(value)
    except msgspec.ValidationError:
        return tuple(Taint(x.root, x.kind, x.evidence, len(x.path) - 1) for x in _decode_former(value))


class _Former(msgspec.Struct):
    root: str
    kind: Kind
    path: tuple[str, ...]
    evidence: str


_decode = msgspec.json.Decoder(tuple[Taint, ...]).decode
_decode_former = msgspec.json.Decoder(tuple[_Former, ...]).decode
ENDED = msgspec.json.Decoder(tuple[Kind, int])
