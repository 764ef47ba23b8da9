from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.paging import MOST_EXPORTED, Order, Page, Paged, moment, number, text, texts, walk

ORDER = Order((moment("at", descending=True), text("name"), number("place", descending=True), texts("key")))


@given(count=st.integers(0, 60), limit=st.none() | st.integers(0, 80), most=st.integers(1, 20))
def test_a_walk_is_all_rows_or_as_many_as_are_wanted(count, limit, most):
    asked = []

    def question(page):
        asked.append(page)
        begin = 0 if page.after is None else page.after[0]
        some = list(range(begin, min(count, begin + min(page.limit, most))))
        return Paged(some, (some[-1] + 1,) if some else page.after, more=bool(some) and some[-1] + 1 < count)

    assert list(walk(question, limit)) == list(range(count if limit is None else min(limit, count)))
    assert all(1 <= page.limit <= MOST_EXPORTED for page in asked)


@pytest.mark.parametrize("limit", [0, -1, MOST_EXPORTED + 1])
def test_a_page_has_some_rows_and_not_too_many(limit):
    with pytest.raises(SuyuanError, match="a page has 1 to") as caught:
        Page(limit)
    assert caught.value.kind is ErrorKind.USAGE


def test_rows_behind_a_place_are_told_with_bound_values():
    (condition,), values = ORDER.beyond((5, "a'b", 3, ["x"]))
    assert values == {"after_0": 5, "after_1": "a'b", "after_2": 3, "after_3": ["x"]}
    assert condition.startswith("(at < fromUnixTimestamp64Milli({after_0:Int64}) OR (at = ")
    assert "a'b" not in condition
    assert ORDER.by == "ORDER BY at DESC, name, place DESC, key"
    assert ORDER.beyond(None) == ([], {})


@pytest.mark.parametrize(
    "after",
    [(), (5,), ("5", "a", 3, ["x"]), (5, 1, 3, ["x"]), (5, "a", True, ["x"]), (5, "a", 3, "x"), (5, "a", 3, [], 1)],
)
def test_a_place_of_another_list_is_refused(after):
    with pytest.raises(SuyuanError, match="no place in this list") as caught:
        ORDER.beyond(after)
    assert caught.value.kind is ErrorKind.USAGE
