"""Complaints, days and bureaus: the listings that they touch are judged again on the chains kept of them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING

import polars as pl

from suyuan.streams.stage import Output
from suyuan.streams.stages.backlog import Task, leave, read_tasks
from suyuan.streams.stages.risk.bureaus import note_bureaus
from suyuan.streams.stages.risk.complaints import EXPIRES, forget, note, window_expiries
from suyuan.streams.stages.risk.judging import Occasion, judge
from suyuan.streams.stages.risk.kept import (
    DAY,
    NO_CHAIN,
    Complaint,
    Said,
    chain_in,
    has_chain,
    in_present_form,
    present_day,
    said_in,
    with_said,
)
from suyuan.streams.stages.risk.kept_chain import VERSION_BYTES, chain_frame, key_of
from suyuan.streams.stages.risk.slices import Slice, take_slice
from suyuan.streams.stages.risk.sweeps import Sweep, sweep_of, take_sweep

if TYPE_CHECKING:
    from suyuan.streams.stage import Block, StageContext, StateView
    from suyuan.streams.stages.risk.watch import Watch

Notes = dict[str, list[tuple[str, Complaint, int]]]
"""listing key -> (complaint key, version, received_at) of each complaint row"""


def judge_records(watch: Watch, block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `risk.record`, under the rules of `watch`: complaints, days and bureaus."""
    if block.rows.is_empty():
        return []
    sweep = Sweep(left=sweep_of(note_bureaus(block, state)))
    notes: Notes = defaultdict(list)
    rows = block.rows.filter((pl.col("kind") == "complaint") & pl.col("route").is_not_null())
    columns = ("route", "key", "received_at", "occurred_at", "event_id", "publisher", "tie", "digest", "retracted")
    for listing, key, received_at, *version in rows.select(columns).iter_rows():
        notes[listing].append((key, Complaint(*version), received_at))
    days = block.rows.filter(pl.col("kind") == "day")
    if days.is_empty():
        return _judge_again(watch, block, state, Slice(), sweep, notes)
    _advance(state, max(map(dt.date.fromisoformat, days["key"])))
    return _judge_again(watch, block, state, take_slice(block, state, context), sweep, notes)


def judge_day(watch: Watch, block: Block, state: StateView, context: StageContext) -> list[Output]:
    """One block of `risk.backlog`, under the rules of `watch`: the next slice of listings whose counters change with
    the day, and of a sweep.
    """
    if block.rows.is_empty():
        return []
    of_day = block.redelivered or any(task.prefix == EXPIRES for task in read_tasks(block))
    due = take_slice(block, state, context) if of_day else Slice()
    return _judge_again(watch, block, state, due, take_sweep(block, state, context), {})


def _advance(state: StateView, day: dt.date) -> None:
    if day > present_day(state.get(DAY)):
        state.put(DAY, str(day).encode())


def _judge_again(watch: Watch, block: Block, state: StateView, due: Slice, sweep: Sweep, notes: Notes) -> list[Output]:
    day = present_day(state.get(DAY))
    turned_at = max(block.rows["received_at"].to_list())
    causes = {**sweep.listings, **dict.fromkeys(due.listings, turned_at)}
    causes |= {listing: max(at for *_, at in noted) for listing, noted in notes.items()}
    of_day = [Task(EXPIRES, f"complaints leave by {day}", turned_at)] if due.left else []
    outputs = leave("risk.backlog", [*of_day, *sweep.left])
    if not causes:
        return outputs
    keys = [key_of(listing) for listing in causes]
    held = [in_present_form(value) or NO_CHAIN for value in state.get_many(keys)]
    said = [said_in(value) for value in held]
    for index, listing in enumerate(causes):
        if listing in notes:
            said[index] = _note(state, listing, said[index] or Said(), notes[listing], day)
    judged = [index for index, value in enumerate(held) if has_chain(value)]
    if judged:
        received = list(causes.values())
        chains = [chain_in(held[index]) for index in judged]
        rows = chain_frame([keys[index] for index in judged], [held[index][:VERSION_BYTES] for index in judged], chains)
        rows = rows.with_columns(received_at=pl.Series([received[index] for index in judged], dtype=pl.Int64))
        words = [said[index] for index in judged]
        found = judge(watch, rows, chains.__getitem__, words, Occasion.of(block, state))
        for index, now in zip(judged, words, strict=True):
            said[index] = now
        if not found.is_empty():
            outputs.append(Output("finding", found, key="alert_id"))
    state.put_many(keys, [with_said(value, words) for value, words in zip(held, said, strict=True)])
    return outputs


def _note(state: StateView, listing: str, said: Said, noted: list[tuple[str, Complaint, int]], day: dt.date) -> Said:
    for key, complaint, _ in noted:
        note(said, key, complaint)
        for expiry in window_expiries(complaint, listing, day):
            state.put(expiry, b"")
    forget(said, day)
    return said
