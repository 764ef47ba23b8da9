"""Shares, beside values that others have published, and beside many draws."""

from __future__ import annotations

import pytest

from suyuan.domain.checks.frame import Row, lines
from suyuan.domain.checks.rates import Outcome, chance, exact, pass_rate, wilson
from suyuan.domain.checks.selection import Selection

# R. G. Newcombe, Statistics in Medicine 17 (1998), table I: methods 3 and 5, without correction
NEWCOMBE = {
    (81, 263): ((0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148): ((0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20): ((0.0, 0.1611), (0.0, 0.1684)),
    (1, 29): ((0.0061, 0.1718), (0.0009, 0.1776)),
}


@pytest.mark.parametrize("counts", NEWCOMBE)
def test_intervals_of_newcombe_s_table(counts):
    successes, size = counts
    wilsons, exacts = NEWCOMBE[counts]
    assert wilson(successes / size, size) == pytest.approx(wilsons, abs=6e-5)
    assert exact(successes, size) == pytest.approx(exacts, abs=6e-5)


def test_of_many_too():
    low, high = exact(9_500, 10_000)
    assert 0.945 < low < 0.95 < high < 0.955
    assert exact(10, 10) == pytest.approx((0.6915, 1.0), abs=6e-5)


def test_the_chance_of_a_row():
    assert chance(None, 3) == 1
    assert chance("0.25", 1) == pytest.approx(0.25)
    assert chance("0.5", 2) == pytest.approx(0.75)


def test_rows_of_one_weight_count_alike():
    found = pass_rate([Outcome(1, passed=True)] * 8 + [Outcome(1, passed=False)] * 2, "0.1")
    assert (found.tested, found.passed, found.rate) == (10, 8, pytest.approx(0.8))
    assert (found.rows, found.effective) == (pytest.approx(100), pytest.approx(10))
    assert found.interval == pytest.approx((0.4902, 0.9433), abs=6e-5)


def test_of_no_result_nothing_is_said():
    assert pass_rate([], "0.1") == (0, 0, None, 0.0, 0.0, None)


def test_weights_are_undone():
    """Of 90 rows of weight 1 all pass, of 30 of weight 8 none: 0.75. The mean of 400 draws of 30 is within three of
    its standard errors, and so is the number of rows that they stand for; the plain share is far from it.
    """
    frame = lines(Row(f"L{n}", (), "X", 1 if n < 90 else 8) for n in range(120))
    rates, rows, plain = [], [], []
    for seed in range(400):
        found = Selection(str(seed), {"X": 30})
        found.add(frame)
        *drawn, first_not = found.least("X")
        said = pass_rate([Outcome(each.weight, each.weight == 1) for each in drawn], f"0.{first_not.ticket}")
        rates.append(said.rate)
        rows.append(said.rows)
        plain.append(said.passed / said.tested)
    assert mean(rows) == pytest.approx(120, abs=3 * error(rows))
    # a quotient of two that are without bias has a little
    assert mean(rates) == pytest.approx(0.75, abs=3 * error(rates) + 0.01)
    assert mean(plain) < 0.5


def mean(values):
    return sum(values) / len(values)


def error(values):
    middle = mean(values)
    return (sum((each - middle) ** 2 for each in values) / len(values) ** 2) ** 0.5
