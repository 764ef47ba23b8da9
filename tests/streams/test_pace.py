"""How long events wait for company follows from how long blocks take."""

import pytest

from suyuan.streams.pace import Pace


def test_what_the_last_block_of_each_stage_took_counts_twice():
    pace = Pace()
    assert pace.linger() == 0, "nothing is known yet: what comes first goes at once"
    pace.note("intake", 0.2)
    pace.note("intake", 0.01)
    pace.note("risk", 0.02)
    assert pace.linger() == pytest.approx(0.06)


def test_nothing_waits_longer_than_the_most():
    pace = Pace(most=0.25)
    pace.note("producer", 30.0)
    assert pace.linger() == 0.25
    pace.note("producer", 0.01)
    assert pace.linger() == pytest.approx(0.02)
