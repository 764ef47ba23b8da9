"""What to look at in the market that the demo leaves."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from suyuan.access.scope import EVERYTHING
from suyuan.queries.api import ChainFilter, Page, Queries

_STORIES = ("input_recalled", "lot_recalled", "inspection_failed", "oversold", None)
"""gaps that make a good story, the best first"""


def tour(queries: Queries, folder: Path, order_no: str, public: Path) -> list[str]:
    """Commands for a shell, each of which shows something. `order_no`, `public`: of a spot check an order and its
    public files.
    """
    return [
        *(command(words, folder) for words in _steps(queries)),
        command(["orders", "show", order_no], folder),
        shlex.join([*_program(), "checks", "verify", str(public)]),
    ]


def command(words: Sequence[str], folder: Path) -> str:
    """To be copied into a shell."""
    return shlex.join([*_program(), *words, "--data", str(folder)])


def _steps(queries: Queries) -> Iterator[list[str]]:
    yield ["chains", "--verdict", "contradicted"]
    yield ["alerts", "--state", "raised", "--limit", "10"]
    chosen = next(
        (row for gap in _STORIES for row in queries.chains(EVERYTHING, ChainFilter(gap=gap), Page(1)).rows), None
    )
    if chosen is None:
        return
    listing = [chosen.platform_code, chosen.listing_id]
    yield ["chain", *listing]
    yield ["trace", "back", *listing]
    if chosen.producer_code is not None and chosen.gtin is not None and chosen.lot is not None:
        yield ["trace", "forward", chosen.producer_code, chosen.gtin, chosen.lot]


def _program() -> list[str]:
    """What was called to get here, as it can be called again."""
    called = Path(sys.argv[0])
    if called.name != "suyuan":
        return [sys.executable, "-m", "suyuan.cli.main"]
    found = shutil.which("suyuan")
    if found and called.exists() and Path(found).samefile(called):
        return ["suyuan"]
    shown = os.path.relpath(called)
    return [str(called.absolute()) if shown.startswith(os.pardir) else shown]
