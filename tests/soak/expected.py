"""What a market's chains and alerts must be: by the reference, and by an embedded run that nothing disturbs.

`python -m tests.soak.expected EVENTS OUT`: a process of its own, so that a soak of hours keeps nothing of it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests import prepared
from tests.cluster.undisturbed import embedded_run
from tests.reference.assessment import expected_chains

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Expected:
    """`reference`, `chains`: {(platform_code, listing_id): (verdict, gaps)}; `alerts`: as `standing_alerts`."""

    reference: dict
    chains: dict
    alerts: set


def begin(events, folder):
    """The process that works it out; its result is read by `read`."""
    folder.mkdir()
    (folder / "events.json").write_text(json.dumps(events, ensure_ascii=False), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        command = ["nice", "-n", "5", sys.executable, "-m", "tests.soak.expected", str(folder)]
        return prepared.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)


def read(process, folder):
    assert process.wait(PATIENCE_SECONDS) == 0, (folder / "log").read_text(encoding="utf-8")[-3000:]
    found = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return Expected(_chains(found["reference"]), _chains(found["chains"]), {tuple(row) for row in found["alerts"]})


def _chains(rows):
    return {(platform, listing): (verdict, gaps) for platform, listing, verdict, gaps in rows}


def _rows(chains):
    return [(*key, *chain) for key, chain in chains.items()]


def main():
    folder = Path(sys.argv[1])
    events = json.loads((folder / "events.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(dir=folder) as data:
        chains, alerts = embedded_run(events, Path(data) / "embedded", PATIENCE_SECONDS)
    found = {"reference": _rows(expected_chains(events)), "chains": _rows(chains), "alerts": sorted(alerts)}
    (folder / "expected.json").write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
