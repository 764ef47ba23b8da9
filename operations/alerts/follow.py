"""Changes of alerts from their topic, one after the other, in order of each partition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import NamedTuple

from suyuan.access.scope import Scope
from suyuan.connections.topic_partition import TopicPartition
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.eventlog.errors import LogMissing, UnknownTopic
from suyuan.operations.alerts.cursor import read_cursor, write_cursor
from suyuan.operations.alerts.filters import alert_matcher
from suyuan.operations.alerts.outward import TOPIC, alerts_in
from suyuan.operations.tail import Messages, Tail
from suyuan.queries.alert_parts import part_of
from suyuan.queries.answers import Alert
from suyuan.queries.sql.alerts import AlertFilter
from suyuan.sinks.errors import TopicMissing

READ_SECONDS = 0.5
"""that it waits for more"""

Offsets = Mapping[TopicPartition, int]
Open = Callable[[Offsets | None], AbstractContextManager[Tail]]


class Change(NamedTuple):
    """`place`: who goes on from it is told everything behind this change; the rest of its message, where it has one, is
    told again.
    """

    alert: Alert
    place: str


def follow(
    open_tail: Open, scope: Scope, wanted: AlertFilter, after: str | None, away: Callable[[str], None]
) -> Iterator[Change | None]:
    """Every change behind a place, None: from now on; and None each time when there is nothing more for now.

    Where the topic is not there yet, or the log does not answer for a while, it goes on waiting; `away` is told why.
    Raises BadCursor; MessagesLost where changes behind the place were deleted; SuyuanError for what does not pass.
    """
    matches = alert_matcher(wanted)

    def part(alert: Alert) -> Alert | None:
        seen = part_of(scope, alert)
        return seen if seen is not None and matches(seen) else None

    first: Offsets | None = None
    while True:
        try:
            with open_tail(first) as tail:
                if first is None and after is not None:
                    first, after = read_cursor(after, TOPIC, len(tail.next_offsets)), None
                    continue
                first = dict(tail.next_offsets)
                while True:
                    found = tail.read(READ_SECONDS)
                    for messages in found:
                        yield from _changes(messages, first, part)
                    first = dict(tail.next_offsets)
                    if not found:
                        yield None
        except (LogMissing, UnknownTopic, TopicMissing) as error:
            away(f"nothing was processed yet: {error}")
            first = {} if after is None else None
        except SuyuanError as error:
            if error.kind != ErrorKind.UNAVAILABLE:
                raise
            away(str(error))
        yield None


def _changes(
    messages: Messages, place: dict[TopicPartition, int], part: Callable[[Alert], Alert | None]
) -> Iterator[Change]:
    """`place` is moved behind each message."""
    for offset, value in zip(messages.offsets, messages.values, strict=True):
        here = [seen for alert in alerts_in(value) if (seen := part(alert)) is not None]
        before = write_cursor(TOPIC, place) if here else ""
        place[TOPIC, messages.partition] = offset + 1
        for number, alert in enumerate(here, 1):
            yield Change(alert, before if number < len(here) else write_cursor(TOPIC, place))
