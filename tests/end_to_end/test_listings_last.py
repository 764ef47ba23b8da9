"""Whoever has the state made anew is told nothing of what stays as it is."""

import pytest


@pytest.mark.parametrize("case", [12], indirect=True)
def test_a_rebuild_that_changes_nothing_says_nothing(case, make_suyuan):
    suyuan = make_suyuan(partitions=2)
    suyuan.publish(case.file)
    suyuan.run_once()
    suyuan("state", "rebuild")
    rows = suyuan.run_once()["rows"]
    assert rows["chain_history"] >= len(case.expected)
    assert not rows.keys() & {"finding_history", "alert_state_history"}
