"""`suyuan run` told to stop: it ends by itself, with what it had begun done, and the next one goes on."""

import signal
import subprocess

import pytest

from tests.end_to_end.markets import markets, write
from tests.reference.assessment import expected_chains

pytestmark = pytest.mark.real_time


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_run_that_is_told_to_stop_ends_well(make_suyuan, tmp_path, number):
    events = markets(range(6))
    suyuan = make_suyuan()
    process = suyuan.begin("run", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        assert any("suyuan runs on" in line for line in process.stderr)
        suyuan.publish(write(tmp_path / "events.jsonl", events))
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    suyuan.run_once()
    assert suyuan.chains() == expected_chains(events)
