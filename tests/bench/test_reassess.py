"""The bench of one event that changes many listings, with small sizes: each is assessed anew, others are timed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import prepared

BENCH = Path(__file__).resolve().parents[2] / "bench"
RUN = f"import sys; sys.path.insert(0, {str(BENCH)!r}); import reassess; reassess.main()"
SMALL = "--listings=300 --sellers=7 --codes=50 --rate=100 --quiet-seconds=1"


@pytest.mark.parametrize("change", ["abnormal", "recall"])
def test_a_small_one_waits_for_every_listing_and_times_those_of_others(change: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", RUN, *SMALL.split(), f"--change={change}", f"--folder={tmp_path}", "--one"]
    process = prepared.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        told, _ = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == 0
    figures = json.loads(told.splitlines()[-1])
    for name in ("alone", "beside"):
        assert figures[f"{name}_seconds"] > 0
        assert figures[f"{name}_seconds_to_the_last_finding"] > 0
        assert figures[f"{name}_seconds_to_settled_alerts"] >= figures[f"{name}_seconds_to_the_last_finding"]
        assert figures[f"{name}_alerts"] == 7  # of as many sellers, each in a division of its own
        assert 1 <= figures[f"{name}_rows_of_an_alert"] < 12
    assert figures["others_before_alerts"] > 0
    assert 0 < figures["others_before_p50_ms"] <= figures["others_before_p99_ms"] <= figures["others_before_max_ms"]
