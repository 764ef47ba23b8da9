"""What producer partitions ask one another of sellers, and are told, as messages.

| message | to | says |
|---|---|---|
| asked | the home of the seller's code | the asker wants the facts of the seller, now and whenever they change |
| told | a partition that asked | all that is known, with a version: the greatest counts |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import polars as pl

from suyuan.schemas.blocks import block_schema
from suyuan.streams.stage import Block, Output

COLUMNS = tuple(block_schema("seller_facts"))


class SellerMessage(NamedTuple):
    """A row of the block schema `seller_facts`. `asker`: the partition that asks, or is told; `received_at`: 0 where
    nothing new has come in.
    """

    message: str
    code: str
    asker: int
    version: int | None = None
    facts: str | None = None
    received_at: int = 0


def heard(block: Block) -> Iterator[SellerMessage]:
    """The messages of one block of `producer.seller`."""
    return map(SellerMessage._make, block.rows.select(COLUMNS).iter_rows())


def questions(asked: Sequence[tuple[str, int]]) -> Output:
    """(seller code, asker) each to the home of the code."""
    frame = _frame([SellerMessage("asked", code, asker) for code, asker in asked])
    return Output("producer.seller", frame, key="code")  # the home is the partition of the code: the same hash


def answers(told: Sequence[SellerMessage]) -> Output:
    """Each to the partition that asked."""
    return Output("producer.seller", _frame(told).with_columns(partition="asker"))


def _frame(messages: Sequence[SellerMessage]) -> pl.DataFrame:
    return pl.DataFrame(messages, schema=block_schema("seller_facts"), orient="row")
