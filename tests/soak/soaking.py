"""Market after market until the minutes are over."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.soak.market import Market, draw_size, is_right
from tests.soak.results import Results

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "soak"


def soak(minutes, seed, *, transactions=True, results=None, folder=FOLDER, say=print):
    """Each market has the seed after that of the one before; none begins after the minutes are over, the last one may
    end later. What each showed. `results`: a file that it is added to. `folder`: what was wrong is kept there.
    """
    written = Results(results, minutes=minutes, seed=seed, transactions=transactions)
    began = time.monotonic()
    markets = []
    while not markets or time.monotonic() < began + 60 * minutes:
        size = draw_size(seed, transactions=transactions)
        market = Market(seed, size, folder / f"seed-{seed}-{os.getpid()}", say)
        say(
            f"market SEED={seed}: {size.simulated} simulated events and {size.dense} dense markets in "
            f"{size.seconds:.0f} s, {size.workers} workers, {size.partitions} partitions, {len(market.faults)} faults"
        )
        markets.append(found := market.run())
        written.add(found, time.monotonic() - began)
        say(f"market SEED={seed}: {summary(found)}")
        seed += 1
    wrong = [found for found in markets if not is_right(found)]
    say(f"{len(markets)} markets in {(time.monotonic() - began) / 60:.1f} minutes, {len(wrong)} wrong")
    for found in wrong:
        say(f"wrong: repeat with SEED={found['seed']} MINUTES=1; what it left is in {found['kept in']}")
    return markets


def summary(found):
    """On one line, or one more for each reason."""
    stall = found["longest time without progress"]
    line = (
        f"{'right' if is_right(found) else 'WRONG'}: {found['chains compared']} chains compared, "
        f"{found['wrong chains']} wrong; {found['standing alerts']} standing alerts, {found['wrong alerts']} wrong; "
        f"gap {found['gap']}, duplicates {found['duplicates']}; {sum(found['faults'].values())} faults, "
        f"{sum(each['times'] for each in found['ended by themselves'])} ended by themselves; "
        f"longest without progress {stall['seconds']} s ({stall['partition']})"
    )
    return "\n  ".join([line, *found["reasons"]])
