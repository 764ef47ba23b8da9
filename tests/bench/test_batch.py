"""The bench of the batch way, with small sizes: one statement finds what the streams found; what it takes is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import prepared

ROOT = Path(__file__).resolve().parents[2]
SEEDS = (1, 4, 8, 11, 17, 28)
"""between them every gap that the statement finds"""
LEFT_OUT = "lot IS NULL AND some_lots.1 != ''"
"""the condition of `recall_possible`"""
RUN = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(ROOT)!r})
from bench.batch import __main__ as bench, office, planted
from tests.end_to_end.markets import markets

folder = Path(sys.argv[1])
options = bench.parsed("--runs 1 --rate 20 --period 0.2 --rounds 1".split())
planted.assess(folder / "data", markets({SEEDS!r}))
found = bench.bulk_part(folder / "data", options)
assert {LEFT_OUT!r} in office.STATEMENT
with office.office_of(folder / "data", folder, office.STATEMENT.replace({LEFT_OUT!r}, "false")) as other:
    other.fill()
    other.make_chains()
    found["other"] = other.compare()
found["named"] = len(office.GAPS)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Of markets as they are made for the reference: with codes that do not conform, in every spelling, and late."""
    folder = tmp_path_factory.mktemp("batch")
    process = prepared.Popen([sys.executable, "-c", RUN, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        told, _ = process.communicate(timeout=240)
    finally:
        process.kill()
    assert process.returncode == 0
    return json.loads(told.splitlines()[-1])


def test_every_listing_has_the_chain_that_the_streams_made(found: Any) -> None:
    assert found["same"]["examples"] == []
    assert found["same"]["differing"] == 0
    assert found["same"]["listings"] > 50
    assert len(found["same"]["gaps"]) == found["named"]


def test_a_statement_that_lacks_a_gap_is_told_with_an_example(found: Any) -> None:
    lacking = found["same"]["gaps"]["recall_possible"]
    assert found["other"]["differing"] == lacking > 0
    assert "recall_possible" in found["other"]["examples"][0]


def test_what_it_takes_and_how_old_its_answer_is(found: Any) -> None:
    for part in ("statement", "load"):
        assert found["work"][part]["processor_seconds_per_million"] > 0
        assert found["work"][part]["seconds_per_million"] > 0
    assert found["work"]["statement"]["peak_memory_mib"] > 0
    for age in found["age"].values():
        assert 0.1 < age["mean_seconds"] < age["worst_seconds"]
