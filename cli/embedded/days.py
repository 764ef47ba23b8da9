"""The turn of the day in the embedded log."""

from __future__ import annotations

import datetime as dt

from suyuan.cli.days import day_event
from suyuan.domain.keys import partition_of
from suyuan.schemas.events import encode_event
from suyuan.streams.transport.embedded.log import Log, Record


def publish_day(log: Log, day: dt.date) -> bool:
    """Publish the turn of a day, unless this system has done so before. True if it was new."""
    key, identity, event = day_event(day)
    at = ("in.day", partition_of(key, log.partitions("in.day")))
    appended = log.append_many({at: [Record(key, encode_event("day", event))]}, {at: [identity]})
    return any(appended[at].taken or ())
