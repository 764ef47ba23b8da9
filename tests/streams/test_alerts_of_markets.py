"""Findings and alerts of whole markets are those of a plain reading: of even seeds."""

import pytest

from tests.streams.markets_checked import check_market


@pytest.mark.parametrize("seed", range(0, 20, 2))
def test_they_are_those_of_a_plain_reading(seed):
    check_market(seed)
