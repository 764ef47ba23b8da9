"""While brokers are away the log has a line at the beginning, a line at the end, and the counts."""

from __future__ import annotations

import logging
import sys
import time

import pytest

from suyuan.runtime import outage_log
from suyuan.runtime.outage_log import KINDS, OutageLog


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outages(clock, monkeypatch):
    monkeypatch.setattr(OutageLog, "_watch", lambda _self: None)  # the tests look themselves
    outages = OutageLog(clock)
    yield outages
    outages._began = None


@pytest.fixture
def shown(outages):
    """Lines of a handler with the filter, as they are shown."""
    lines = []

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(f"{record.name.rpartition('.')[2]}: {record.getMessage()}")

    handler = Kept()
    handler.addFilter(outages)
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


client = logging.getLogger("aiokafka")
other = logging.getLogger("kafka.net.connection")


def complain():
    client.error("Unable connect to node with id %s: %s", 1, "[Errno 111] Connect call failed")


def test_an_outage_is_a_line_at_each_end_and_the_counts(outages, shown, clock):
    for _ in range(500):
        complain()
        other.error("%s: Connection lost: %s", object(), "KafkaConnectionError: 111 ECONNREFUSED")
        client.error("Failed fetch messages from %s: %s", 1, "NodeNotReadyError")
        client.warning("Topic %s is not available during auto-create initialization", "x")
        clock.now += 0.05
        assert outages.look()
    clock.now += 4
    assert outages.look()
    clock.now += 2
    assert not outages.look()
    assert len(shown) == 2
    assert shown[0].startswith("outage_log: a broker is away (aiokafka: Unable connect to node with id 1: [Errno 111]")
    for piece in (
        "all brokers answer again, after 25 s",
        "2,000: 500 of aiokafka (Unable connect to node with id %s: %s)",
    ):
        assert piece in shown[1]
    complain()
    assert len(shown) == 3, "the next outage is told too"


def test_it_says_from_time_to_time_that_it_lasts(outages, shown, clock):
    for _ in range(130):
        complain()
        clock.now += 1
        outages.look()
    assert [line.partition(";")[0] for line in shown[1:]] == [
        "outage_log: a broker is still away, for 60 s",
        "outage_log: a broker is still away, for 120 s",
    ]


def test_what_is_ours_or_said_while_brokers_answer_is_shown(shown):
    client.warning("Heartbeat failed for group %s because it is rebalancing", "suyuan")
    logging.getLogger("suyuan.x").error("Connection lost")
    complain()
    logging.getLogger("suyuan.x").error("Connection lost")
    logging.getLogger("suyuan.x").error("Connection lost")
    client.critical("Connection lost")
    assert [line for line in shown if "outage_log" not in line] == [
        "aiokafka: Heartbeat failed for group suyuan because it is rebalancing",
        *["x: Connection lost"] * 3,
        "aiokafka: Connection lost",
    ]


def test_a_traceback_is_shown_once_for_each_kind(shown):
    complain()
    for place in range(10):
        client.error("Unexpected error in %s", place, exc_info=ValueError("Connection lost"))
    assert [line for line in shown if "Unexpected" in line] == ["aiokafka: Unexpected error in 0"]


def test_what_is_kept_is_bounded(outages, shown):
    complain()
    for number in range(10 * KINDS):
        client.error(f"Bootstrap attempt to {number} failed")
    assert len(outages._counts) <= KINDS + 1
    outages.end()
    assert shown[-1].startswith(
        "outage_log: a broker was away to the end, for 0 s; lines of the clients not shown: 1,001:"
    )


@pytest.mark.real_time
def test_it_ends_by_itself(monkeypatch, capfd):
    monkeypatch.setattr(outage_log, "QUIET_SECONDS", 0.5)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(OutageLog())
    logging.getLogger().addHandler(handler)
    try:
        complain()
        said = ""
        while "all brokers answer again" not in said:
            time.sleep(0.05)
            said += capfd.readouterr().err
    finally:
        logging.getLogger().removeHandler(handler)
