"""What a chain said from when on, and why, as a list of records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from suyuan.cli.drawing.records import Column, Records, Value
from suyuan.cli.drawing.words import VERDICT_STYLES, clean, moment

_COLUMNS = (
    Column("known"),
    Column("verdict"),
    Column("gained", "names"),
    Column("lost", "names"),
    Column("by", "names"),
)


def draw_history(versions: Sequence[Mapping[str, Any]]) -> Records:
    """`versions`: the newest first, as the queries give them."""
    return Records(_COLUMNS, map(_version, versions))


def _version(version: Mapping[str, Any]) -> Mapping[str, Value]:
    verdict = clean(version["verdict"])
    return {
        "known": moment(version["received_at"]),
        "verdict": Text(verdict, style=VERDICT_STYLES.get(verdict, "")),
        "gained": [f"+{gap}" for gap in version["gained"]],
        "lost": [f"-{gap}" for gap in version["lost"]],
        "by": [cause["evidence"] for cause in version["causes"]],
    }
