"""When the tables hold what there was at a moment, of a log that never stands still."""

from __future__ import annotations

from collections import defaultdict, deque

from suyuan.operations.spot_checks.loading import HOPS, Loading
from suyuan.operations.work_left import WorkLeft
from suyuan.streams.watchdog import Progress

WAY = ("in.listing", "producer.listing", "producer.lineage", "chain")
"""the last is read by the loader"""


class Log:
    """A market that never pauses: each turn something new comes, and every reader reads some of what it has."""

    def __init__(self):
        self.waiting = {topic: deque() for topic in (*WAY, "producer.backlog")}
        self.ends, self.committed = defaultdict(int), defaultdict(int)
        self.tables = []
        self.now = 0

    def append(self, topic, message):
        self.waiting[topic].append(message)
        self.ends[topic] += 1

    def turn(self):
        """One message more, and each reader goes on by one; of two a third stays behind."""
        self.append("in.listing", self.now)
        self.now += 1
        for topic, following in zip(WAY, (*WAY[1:], None), strict=True):
            for _ in range(1 + (len(self.waiting[topic]) > 3)):
                if not self.waiting[topic]:
                    continue
                message = self.waiting[topic].popleft()
                self.committed[topic] += 1
                if following is None:
                    self.tables.append(message)
                else:
                    self.append(following, message)

    def left(self):
        read = {("g", topic, 0): Progress(self.committed[topic], self.ends[topic]) for topic in self.waiting}
        return WorkLeft(sum(map(len, self.waiting.values())), 1, read)


def observed(log, most=500):
    loading = Loading()
    for turns in range(most):
        if loading.is_over(log.left()):
            return turns
        log.turn()
    return None


def test_it_is_over_while_more_comes_and_all_of_before_is_in_the_tables_then():
    log = Log()
    for _ in range(40):
        log.append("in.listing", -1)
    log.turn()
    assert observed(log) is not None
    assert log.left().messages > 0
    assert log.tables.count(-1) == 40
    assert not any(-1 in waiting for waiting in log.waiting.values())


def test_where_nothing_is_left_it_is_over_at_once():
    assert Loading().is_over(WorkLeft(0, 1))


def test_not_before_what_a_stage_left_for_later_is_done():
    log = Log()
    log.append("producer.backlog", -1)
    log.turn()
    assert observed(log) is None
    log.waiting["producer.backlog"].clear()
    log.committed["producer.backlog"] = 1
    assert observed(log) is not None


def test_nobody_who_stands_still_is_taken_for_one_who_is_through():
    left = WorkLeft(1, 1, {("g", "chain", 0): Progress(4, 5)})
    loading = Loading()
    assert not any(loading.is_over(left) for _ in range(3 * HOPS))
