"""What the audit costs: an entry of its tree, a proof, and a system that has nothing to do.

    python -m bench.audit     (make bench-audit)

Penalties go through intake and the audit stage, whose states are in RocksDB, in blocks: processor time. Proofs are made
from chdb over a tree of a million made-up nodes; both times are told, for somebody waits for them. Then three kinds of
`suyuan run` on empty folders idle at the same time, several of each, all on one machine: with the audit, the same
program without its stage, and with a key, so that there is a process of jobs which signs.
Writes bench/results/audit.json.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.environment import environment
from suyuan.domain.audit.keys import SignerKey
from suyuan.operations.audit.stored import prove_consistency, prove_inclusion
from suyuan.queries.open_tables import OpenTables
from suyuan.schemas.blocks import decode_block
from suyuan.schemas.events import encode_event
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.migrations import migrate
from suyuan.streams.messages import encode_outputs
from suyuan.streams.stage import Block, Run, Stage, StageContext
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.rocks_store import RocksStore
from suyuan.streams.topology import TOPOLOGY

RESULT = Path(__file__).parent / "results" / "audit.json"
NOW = 1_800_000_000_000
GOALS = {"entries_per_second": 10_000, "proof_ms": 10}
WITHOUT = """
import sys
import suyuan.streams.topology as topology
topology.TOPOLOGY = tuple(stage for stage in topology.TOPOLOGY if stage.name != "audit")
topology.READERS = topology.readers_of(topology.TOPOLOGY)
topology.READ_TOPICS = tuple(sorted(topology.READERS))
from suyuan.cli.main import main
sys.exit(main())
"""
"""`suyuan` without the stage"""


def main() -> None:
    """Run, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=50_000)
    parser.add_argument("--block", type=int, default=1_000, help="events that come together")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--nodes", type=int, default=1 << 20, help="entries of the tree that proofs are made over")
    parser.add_argument("--proofs", type=int, default=50)
    parser.add_argument("--systems", type=int, default=2, help="of each kind that idle")
    parser.add_argument("--settle-seconds", type=float, default=75)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--to", type=Path, default=RESULT, help="the result's file")
    options = parser.parse_args()
    where = environment()
    runs = [_append(options.entries, options.block) for _ in range(options.runs)]
    found = {
        "append": {name: round(statistics.median(run[name] for run in runs), 1) for name in runs[0]},
        "proofs": _proofs(options.nodes, options.proofs),
        "idle": _idle(options),
    }
    result = {
        "bench": "audit",
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "options": {name: value for name, value in vars(options).items() if name != "to"},
        "environment": where | {"load_after": round(os.getloadavg()[0], 2)},
        "goal": GOALS,
        **found,
        "runs": runs,
    }
    options.to.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


# --- an entry


