"""A spot check drawn from a great frame, and verified by the stranger's file: seconds, and µs of processor time a row.

    python -m bench.draw [--rows 10000000] [--orders 10000]

A frame is made up (three strata, weights 1 to 3), frozen, drawn from and written as its public files; then `verify.py`
runs over these in a process of its own. Each step begins at the packed file. Writes bench/results/draw.json.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from bench.environment import environment
from suyuan.domain.checks import randomness as chance
from suyuan.domain.checks.bodies import (
    CommitReveal,
    Freeze,
    Item,
    Officer,
    Party,
    Plan,
    Randomness,
    Reveal,
    Reveals,
    Stratum,
    canonical,
    hash_of,
)
from suyuan.domain.checks.draw import Result, draw, selection
from suyuan.domain.checks.frame import summary
from suyuan.domain.checks.publication import FRAME, ORDERS, PUBLICATION, VERIFY, Publication
from suyuan.operations import spot_checks

RESULTS = Path(__file__).parent / "results" / "draw.json"
STRATA = ("330106", "330108", "330110")
CHECK = "330100-2026-1"
SECRETS = {"university": "a1" * 32, "consumers": "b2" * 32}
FROZEN_AT = 1_800_000_000_000

T = TypeVar("T")


def make_frame(path: Path, rows: int) -> None:
    """Lines of the usual length, in their order."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for number in range(rows):
            seller = f"91330106{number % 100_000:010}"
            parties = f'["91330106MABQWU0B72","{seller}"]' if seller > "91330106MABQWU0B72" else f'["{seller}"]'
            name, stratum = f"91330106MABQWU0B72/{number:012}", STRATA[number % len(STRATA)]
            line = f'{{"id":"{name}","parties":{parties},"stratum":"{stratum}","weight":{1 + number % 3}}}\n'
            file.write(line.encode())


def lines(path: Path) -> Iterator[bytes]:
    """The lines of a packed frame."""
    with gzip.open(path) as file:
        for line in file:
            yield line[:-1]


def the_plan(orders: int) -> Plan:
    """A plan that draws so many, by two hundred officers."""
    sizes = [orders // len(STRATA) + (place < orders % len(STRATA)) for place in range(len(STRATA))]
    return Plan(
        check_id=CHECK,
        title="bench",
        planned_at=FROZEN_AT - 1,
        items=(Item(item_no="1", item_class="key"),),
        population="verdict != 'complete'",
        column="seller_division",
        strata=tuple(Stratum(stratum=name, size=size) for name, size in zip(STRATA, sizes, strict=True) if size),
        officers=tuple(Officer(staff_no=f"A-{n:03}", unit="u", most=10_000) for n in range(200)),
        randomness=CommitReveal(
            parties=tuple(
                Party(name=name, commitment=chance.commitment(CHECK, name, secret), default="00" * 32)
                for name, secret in SECRETS.items()
            ),
            at=FROZEN_AT + 1,
        ),
    )


def measured(step: Callable[[], T], rows: int) -> tuple[T, dict[str, float]]:
    """What a step gives, and what it took."""
    began, used = time.perf_counter(), time.process_time()
    found = step()
    taken = {
        "seconds": round(time.perf_counter() - began, 1),
        "processor_us_per_row": round((time.process_time() - used) / rows * 1e6, 2),
    }
    return found, taken


def frozen(plan: Plan, frame: Path) -> Freeze:
    """The act that freezes it."""
    found = summary(lines(frame), (each.stratum for each in plan.strata))
    return Freeze(
        check_id=CHECK,
        after=hash_of(plan),
        as_known_at=FROZEN_AT,
        frozen_at=FROZEN_AT,
        rows=found.rows,
        strata=found.strata,
        frame_sha256=found.sha256,
        root=found.root,
    )


def drawn(plan: Plan, freeze: Freeze, given: Randomness, frame: Path) -> Result:
    """The draw from the file on."""
    found = selection(plan, freeze, given)
    found.add(lines(frame))
    return draw(plan, freeze, given, found)


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=10_000_000)
    options.add_argument("--orders", type=int, default=10_000)
    options.add_argument("--out", type=Path, default=RESULTS)
    asked = options.parse_args()
    where, steps = environment(), {}
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept)
        frame = folder / FRAME
        make_frame(frame, asked.rows)
        plan = the_plan(asked.orders)
        freeze, steps["freeze"] = measured(lambda: frozen(plan, frame), asked.rows)
        source = Reveals(reveals=tuple(Reveal(name=name, secret=secret) for name, secret in SECRETS.items()))
        assert isinstance(plan.randomness, CommitReveal)  # noqa: S101
        made = chance.of_reveals(plan.randomness, source)
        given = Randomness(check_id=CHECK, after=hash_of(freeze), source=source, randomness=made)
        result, steps["draw"] = measured(lambda: drawn(plan, freeze, given, frame), asked.rows)
        publication = Publication(plan=plan, freeze=freeze, randomness=given, draw=result.draw)
        (folder / PUBLICATION).write_bytes(canonical(publication))
        (folder / ORDERS).write_bytes(result.file)
        command = [sys.executable, "-I", Path(spot_checks.__file__).parent / VERIFY, folder]
        began = time.perf_counter()
        subprocess.run(command, check=True)
        steps["verify"] = {"seconds": round(time.perf_counter() - began, 1)}
        size = frame.stat().st_size
    found = {"rows": asked.rows, "orders": asked.orders, "frame_mib": round(size / 2**20, 1), "steps": steps}
    asked.out.write_text(json.dumps({"environment": where, **found}, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
