"""The turn of the day in the embedded log."""

from __future__ import annotations

import datetime as dt

from suyuan.domain.calendar import days_after
from suyuan.domain.keys import partition_of
from suyuan.eventlog.log import Log, Record
from suyuan.queries.sql import last_day
from suyuan.runtime.days import day_event
from suyuan.schemas.events import encode_event
from suyuan.sinks.clickhouse import ClickHouse


def publish_days(log: Log, clickhouse: ClickHouse, until: dt.date) -> list[dt.date]:
    """The days after the last one that the tables have, up to and with `until`; that one alone where they have none.
    Those that were new.
    """
    last = last_day(clickhouse)
    first = until if last is None else days_after(last, 1)
    return [day for step in range((until - first).days + 1) if publish_day(log, day := days_after(first, step))]


def publish_day(log: Log, day: dt.date) -> bool:
    """Publish the turn of a day, unless this system has done so before. True if it was new."""
    key, identity, event = day_event(day)
    at = ("in.day", partition_of(key, log.partitions("in.day")))
    appended = log.append_many({at: [Record(key, encode_event("day", event))]}, {at: [identity]})
    return any(appended[at].taken or ())
