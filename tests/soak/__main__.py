"""A randomised run of the cluster shape: `make soak MINUTES=30 SEED=1`, or `python -m tests.soak --minutes 30`.

Exit status 1 when anything was wrong.
"""

from __future__ import annotations

import argparse
import functools
import signal
import sys
import time
from pathlib import Path

from tests.soak.market import is_right
from tests.soak.soaking import FOLDER, ROOT, soak


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="no market begins after them")
    parser.add_argument(
        "--seed", type=int, help="of the first market; the next has the next one. Default: by the clock"
    )
    parser.add_argument(
        "--no-transactions", action="store_true", help="no publisher writes in transactions, and none takes any back"
    )
    parser.add_argument("--results", type=Path, default=ROOT / "bench" / "results" / "soak.json")
    parser.add_argument("--no-results", action="store_true", help="to the screen alone")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="for all files; what was wrong is kept there")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whatever was started is ended then too
    markets = soak(
        options.minutes,
        int(time.time()) if options.seed is None else options.seed,
        transactions=not options.no_transactions,
        results=None if options.no_results else options.results,
        folder=options.folder.resolve(),
        say=functools.partial(print, flush=True),
    )
    return 0 if all(is_right(found) for found in markets) else 1


if __name__ == "__main__":
    sys.exit(main())
