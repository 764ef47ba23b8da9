"""Slices grow while nothing else is done."""

from suyuan.streams.slice_size import SliceSize


def test_slices_in_a_row_grow_to_eight_times_the_usual_size():
    size = SliceSize(10, ["backlog"])
    assert [size.rows("backlog") for _ in range(10)] == [10, 20, 30, 40, 50, 60, 70, 80, 80, 80]


def test_after_anything_else_a_slice_has_the_usual_size():
    size = SliceSize(10, ["backlog"])
    for _ in range(3):
        size.rows("backlog")
    assert [size.rows(topic) for topic in ("listing", "backlog", "backlog")] == [10, 10, 20]


def test_what_is_no_slice_may_go_through_the_usual_size():
    size = SliceSize(10, [])
    assert [size.rows("lookup") for _ in range(3)] == [10, 10, 10]
