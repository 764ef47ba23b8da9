"""Limits to what a consumer holds at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """A single message larger than a limit is still delivered, alone."""

    run_records: int = 8192
    run_bytes: int = 8 << 20
    runs_in_flight: int = 2
    """per partition: one being processed, one ready"""
    lead: int = 4
    """of a topic that another one keeps pace with: messages to read and runs in work, of one partition"""
    messages_in_flight: int = 1000
    """per partition of a topic whose messages are delivered singly"""
    messages_bytes: int = 8 << 20
    """the same in bytes"""
    fetch_bytes: int = 16 << 20
    """by one fetch over all partitions"""
    bytes_in_flight: int = 64 << 20
    """delivered and not acknowledged, over all partitions"""
