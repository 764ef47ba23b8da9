"""What becomes of the stories: markets of minutes under faults, too long for every change.

`--stories FILE` keeps it there: of each its outcome and its seconds, with the day and the machine.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

STORIES = ("faults/", "soak/test_soak.py", "cluster/test_market.py", "end_to_end/test_kill.py")
"""files and folders of tests"""
_TESTS = Path(__file__).parent


def is_story(path):
    return str(path.relative_to(_TESTS)).startswith(STORIES) if path.is_relative_to(_TESTS) else False


def pytest_addoption(parser):
    parser.addoption("--stories", metavar="FILE", help="keeps there what became of each test")


def pytest_configure(config):
    if (file := config.getoption("stories")) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Kept(Path(file)))


class Kept:
    def __init__(self, file):
        self._file = file
        self._found = {}

    def pytest_runtest_logreport(self, report):
        """One that was run once more counts as it ended."""
        if report.when == "call" or report.failed:
            self._found[report.nodeid] = {"outcome": report.outcome, "seconds": round(report.duration, 1)}

    def pytest_sessionfinish(self):
        from bench.environment import environment  # noqa: PLC0415 -- found only when started as `python -m pytest`

        kept = {
            "date": dt.datetime.now(dt.UTC).date().isoformat(),
            "environment": environment(),
            "stories": self._found,
        }
        self._file.write_text(json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
