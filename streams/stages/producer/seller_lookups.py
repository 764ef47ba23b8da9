"""Sellers of listings: their facts attached, as far as they are known here, and the home of the others asked once.

A question may be lost with the outputs of its block, so what a block asked is remembered with it (see `lookups.py`).
"""

from __future__ import annotations

import polars as pl

from suyuan.domain.facts.seller import SELLER, UNKNOWN
from suyuan.domain.keys import partition_of
from suyuan.streams.stage import Block, Output, StageContext, StateView
from suyuan.streams.stages.producer.decoded import Decoded
from suyuan.streams.stages.producer.keys import ASKED, name
from suyuan.streams.stages.producer.seller_messages import questions
from suyuan.streams.stages.redelivery import BlockMemory, Done


class AskedSellers(Done, array_like=True, frozen=True):
    """The sellers that a block asked for."""

    codes: tuple[str, ...]


ASKED_BY_BLOCK = BlockMemory("asked-sellers", AskedSellers)


class SellerLookups:
    """Decides for one block of which rows the seller is known, and whose facts must be asked for."""

    def __init__(self, block: Block, state: StateView, context: StageContext) -> None:
        self._block = block
        self._state = state
        self._context = context
        lost = ASKED_BY_BLOCK.recall(block, state)
        self._asked: dict[str, None] = dict.fromkeys(lost.codes if lost is not None else ())
        self._facts: dict[str | None, bytes | None] = {None: UNKNOWN, "": UNKNOWN}

    def look_up(self, codes: pl.Series) -> None:
        """Look up the sellers of listings, and note for `questions` those that nobody here has asked for."""
        wanted = [code for code in dict.fromkeys(codes.to_list()) if code not in self._facts]
        held = self._state.get_many([name("facts-seller", code) for code in wanted])
        self._facts.update((code, self._known(code, value)) for code, value in zip(wanted, held, strict=True))

    def attached(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows whose sellers are known, or known to have no records, with the columns of SELLER. `rows`: listings
        whose sellers were looked up.
        """
        facts = [self._facts[code] for code in rows["seller_code"].to_list()]
        known = [text for text in facts if text is not None]
        if len(known) < len(facts):
            rows = rows.filter(pl.Series([text is not None for text in facts], dtype=pl.Boolean))
        return pl.concat([rows, _DECODED.rows(known)], how="horizontal")

    def questions(self) -> list[Output]:
        """What is asked, as one output of `producer.seller`, or nothing."""
        if not self._asked:
            return []
        ASKED_BY_BLOCK.keep(self._block, self._state, AskedSellers(self._block.offset, tuple(self._asked)))
        return [questions([(code, self._context.partition) for code in self._asked])]

    def _known(self, code: str, held: bytes | None) -> bytes | None:
        """The facts of a code; None: its home has yet to answer."""
        if held is not None:
            return None if held == ASKED else held
        if partition_of(code, self._context.partitions) == self._context.partition:
            return UNKNOWN
        self._state.put(name("facts-seller", code), ASKED)
        self._asked[code] = None
        return None


_DECODED = Decoded(SELLER)
