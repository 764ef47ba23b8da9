from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from suyuan.sinks.holes import Holes, find_holes
from tests.sinks.memory_log import HOLE, MemoryLog

AT = ("in.listing", 0)


@given(st.lists(st.booleans(), max_size=60), st.sets(st.integers(0, 70)), st.integers(0, 20))
def test_holes_are_where_the_log_reaches_and_has_nothing(records, asked, start):
    log = MemoryLog()
    log.append(*AT, *[b"event" if there else HOLE for there in records])
    log.start_offsets = lambda: {AT: start}
    found = find_holes(log, AT, sorted(asked))
    assert found == [n for n in sorted(asked) if start <= n < len(records) and not records[n]]


@given(st.sets(st.integers(0, 300_000), max_size=50), st.integers(0, 300_000), st.integers(0, 300_000))
def test_what_was_found_is_counted_between_any_two_offsets(offsets, one, other):
    holes, (low, high) = Holes(), sorted((one, other))
    holes.add(AT, sorted(offsets))
    assert holes.count(AT, low, high) == sum(low <= offset < high for offset in offsets)
    assert {offset for offset in (*offsets, one, other) if holes.has(AT, offset)} == offsets
    assert not holes.count(("in.listing", 1), low, high)
