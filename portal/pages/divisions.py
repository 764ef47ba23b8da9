"""Divisions as a page: a table that ranks those of a level, and of the whole country a picture beside it."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Response

from suyuan.domain.divisions import NATION
from suyuan.portal.api.divisions import Prefix, figures_of
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.province_tiles import SHADES, size, tiles_of
from suyuan.portal.pages.rendering import render
from suyuan.portal.recent_figures import KEPT_MS
from suyuan.queries.answers import DivisionFigures
from suyuan.queries.divisions import LEVELS
from suyuan.queries.visible import sees_division

router = GuardedRouter()

_PATH = "/divisions"


@router.get(_PATH, action="stats.read")
async def divisions(who: Who, prefix: Prefix = None) -> Response:
    """The divisions of the next level, the most serious first; each leads to its own."""
    found, at = await figures_of(who, prefix)
    whole = found.whole
    return render(
        who,
        "divisions.html",
        whole=whole,
        parts=found.parts,
        level=len(whole.division or ""),
        above=_above(who, whole.division or ""),
        tiles=[] if whole.division else tiles_of(found.parts),
        picture=size(),
        shades=range(SHADES + 1),
        at=at,
        kept=KEPT_MS // 1000,
        leads_on=_leads_on,
        divisions_address=divisions_address,
        alerts_address=_alerts_address,
        chains_address=_chains_address,
    )


def divisions_address(prefix: str) -> str:
    """Of the page of a division."""
    return f"{_PATH}?{urlencode({'prefix': prefix})}"


def _above(who: Context, prefix: str) -> list[str]:
    """The divisions that this one is in, the widest first, as far as the scope shows them."""
    wider = [prefix[:digits] for digits in (0, *LEVELS) if digits < len(prefix)]
    return [each for each in wider if sees_division(who.scope, each)]


def _leads_on(part: DivisionFigures) -> bool:
    """Whether a part is divided further: a county is not, nor what a province or a city itself is in charge of."""
    division = part.division or ""
    return 0 < len(division) < LEVELS[-1] and not division.endswith("00") and not NATION.startswith(division)


def _alerts_address(prefix: str, severity: str = "") -> str:
    """Of the alerts that stand, of a division."""
    wanted = {"bureau": prefix, "condition": "standing", "severity": severity}
    return f"/alerts?{urlencode({name: text for name, text in wanted.items() if text})}"


def _chains_address(prefix: str) -> str:
    """Of the chains of listings that are sold there."""
    return f"/chains?{urlencode({'seller_division': prefix})}"
