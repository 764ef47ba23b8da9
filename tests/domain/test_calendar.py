from __future__ import annotations

import datetime as dt

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.calendar import china_day, china_day_expr, day_start_ms


def test_the_day_turns_at_sixteen_hours_utc():
    turn = int(dt.datetime(2026, 5, 1, 16, tzinfo=dt.UTC).timestamp() * 1000)
    assert china_day(turn - 1) == dt.date(2026, 5, 1)
    assert china_day(turn) == dt.date(2026, 5, 2)
    assert day_start_ms(dt.date(2026, 5, 2)) == turn


@given(st.lists(st.integers(-10_000_000_000_000, 10_000_000_000_000)))
def test_columns_say_what_the_single_form_says(instants):
    frame = pl.DataFrame({"at": [*instants, None]}, schema={"at": pl.Int64})
    assert frame.select(china_day_expr("at")).to_series().to_list() == [*map(china_day, instants), None]
    assert all(0 <= ms - day_start_ms(china_day(ms)) < 86_400_000 for ms in instants)
