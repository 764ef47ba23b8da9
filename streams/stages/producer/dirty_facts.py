"""Which facts a block makes dirty, each with the log's time of the last event that did."""

from __future__ import annotations

from dataclasses import dataclass, field

from suyuan.streams.stages.producer.keys import ItemKey, LotKey


@dataclass(slots=True)
class DirtyFacts:
    """Facts that must be summarised anew: by key, the time (ms since the epoch) at which the log took the event."""

    producers: dict[str, int] = field(default_factory=dict)
    sellers: dict[str, int] = field(default_factory=dict)
    items: dict[ItemKey, int] = field(default_factory=dict)
    lots: dict[LotKey, int] = field(default_factory=dict)
    licences: dict[str, int] = field(default_factory=dict)
    inputs: set[LotKey] = field(default_factory=set)
    """lots whose inputs may be others now"""
    recalls: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    """by (producer_code, gtin, recall_no), whether it covers less than it did"""
    tainted: dict[LotKey, int] = field(default_factory=dict)
    """lots of which no more than what they are recalled for, or tainted with, may be another"""
    days: list[tuple[str, int]] = field(default_factory=list)
