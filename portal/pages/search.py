"""I1, search: one text and all that is known of it, or a table of several."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response

from suyuan.domain.alerts.subject import kind_of
from suyuan.domain.identifiers.readings import Reading
from suyuan.portal.api.search import Texts, found_for, lines_of, summary
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.pages.addresses import alert_address, chain_address, impact_address, search_address
from suyuan.portal.pages.navigation import may_open
from suyuan.portal.pages.reasons import reasons
from suyuan.portal.pages.rendering import render
from suyuan.portal.pages.subjects import subject_address, subject_name
from suyuan.queries.found import Found, Hit

router = GuardedRouter()

_NODES = {"entity": "entity", "product": "product", "lot": "lot"}
"""kinds of records that a trace may begin with, and what it calls them"""

_LIST_FILTERS = {
    "lot": "lot",
    "gtin": "gtin",
    "seller_code": "seller",
    "producer_code": "producer",
    "platform_code": "platform",
}
"""what the list of chains calls the fields of listings that it can be narrowed by"""
_LOTS = frozenset({"lot", "lots", "inputs.lot"})


@router.get("/search", action="search")
async def search(who: Who, q: Texts = None) -> Response:
    """With nothing to look for: what can be looked for."""
    texts = lines_of(q or ())
    found = await found_for(who, texts)
    return render(
        who,
        "search.html",
        text="\n".join(texts),
        found=found,
        one=found[0] if len(found) == 1 else None,
        summaries=[summary(each) for each in found],
        chain_address=chain_address if _leads(who, "/chains/{") else _nowhere,
        search_address=search_address,
        alert_address=alert_address if _leads(who, "/alerts/{") else _nowhere,
        subject_address=subject_address if _leads(who, "/traces") else _nowhere,
        subject_name=subject_name,
        about_of=kind_of,
        trace_address=trace_address if _leads(who, "/traces") else _nowhere,
        impact_of=impact_of if _leads(who, "/impact/{") else _nowhere,
        groups=groups,
        reasons=reasons,
        list_filters=_LIST_FILTERS,
        telling=telling,
    )


def _nowhere(*_: object) -> None:
    """The address of a page that there is not, or not for whoever asks."""


def _leads(who: Who, beginning: str) -> bool:
    """Whether there is a page whose path begins so, and whoever asks may open it."""
    pages = who.request.app.state.pages
    return any(may_open(pages, str(who.principal.role), path) for path in pages if path.startswith(beginning))


def trace_address(hit: Hit) -> str | None:
    """Of the trace that begins at a record; None for one where none begins."""
    if hit.kind not in _NODES:
        return None
    parts = list(hit.key.values())
    node = f"{_NODES[hit.kind]}:{'/'.join(part.replace('%', '%25').replace('/', '%2F') for part in parts)}"
    return f"/traces?subject={quote(node, safe='')}"


def impact_of(hit: Hit) -> str | None:
    """Of what a recall touches; None for a record of another kind."""
    return impact_address(hit.key["producer_code"], hit.key["recall_no"]) if hit.kind == "recall" else None


def telling(found: Found) -> list[Reading]:
    """As what a text is told to be read: as what has checks, else as what it was found by."""
    checked = [reading for reading in found.readings if reading.levels]
    if found.matched == "name":
        return [*checked, *(reading for reading in found.readings if reading.read_as == "name")]
    is_lot = any(use.field in _LOTS for use in found.uses)
    return checked or [reading for reading in found.readings if reading.read_as == ("lot" if is_lot else "number")]


def groups(found: Found) -> list[tuple[str, int]]:
    """What there is of a text, with how many of it, in the order of the page."""
    counted = [
        *((group.kind, group.count) for group in found.subjects),
        ("listing", found.listings.count),
        ("lot", found.lots.count),
        *((group.kind, group.count) for group in found.records),
        ("alert", found.alerts.count),
    ]
    return [(name, count) for name, count in counted if count]
