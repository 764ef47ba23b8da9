"""`bench/results/soak.json`: what every soak was, and how it ended, market by market."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "build" / "soak-results.lock"


class Results:
    """An entry of its own in the file, from the first market on. Soaks may write to one file at the same time."""

    def __init__(self, file, **options):
        from bench.environment import environment  # noqa: PLC0415 -- found only when started as `python -m`

        self._file = file
        self._entry = {
            "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "commit": _commit(),
            "options": options,
            "environment": environment(),
            "seconds": 0,
            "markets": [],
        }

    def add(self, market, seconds):
        """`seconds`: of the soak so far."""
        self._entry["markets"].append(market)
        self._entry["seconds"] = round(seconds)
        if self._file is None:
            return
        LOCK.parent.mkdir(exist_ok=True)
        with LOCK.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else {"soaks": []}
            ours = self._entry["date"], self._entry["options"]
            others = [each for each in kept["soaks"] if (each["date"], each["options"]) != ours]
            text = json.dumps({"soaks": [*others, self._entry]}, indent=1, ensure_ascii=False)
            self._file.write_text(text + "\n", encoding="utf-8")


def _commit():
    """Of the code that ran; with a plus where files were changed since."""
    name = _git("rev-parse", "--short", "HEAD")
    return name + "+" if _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results") else name


def _git(*arguments):
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
