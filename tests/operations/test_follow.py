"""What `suyuan alerts --follow` prints, from a log in memory."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import takewhile

import pytest

from suyuan.access.scope import EVERYTHING, Division, Scope
from suyuan.connections.log_errors import MessagesLost
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.eventlog.errors import UnknownTopic
from suyuan.operations.alerts import follow as following
from suyuan.operations.alerts.cursor import BadCursor, write_cursor
from suyuan.operations.alerts.follow import follow
from suyuan.operations.alerts.outward import TOPIC
from suyuan.queries.sql.alerts import AlertFilter
from tests.portal.live.conftest import Log
from tests.sinks.rows import alert

ALL = AlertFilter()


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(following, "READ_SECONDS", 0.0)


def begin(log, after=None, scope=EVERYTHING, wanted=ALL, away=lambda _: None):
    return follow(lambda first: log.tail([TOPIC], first), scope, wanted, after, away)


def now(changes):
    """What there is now."""
    return list(takewhile(lambda change: change is not None, changes))


def names(changes):
    return [(change.alert.alert_id, change.alert.sequence) for change in changes]


def test_a_follower_is_told_what_comes_from_now_on_within_scope_and_filter():
    log = Log()
    log.say(0, alert("before"))
    everything, some = begin(log), begin(log, scope=Scope((Division("33"),)), wanted=AlertFilter(severity=("high",)))
    assert now(everything) == now(some) == []
    log.say(0, alert("a", bureau="330106"), alert("b"))
    log.say(1, alert("c", bureau="330106", severity="low"))
    assert sorted(names(now(everything))) == [("a", 1), ("b", 1), ("c", 1)]
    assert names(now(some)) == [("a", 1)]


def test_another_goes_on_behind_any_change_and_misses_nothing():
    log = Log()
    changes = begin(log, write_cursor(TOPIC, {(TOPIC, 0): 0, (TOPIC, 1): 0}))
    for number in range(12):
        log.say(number % 2, *(alert(f"x{number}", sequence) for sequence in range(1, number % 3 + 2)))
    found = now(changes)
    told = names(found)
    assert len(told) == len(set(told)) == 24
    for seen, change in enumerate(found, 1):
        rest = names(now(begin(log, change.place)))
        assert set(told[:seen]) | set(rest) == set(told)
        assert len(rest) <= len(told) - seen + 2, "no more than the rest of a message is told again"


def test_a_follower_waits_for_a_topic_and_for_a_log_that_does_not_answer():
    log, said, error = Log(), [], None

    class Away:
        @contextmanager
        def tail(self, topics, first=None):
            if error is not None:
                raise error
            with log.tail(topics, first) as tail:
                yield tail

    error = UnknownTopic("no topic alert")
    changes = begin(Away(), away=said.append)
    assert next(changes) is None
    assert "nothing was processed yet" in said[-1]
    log.say(0, alert("first"))
    error = None
    assert names(now(changes)) == [("first", 1)]
    whole, log.end_offsets = log.end_offsets, lambda: _raise(SuyuanError("no answer", ErrorKind.UNAVAILABLE))
    assert next(changes) is None
    assert said[-1] == "no answer"
    log.end_offsets = whole
    log.say(1, alert("second"))
    assert names(now(changes)) == [("second", 1)]


def test_a_place_that_is_none_or_whose_changes_were_deleted_is_an_error():
    log = Log()
    log.say(0, alert("a"), alert("b"))
    log.say(0, alert("c"))
    log.delete(0, 1)
    with pytest.raises(BadCursor):
        next(begin(log, "nonsense"))
    with pytest.raises(MessagesLost):
        next(begin(log, write_cursor(TOPIC, {(TOPIC, 0): 0, (TOPIC, 1): 0})))


def _raise(error):
    raise error
