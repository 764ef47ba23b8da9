from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from suyuan.streams.transport.acked_prefix import AckedPrefix

AT = ("t", 0)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=30), st.randoms())
def test_only_what_lies_before_the_first_unacknowledged_message_is_committed(steps, random):
    prefix = AckedPrefix()
    offsets = [sum(steps[: i + 1]) for i in range(len(steps))]
    delivered = [prefix.deliver(AT, offset, 10) for offset in offsets]
    order = list(range(len(steps)))
    random.shuffle(order)
    for n, index in enumerate(order):
        prefix.done(AT, delivered[index])
        acked = set(order[: n + 1])
        length = next((i for i in range(len(steps)) if i not in acked), len(steps))
        assert prefix.next_offset(AT) == (offsets[length - 1] + 1 if length else None)
        assert prefix.waiting(AT) == len(steps) - length
        assert prefix.bytes_in_flight == prefix.bytes_waiting(AT) == 10 * (len(steps) - n - 1)


def test_what_was_delivered_before_a_seek_does_not_count():
    prefix = AckedPrefix()
    before = prefix.deliver(AT, 5, 10)
    prefix.forget([AT])
    again = prefix.deliver(AT, 5, 10)
    prefix.done(AT, before)
    assert prefix.next_offset(AT) is None
    assert prefix.bytes_in_flight == 10
    prefix.done(AT, again)
    assert prefix.next_offset(AT) == 6
    assert prefix.bytes_in_flight == 0


def test_of_a_run_that_is_not_acknowledged_the_part_that_is_done_counts_once_it_is_first():
    prefix = AckedPrefix()
    first, second = prefix.deliver(AT, 5, 10), prefix.deliver(AT, 20, 10)
    prefix.done_before(AT, second, 12)
    assert prefix.next_offset(AT) is None
    prefix.done(AT, first)
    prefix.done_before(AT, second, 12)
    assert prefix.next_offset(AT) == 12
    prefix.forget([AT])
    prefix.deliver(AT, 5, 10)
    prefix.done_before(AT, second, 12)
    assert prefix.next_offset(AT) is None