def _append(entries: int, block: int) -> dict[str, float]:
    """Processor time of intake and of the audit stage, both with what they encode and store."""
    values = [encode_event("penalty", _penalty(number)) for number in range(entries)]
    intake, audit = (next(stage for stage in TOPOLOGY if stage.name == name) for name in ("intake", "audit"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records: list[bytes] = []
        with _state(folder / "intake.db") as state:
            began = time.process_time()
            for first in range(0, entries, block):
                some = values[first : first + block]
                keys: list[bytes | None] = [b"k"] * len(some)
                run = Run("in.penalty", 0, range(first, first + len(some)), keys, some, [NOW] * len(some))
                records += _done(intake, "in.penalty", run, state, "audit.record")
            taken_in = time.process_time() - began
        with _state(folder / "audit.db") as state:
            began = time.process_time()
            for offset, value in enumerate(records):
                rows = Block("audit.record", 0, offset, offset, NOW, decode_block(value))
                _done(audit, "audit.record", rows, state, "audit.entry")
            appended = time.process_time() - began
    return {
        "intake_us_per_event": round(taken_in / entries * 1e6, 2),
        "audit_us_per_entry": round(appended / entries * 1e6, 2),
        "entries_per_second": round(entries / appended),
    }


def _penalty(number: int) -> dict[str, object]:
    return {
        "event_id": f"penalty-{number}",
        "publisher": "11330100MB1234567X",
        "occurred_at": NOW,
        "decision_no": f"杭市监罚〔2026〕{number}号",
        "subject_code": "91330106MABQWU0B72",
        "division": "330106",
        "ground": "food_safety_law_124",
        "amount_fen": 5_000_000,
        "status": "in_force",
        "decided_on": "2026-01-01",
    }


@contextlib.contextmanager
def _state(folder: Path) -> Iterator[PartitionState]:
    state = PartitionState(RocksStore(folder))
    try:
        yield state
    finally:
        state.store.close()


def _done(stage: Stage, topic: str, given: Run | Block, state: PartitionState, wanted: str) -> list[bytes]:
    """What the stage sends to a topic, once its state is stored."""
    view, context = state.view(), StageContext(0, 1)
    if isinstance(given, Run):
        outputs = stage.runs[topic](given, view, context)
    else:
        outputs = stage.blocks[topic](given, view, context)
    sent = [message.value for message in encode_outputs(outputs, 0, 1) if message.topic == wanted]
    state.write(state.prepare(view, {}))
    return sent


# --- a proof


def _proofs(entries: int, count: int) -> dict[str, dict[str, float]]:
    """Median ms. The nodes hash nothing: a proof is made of whatever is at their places."""
    levels = entries.bit_length() - 1
    with tempfile.TemporaryDirectory() as name, ClickHouse(ClickHouseSettings(path=Path(name) / "tables")) as tables:
        migrate(tables.writer)
        tables.writer.command(
            f"""
            INSERT INTO audit_node SELECT level, number, SHA256(toString(number * 64 + level))
            FROM (SELECT arrayJoin(range(1, {levels + 1})) AS level) AS a CROSS JOIN numbers({entries}) AS b
            WHERE number < bitShiftRight({entries}, level)
            """  # noqa: S608 - numbers
        )
        tables.writer.command(
            f"""
            INSERT INTO audit_entry SELECT number, SHA256(toString(number)), [], 'penalty', 'P', toString(number), 'd',
            'k', 'in.penalty', 0, number, now64(3), repeat('x', 200) FROM numbers({entries})
            """  # noqa: S608 - as above
        )
        queries, chosen = OpenTables(tables), random.Random(1)
        return {
            "inclusion": _timed(lambda: prove_inclusion(queries, chosen.randrange(entries - 1), entries - 1), count),
            "consistency": _timed(
                lambda: prove_consistency(queries, chosen.randrange(1, entries - 1), entries - 1), count
            ),
        }


def _timed(make: Callable[[], object], count: int) -> dict[str, float]:
    make()
    waited, spent = [], []
    for _ in range(count):
        began, used = time.perf_counter(), time.process_time()
        make()
        waited.append(time.perf_counter() - began)
        spent.append(time.process_time() - used)
    return {
        "median_ms": round(statistics.median(waited) * 1000, 2),
        "least_ms": round(min(waited) * 1000, 2),
        "processor_ms": round(statistics.median(spent) * 1000, 2),
    }


# --- nothing to do


def _idle(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Of each kind of system the processor time that it takes, ms a second: the median over systems and rounds."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as opened:
        folder = Path(name)
        key = folder / "audit.key"
        key.write_text(SignerKey("bench.example/audit", os.urandom(32)).private_text(), encoding="utf-8")
        product = (sys.executable, "-m", "suyuan.cli.main")
        kinds: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
            "with_audit": (product, {}),
            "without_audit": ((sys.executable, "-c", WITHOUT), {}),
            "with_audit_signed": (product, {"SUYUAN_AUDIT_KEY_FILE": str(key)}),
        }
        running = [
            (kind, opened.enter_context(_run(folder / f"{kind}-{number}", command, added)))
            for number in range(options.systems)
            for kind, (command, added) in kinds.items()
        ]
        time.sleep(options.settle_seconds)
        spent: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(options.rounds):
            began, before = time.monotonic(), [_processor_seconds(pid) for _, pid in running]
            time.sleep(options.seconds)
            took, after = time.monotonic() - began, [_processor_seconds(pid) for _, pid in running]
            for (kind, _), start, end in zip(running, before, after, strict=True):
                spent[kind].append((end - start) / took * 1000)
    return {
        kind: {
            "processor_ms_per_second": round(statistics.median(each), 1),
            "least": round(min(each), 1),
            "most": round(max(each), 1),
        }
        for kind, each in spent.items()
    }


@contextlib.contextmanager
def _run(folder: Path, command: tuple[str, ...], added: dict[str, str]) -> Iterator[int]:
    """The pid of a `suyuan run` that reads."""
    folder.mkdir()
    ports = {"SUYUAN_PORTAL_PORT": "0", "SUYUAN_METRICS_PORT": "0", "SUYUAN_PARTITIONS": "8"}
    log = folder / "log"
    with (
        log.open("wb") as said,
        subprocess.Popen(
            [*command, "run", "--data", str(folder / "data")], env=os.environ | ports | added, stdout=said, stderr=said
        ) as process,
    ):
        try:
            while b"suyuan runs on" not in log.read_bytes():
                if process.poll() is not None:
                    raise RuntimeError(log.read_text(encoding="utf-8"))
                time.sleep(0.2)
            yield process.pid
        finally:
            process.terminate()


def _processor_seconds(pid: int) -> float:
    """Of a process and all that it started."""
    spent = 0.0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # one that has just ended
            spent += int((task / "schedstat").read_text(encoding="ascii").split()[0]) / 1e9
            spent += sum(map(_processor_seconds, map(int, (task / "children").read_text(encoding="ascii").split())))
    return spent


if __name__ == "__main__":
    main()
