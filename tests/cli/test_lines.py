from __future__ import annotations

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.publishing.files.lines import LONGEST, Lines, Mark


class Stream:
    """Gives a few bytes at a time."""

    def __init__(self, data, portion=1 << 16):
        self._data = io.BytesIO(data)
        self._portion = portion

    def read(self, size):
        return self._data.read(min(size, self._portion))

    def would_wait(self):
        return False


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=12).map(lambda b: b.translate(None, b"\r\n")),
            st.sampled_from([b"\n", b"\r\n"]),
        )
    ),
    st.integers(1, 9),
)
def test_lines_come_out_whatever_portions_they_come_in(lines, portion):
    data = b"x" + b"".join(text + end for text, end in lines)
    expected = [b"x" + lines[0][0], *(text for text, _ in lines[1:])] if lines else [b"x"]
    assert list(Lines(Stream(data, portion))) == expected


@pytest.mark.parametrize("portion", [1, 2, 3, 1000])
def test_every_line_end_in_one_file(portion):
    lines = Lines(Stream(b"\xef\xbb\xbfone\r\ntwo\rthree\n\nfive\r\rseven", max(portion, 3)))
    assert list(lines) == [b"one", b"two", b"three", b"", b"five", b"", b"seven"]
    assert not lines.terminated


def test_a_line_end_between_two_portions_is_one_line_end():
    assert list(Lines(Stream(b"xxx\r\nb\r\n", 4))) == [b"xxx", b"b"]


def test_a_line_of_20_mib_is_passed_over_without_being_held():
    data = b"first\n" + b"x" * (20 << 20) + b"\nlast\n"
    stream = Stream(data)
    tracemalloc.start()
    found = list(Lines(stream))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == [b"first", Mark.TOO_LONG, b"last"]
    assert peak < 4 * LONGEST


@pytest.mark.parametrize(("size", "taken"), [(LONGEST, True), (LONGEST + 1, False)])
def test_the_longest_line(size, taken):
    found = list(Lines(Stream(b"a\n" + b"x" * size + b"\nb")))
    assert found == [b"a", b"x" * size if taken else Mark.TOO_LONG, b"b"]


def test_a_last_line_that_is_too_long_is_told():
    lines = Lines(Stream(b"x" * (2 * LONGEST)))
    assert list(lines) == [Mark.TOO_LONG]


def test_nothing_is_empty_but_a_line_end_is_not():
    for data, empty in ((b"", True), (b"\n", False)):
        lines = Lines(Stream(data))
        list(lines)
        assert lines.empty is empty
