"""`suyuan state rebuild`: the state forgets, reads everything again, and says the same."""

import subprocess

import pytest

from tests.streams.results import ALERT_NAMES


def standing(suyuan):
    return sorted(tuple(row[name] for name in ALERT_NAMES) for row in suyuan("alerts", "--state", "raised"))


@pytest.mark.parametrize("case", [11], indirect=True)
def test_the_state_made_anew_gives_the_same_chains_and_alerts(case, make_suyuan):
    suyuan = make_suyuan(partitions=2)
    published = suyuan.publish(case.file)
    suyuan.run_once()
    alerts = standing(suyuan)
    assert alerts
    (answer,) = suyuan("state", "rebuild")
    assert answer["events"] == published["accepted"]
    suyuan.run_once()
    assert suyuan.chains() == case.expected
    assert standing(suyuan) == alerts


def test_a_running_system_is_left_alone(make_suyuan):
    suyuan = make_suyuan()
    running = suyuan.begin("run", stderr=subprocess.PIPE)
    try:
        assert any("suyuan runs on" in line for line in running.stderr)
        refused = suyuan.begin("state", "rebuild", stderr=subprocess.PIPE)
        _, errors = refused.communicate(timeout=60)
        assert refused.returncode == 4
        assert str(suyuan.data) in errors
    finally:
        running.kill()
        running.communicate()
