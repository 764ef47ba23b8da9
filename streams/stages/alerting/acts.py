"""What people did with alerts: every act is kept, and folded each time (`domain/alerts/life.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import polars as pl

from suyuan.domain.alerts.acts import Act
from suyuan.domain.alerts.life import fold
from suyuan.domain.keys import SEPARATOR
from suyuan.streams.stages.alerting.kept import acts_of, listed_at_of

if TYPE_CHECKING:
    from suyuan.domain.alerts.life import Life
    from suyuan.streams.stage import Block, StateView
    from suyuan.streams.stages.alerting.kept import Desk

_decode = msgspec.json.Decoder(Act).decode


def note_acts(block: Block, state: StateView) -> dict[str, tuple[int, int]]:
    """Keep the acts of a block (block schema `record`). Returns, by alert that the block names, how many there are more
    and when the log took the last that is new, 0: none is.
    """
    acts = block.rows.filter((pl.col("kind") == "alert_act") & pl.col("body").is_not_null())
    touched: dict[str, tuple[int, int]] = {}
    for body, received_at in acts.select("body", "received_at").iter_rows():
        act = _decode(body)
        more, last = touched.setdefault(act.alert_id, (0, 0))
        key = acts_of(act.alert_id) + f"{act.publisher}{SEPARATOR}{act.event_id}".encode()
        was = state.get(key)
        if was is None or _decode(was).recency < act.recency:
            state.put(key, body.encode())
            touched[act.alert_id] = more + (was is None), max(last, received_at)
    return touched


def life_of(alert: str, desk: Desk, state: StateView) -> Life | None:
    """How an alert is dealt with; None: nobody has done anything."""
    if not desk.acts:
        return None
    acts = [_decode(value) for _, value in state.scan(acts_of(alert))]
    return fold(acts, standing=desk.listings > 0, basis=desk.basis, newest_listed_at=listed_at_of(desk.newest))
