"""What a recall touches: its clock, and who has and sells what is under it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from suyuan.cli.drawing.records import Column, Records
from suyuan.cli.drawing.words import clean, moment

Row = Mapping[str, Any]

_FATES = ("on_sale", "removed", "relisted", "changed")
_HOLDER = (Column("lot"), Column("holder"), Column("name", "text"), Column("division"))
_QUANTITIES = tuple(Column(name, right=True) for name in ("received", "sent", "held"))
_LISTING = (
    Column("certainty", heading=""),
    Column("fate"),
    Column("platform"),
    Column("listing"),
    Column("title", "text"),
)
_UNITS = {"d": 86_400_000, "h": 3_600_000, "min": 60_000}


def draw_impact(found: Row, now: int) -> RenderableType:
    """`now`: ms UTC, for the clock since the publication."""
    head = Text(f"recall {clean(found['recall_no'])} by {clean(found['producer_code'])}", style="bold")
    for recall in found["recalls"]:
        lots = ", ".join(map(clean, recall["lots"])) or "every lot"
        head.append(
            f"\nlevel {recall['level']}, {clean(recall['status'])}: gtin {clean(recall['gtin'])}, {lots}: ", "not bold"
        )
        head.append(clean(recall["reason"]), "not bold")
    since = elapsed(now - found["happened_at"])
    head.append(
        f"\npublished {moment(found['happened_at'])}, {since} ago; known {moment(found['known_at'])}", "not bold"
    )
    fates = Counter(each["fate"] for each in found["listings"])
    certain = sum(each["certainty"] == "certain" for each in found["listings"])
    counts = ", ".join(f"{fates[fate]} {fate.replace('_', ' ')}" for fate in _FATES)
    head.append(
        f"\n{len(found['lots'])} lots, {len(found['holders'])} holdings, {len(found['listings'])} listings"
        f" ({certain} certain): {counts}",
        "not bold",
    )
    parts: list[RenderableType] = [head]
    if found["partial"]:
        parts.append(Text("it touches more than you may see", style="dim"))
    if found["holders"]:
        parts.append(Records((*_HOLDER, *_QUANTITIES), map(_holder, found["holders"])))
    if found["listings"]:
        parts.append(Records(_LISTING, map(_listing, found["listings"])))
    return Group(*parts)


def elapsed(ms: int) -> str:
    """'3 d', '5 h', '12 min'"""
    for unit, length in _UNITS.items():
        if ms >= length:
            return f"{ms // length} {unit}"
    return "less than a minute"


def _holder(each: Row) -> Mapping[str, str]:
    quantities = {name: "" if each[name] is None else f"{each[name]:,}" for name in ("received", "sent", "held")}
    named = {name: clean(each[name]) for name in ("holder", "name", "division")}
    return {"lot": clean(each["lot"]["lot"]), **named, **quantities}


def _listing(each: Row) -> Mapping[str, str]:
    return {
        "certainty": clean(each["certainty"]),
        "fate": clean(each["fate"]),
        "platform": clean(each["platform_code"]),
        "listing": clean(each["listing_id"]),
        "title": clean(each["title"]),
    }
