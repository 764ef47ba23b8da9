from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from suyuan.streams.transport.offset_tracker import OffsetTracker

AT = ("t", 0)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.randoms())
def test_only_what_lies_before_the_first_unacknowledged_message_is_committed(steps, random):
    tracker = OffsetTracker()
    offsets = [sum(steps[: i + 1]) for i in range(len(steps))]
    delivered = [tracker.deliver(AT, offset, 10) for offset in offsets]
    order = list(range(len(steps)))
    random.shuffle(order)
    for n, index in enumerate(order):
        tracker.ack(AT, delivered[index])
        acked = set(order[: n + 1])
        length = next((i for i in range(len(steps)) if i not in acked), len(steps))
        assert tracker.next_offset(AT) == (offsets[length - 1] + 1 if length else None)
        assert tracker.waiting(AT) == len(steps) - length
        assert tracker.bytes_in_flight == tracker.bytes_waiting(AT) == 10 * (len(steps) - n - 1)


def test_what_was_delivered_before_a_seek_does_not_count():
    tracker = OffsetTracker()
    before = tracker.deliver(AT, 5, 10)
    tracker.forget([AT])
    again = tracker.deliver(AT, 5, 10)
    tracker.ack(AT, before)
    assert tracker.next_offset(AT) is None
    assert tracker.bytes_in_flight == 10
    tracker.ack(AT, again)
    assert tracker.next_offset(AT) == 6
    assert tracker.bytes_in_flight == 0


def test_of_a_run_that_is_not_acknowledged_the_part_that_is_done_counts_once_it_is_first():
    tracker = OffsetTracker()
    first, second = tracker.deliver(AT, 5, 10), tracker.deliver(AT, 20, 10)
    tracker.ack_before(AT, second, 12)
    assert tracker.next_offset(AT) is None
    tracker.ack(AT, first)
    tracker.ack_before(AT, second, 12)
    assert tracker.next_offset(AT) == 12
    tracker.forget([AT])
    tracker.deliver(AT, 5, 10)
    tracker.ack_before(AT, second, 12)
    assert tracker.next_offset(AT) is None
