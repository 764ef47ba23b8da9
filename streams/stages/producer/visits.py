"""Listings at places: those whose place has a template have their chains looked up, the others are assessed, one at
each place, and leave a template there.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from suyuan.domain.chain.facts import Facts
from suyuan.domain.chain.templates import assess_places, places_of
from suyuan.streams.stage import Block, Output, StageContext

GROUP = "group"


class Visits:
    """The listings of one block at their places."""

    def __init__(self, rows: pl.DataFrame, today: dt.date | None, block: Block, context: StageContext) -> None:
        """`rows`: columns of the block schema `listing`. `today`: the greatest `day` event."""
        self.today = today
        self._rows = rows
        self._at = block.timestamp
        self._again = block.redelivered
        self._places = context.places
        self._lately = context.lately
        self._keys, days = places_of(rows)
        self._templates = self._places.find(self._keys, days, today)
        self._leave_unsent()
        self._groups: dict[tuple[bytes, int], int] = {}
        """of places and days without a template"""
        self._unknown = np.flatnonzero(self._templates < 0)
        first: list[int] = []
        groups = []
        for row, day in zip(self._unknown.tolist(), days[self._unknown].tolist(), strict=True):
            group = self._groups.setdefault((self._keys[row], day), len(first))
            if group == len(first):
                first.append(row)
            groups.append(group)
        self._group_of = np.array(groups, dtype=np.int64)
        self._first = first

    def to_assess(self) -> pl.DataFrame:
        """One listing at each place, and of each day, without a template; with a column `group`, for `learn`."""
        if not self._first:
            return self._rows.clear()
        return self._rows[self._first].hstack([pl.Series(GROUP, range(len(self._first)), dtype=pl.Int64)])

    def learn(self, rows: pl.DataFrame, facts: Facts) -> list[Output]:
        """Assess them, or those of them that can be assessed now. Returns their parties that were not sent lately."""
        groups = rows[GROUP].to_numpy()
        rows = rows.drop(GROUP)
        assessment, templates = assess_places(rows, facts)
        learnt = np.full(len(self._first), -1, dtype=np.int64)
        learnt[groups] = self._places.learn([self._keys[self._first[group]] for group in groups], rows, templates)
        self._templates[self._unknown] = learnt[self._group_of]
        unsent = self._lately.unsent(templates.each["parties"].to_list(), self._at, again=self._again)
        return [Output("chain.parties", assessment.parties(unsent))] if unsent else []

    def chains(self) -> pl.DataFrame:
        """One chain per listing that has a template by now, in their order: columns of the block schema `chain` but
        `as_of` and `assessment`.
        """
        known = self._templates >= 0
        if known.all():
            return self._places.chains(self._rows, self._templates)
        return self._places.chains(self._rows.filter(pl.Series(known)), self._templates[known])

    def _leave_unsent(self) -> None:
        """Take places whose parties must be sent as unknown: what parties are made of is in no template."""
        if self._again:
            self._templates[:] = -1
            return
        used = np.unique(self._templates[self._templates >= 0])
        unsent = self._lately.unknown(self._places.parties(used), self._at)
        if unsent:
            self._templates[np.isin(self._templates, used[unsent])] = -1
