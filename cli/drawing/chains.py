"""Many chains as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from suyuan.cli.drawing.words import VERDICT_STYLES, cell, clean, joined


def draw_chains(chains: Iterable[Mapping[str, Any]]) -> Table:
    """A row each."""
    table = Table(box=None, pad_edge=False)
    table.add_column("verdict", no_wrap=True)
    table.add_column("platform", no_wrap=True, max_width=18)
    table.add_column("listing", overflow="fold")
    table.add_column("title", no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_column("gaps", overflow="fold", min_width=25)
    for chain in chains:
        verdict = clean(chain["verdict"])
        table.add_row(
            Text(verdict, style=VERDICT_STYLES.get(verdict, "")),
            cell(chain["platform_code"], 18),
            cell(chain["listing_id"]),
            cell(chain.get("title"), 80),
            Text(joined(chain["gaps"], 4)),
        )
    return table
