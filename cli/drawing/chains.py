"""Many chains as records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.text import Text

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import VERDICT_STYLES, clean

_COLUMNS = (
    Column("verdict"),
    Column("platform"),
    Column("listing"),
    Column("title", "text"),
    Column("gaps", "names"),
)


def draw_chains(chains: Iterable[Mapping[str, Any]]) -> Records:
    """One of each."""
    return Records(_COLUMNS, _rows(chains))


def _rows(chains: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Value]]:
    for chain in chains:
        verdict = clean(chain["verdict"])
        yield {
            "verdict": Text(verdict, style=VERDICT_STYLES.get(verdict, "")),
            "platform": clean(chain["platform_code"]),
            "listing": clean(chain["listing_id"]),
            "title": clean(chain.get("title")),
            "gaps": sorted(chain["gap_names"]),
        }
