"""Products and licences that listings name and whose records have another home: asked for once, then sent with every
change.

A lookup may be lost with the outputs of its block. When the block comes again, the listing that led to it may have
changed, so what a block asked is remembered with it and asked again then.
"""

from __future__ import annotations

import polars as pl

from suyuan.domain.identifiers.gtin import restricted_expr
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.producer.kept import item_facts
from suyuan.streams.stages.producer.keys import ASKED, name
from suyuan.streams.stages.redelivery import BlockMemory, Done

ITEM = ("producer_code", "gtin")

Question = tuple[str, str]
"""kind, business key"""


class PendingLookups(Done, array_like=True, frozen=True):
    """The lookups that a block sent."""

    questions: tuple[Question, ...]


ASKED_BY_BLOCK = BlockMemory("questions", PendingLookups)


class RecordLookups:
    """Decides for one block which rows can be assessed now, and what must be looked up for the others."""

    def __init__(self, block: Block, state: StateView, context: StageContext) -> None:
        self._block = block
        self._state = state
        self._context = context
        lost = ASKED_BY_BLOCK.recall(block, state)
        self._asked: dict[Question, None] = dict.fromkeys(lost.questions if lost is not None else ())
        self.summarised = False
        """whether facts of items were made that were not there before"""

    def answered(
        self, rows: pl.DataFrame, producers: pl.DataFrame, items: pl.DataFrame, licences: pl.DataFrame
    ) -> pl.DataFrame:
        """The rows whose product and named licence are known, or known to be absent; the others are noted for
        `questions`.

        `rows`: columns of the block schema `listing`; `producers`, `items`, `licences`: the facts there are, with the
        columns of `ProducerFacts`, `ItemFacts`, `LicenceFacts`. Where the producer's code is not valid, or the gtin
        names no product in the world, nothing is asked: nothing of the product will be looked at.
        """
        if not _may_ask(rows, items):
            return rows
        fault = pl.col("producer_code_fault")
        valid = fault.is_null() | (pl.col("registered").fill_null(value=False) & (fault != "format"))
        new = pl.col("item").is_null()
        foreign = pl.col("licence_no").is_not_null() & pl.col("holder").ne_missing(pl.col("producer_code"))
        registered = producers.lazy().select(producer_code="code", registered="registered")
        known = items.lazy().select(*ITEM, item=pl.lit(value=True))
        holders = licences.lazy().select("licence_no", holder="holder_code")
        open_ones = (
            rows.lazy()
            .select("producer_code", "producer_code_fault", "gtin", "gtin_valid", "lot", "licence_no")
            .with_row_index("row")
            .join(registered, on="producer_code", how="left", maintain_order="left")
            .join(known, on=ITEM, how="left", maintain_order="left")
            .join(holders, on="licence_no", how="left", maintain_order="left")
            .filter(pl.col("producer_code").is_not_null() & valid & pl.col("gtin_valid") & (new | foreign))
            .filter(~restricted_expr(pl.col("gtin")))
            .collect()
        )
        if open_ones.is_empty():
            return rows
        new_items, strange = open_ones.filter(new), open_ones.filter(foreign)
        waiting_items = self._unanswered_items(new_items.select(ITEM).unique(maintain_order=True))
        waiting_licences = self._unanswered_licences(
            strange.select("licence_no", *ITEM, "lot").unique(maintain_order=True)
        )
        if not waiting_items and not waiting_licences:
            return rows
        items_waited_for = pl.DataFrame(waiting_items, schema=dict.fromkeys(ITEM, pl.String), orient="row")
        waits = pl.concat(
            [
                new_items.join(items_waited_for, on=ITEM, how="semi").select("row"),
                strange.filter(pl.col("licence_no").is_in(waiting_licences)).select("row"),
            ]
        )
        return rows.with_row_index("row").join(waits, on="row", how="anti", maintain_order="left").drop("row")

    def questions(self) -> list[Output]:
        """The lookups as one output of `intake.lookup` (kind, key, asker), or nothing."""
        if not self._asked:
            return []
        ASKED_BY_BLOCK.keep(self._block, self._state, PendingLookups(self._block.offset, tuple(self._asked)))
        frame = pl.DataFrame(list(self._asked), schema={"kind": pl.String, "key": pl.String}, orient="row")
        frame = frame.with_columns(asker=pl.lit(self._context.partition, pl.Int64))
        # the home of a record is the partition of its business key: the same hash for the same key
        return [Output("intake.lookup", frame.select(list(block_schema("lookup"))), key="key")]

    def _unanswered_items(self, items: pl.DataFrame) -> list[tuple[str, str]]:
        """Of items without facts. What is known of the product here already is summarised at once."""
        waiting = []
        for producer_code, gtin in items.iter_rows():
            self._state.put(name("maker", gtin, producer_code), b"")
            if self._ask("product", gtin):
                waiting.append((producer_code, gtin))
            else:
                self._state.put(name("facts-item", producer_code, gtin), item_facts(self._state, (producer_code, gtin)))
                self.summarised = True
        return waiting

    def _unanswered_licences(self, named: pl.DataFrame) -> list[str]:
        """Of licences that listings name and their producer does not hold. The listings are noted under the number,
        to be found again when the licence changes.
        """
        waiting = []
        for number, *lot in named.iter_rows():
            self._state.put(name("named", number, *(part or "" for part in lot)), b"")
            if self._ask("licence", number):
                waiting.append(number)
        return waiting

    def _ask(self, kind: str, key: str) -> bool:
        """Whether its home has yet to answer."""
        known = self._state.get(name(kind, key))
        if known is None:
            self._state.put(name(kind, key), ASKED)
            self._asked[kind, key] = None
        return known is None or known == ASKED


def _may_ask(rows: pl.DataFrame, items: pl.DataFrame) -> bool:
    """Whether any row names a licence, or an item without facts: few blocks have one, and without it nothing waits."""
    if rows["licence_no"].null_count() < rows.height:
        return True
    known = set(zip(*(items[name].to_list() for name in ITEM), strict=True))
    named = zip(*(rows[name].to_list() for name in ITEM), strict=True)
    return any(item not in known and None not in item for item in named)
