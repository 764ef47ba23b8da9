"""The `suyuan` command as processes of their own, on a data folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import prepared

CASES = Path(__file__).parents[1] / "data" / "cases"
COMMAND = (sys.executable, "-m", "suyuan.cli.main")


class Suyuan:
    """`partitions`: of a folder that is yet to be made."""

    def __init__(self, folder, partitions=4):
        self.data = folder / "data"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")},
            "SUYUAN_DATA": str(self.data),
            "SUYUAN_PARTITIONS": str(partitions),
            "SUYUAN_FSYNC": "false",
        }

    def begin(self, *arguments, **pipes):
        """A process that is not waited for."""
        return prepared.Popen([*COMMAND, *map(str, arguments)], env=self._environment, text=True, **pipes)

    def __call__(self, *arguments):
        """The JSON lines that a command prints; it must succeed."""
        process = self.begin(*arguments, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            output, errors = process.communicate(timeout=240)
        finally:
            process.kill()
        assert process.returncode == 0, f"{arguments}: {process.returncode}\n{output[-2000:]}\n{errors[-4000:]}"
        return [json.loads(line) for line in output.splitlines()]

    def publish(self, *files):
        """The answer: accepted, duplicate, rejected, errors."""
        (answer,) = self("publish", *files)
        return answer

    def run_once(self):
        """The report, in which nothing is missing and nothing is twice."""
        (report,) = self("run", "--once")
        assert (report["gap"], report["duplicates"]) == (0, 0)
        return report

    def chains(self):
        """{(platform_code, listing_id): (verdict, gaps)}; each listing once."""
        rows = self("chains")
        chains = {(row["platform_code"], row["listing_id"]): (row["verdict"], row["gap_names"]) for row in rows}
        assert len(chains) == len(rows)
        return chains


class Case:
    """An agreed market."""

    def __init__(self, number):
        self.file = CASES / f"market-{number}.events.jsonl"
        self.lines = self.file.read_text(encoding="utf-8").splitlines(keepends=True)
        answers = (CASES / f"market-{number}.expected.jsonl").read_text(encoding="utf-8").splitlines()
        rows = map(json.loads, answers)
        self.expected = {(row["platform_code"], row["listing_id"]): (row["verdict"], row["gaps"]) for row in rows}


@pytest.fixture
def make_suyuan(tmp_path):
    return lambda **options: Suyuan(tmp_path, **options)


@pytest.fixture
def case(request):
    return Case(request.param)
