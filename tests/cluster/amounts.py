"""How much the tests of faults do: a little with every change, all of it by `make faults`, which keeps the figures."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

RESULTS = os.environ.get("SUYUAN_FAULTS", "")
"""the file that figures go to; empty: the small amounts"""
SEED = int(os.environ.get("SUYUAN_FAULTS_SEED", "1"))


def amount(small, full):
    return full if RESULTS else small


def keep_figures(name, **figures):
    """Of a test that passed, so it is its last line."""
    if not RESULTS:
        return
    from bench.environment import environment  # noqa: PLC0415 -- found only when started as `python -m pytest`

    file = Path(RESULTS)
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    when = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    kept |= {"date": when, "environment": environment()}
    kept.setdefault("faults", {})[name] = {"date": when, "seed": SEED, **figures}
    file.write_text(json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
