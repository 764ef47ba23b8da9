"""Attempts: when the next one is, and when there is none."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from suyuan.operations.webhooks.schedule import Answer, Outcome, Pending, after, delivery_id

NOW = 1_700_000_000_000
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
FIRST = Pending("s1", "a.1.s1", NOW)
DOWN = Answer(None, "not reached")


def middle():
    return 0.5


def attempts(answer, fraction=middle):
    """(waits in ms, last outcome) of a receiver that always answers so."""
    waits, pending, now = [], FIRST, NOW
    while True:
        following = after(pending, answer, now, fraction)
        if following.pending is None:
            return waits, following
        waits.append(following.pending.due - now)
        pending, now = following.pending, following.pending.due


def test_ten_attempts_within_three_days_and_then_it_has_failed_visibly():
    waits, last = attempts(DOWN)
    hours = [hours * HOUR for hours in (2, 5, 10, 14, 20, 24)]
    assert waits == [5 * SECOND, 5 * MINUTE, 30 * MINUTE, *hours]
    assert last.outcome == Outcome.FAILED
    assert not last.disables


@pytest.mark.parametrize(("fraction", "share"), [(0.0, 0.8), (1.0, 1.2)])
def test_waits_are_spread_by_a_fifth(fraction, share):
    waits, _ = attempts(DOWN, lambda: fraction)
    plain, _ = attempts(DOWN)
    assert waits == [pytest.approx(wait * share, abs=1) for wait in plain]


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_a_receiver_that_refuses_is_asked_three_times_more(status):
    assert len(attempts(Answer(status, "status"))[0]) == 3


@pytest.mark.parametrize("status", [301, 408, 429, 500, 503])
def test_what_may_pass_is_attempted_to_the_end(status):
    assert len(attempts(Answer(status, "status"))[0]) == 9


def test_refusals_count_though_failures_come_between():
    pending = after(FIRST, Answer(404, "status"), NOW, middle).pending
    pending = after(pending, DOWN, NOW, middle).pending
    assert (pending.attempts, pending.refused) == (2, 1)


def test_gone_ends_it_and_disables():
    assert after(FIRST, Answer(410, "status 410"), NOW, middle) == (Outcome.FAILED, None, True)


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_2xx_is_success(status):
    assert after(FIRST, Answer(status), NOW, middle) == (Outcome.DELIVERED, None, False)


def test_an_answer_that_broke_off_is_none():
    assert after(FIRST, Answer(200, "broke off"), NOW, middle).outcome == Outcome.RETRIED


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("120", 120 * SECOND),
        (" 7200 ", 2 * HOUR),
        ("3", 5 * SECOND),
        ("999999999999", 24 * HOUR),
        (format_datetime(datetime.fromtimestamp(NOW / 1000 + 600, UTC), usegmt=True), 10 * MINUTE),
        ("nonsense", 5 * SECOND),
        ("-5", 5 * SECOND),
    ],
)
def test_retry_after_is_never_undercut_and_bounded(header, wait):
    following = after(FIRST, Answer(503, "status 503", header), NOW, middle)
    assert following.pending.due - NOW == pytest.approx(wait, abs=1000)


def test_the_id_is_that_of_the_alert_its_sequence_and_the_subscription():
    assert delivery_id("a1", 3, "s1") == "a1.3.s1"
