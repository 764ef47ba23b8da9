"""I5, the dossier of a chain: a page to print, and an archive that can be read and checked without a portal."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from fastapi import Response
from markupsafe import Markup

from suyuan.domain.chain.mending import mendings
from suyuan.operations.audit.proven import Named, proven
from suyuan.operations.dead_letters.place import Place
from suyuan.portal.api.chains import ListingId, PlatformCode, chain_of, evidence_of, listing_of
from suyuan.portal.context import Context
from suyuan.portal.dossier import Cited, Dossier, dossier_zip, missing_from
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import HappenedBy, KnownAt, ms_of
from suyuan.portal.pages.addresses import chain_address
from suyuan.portal.pages.chain_picture import picture_of
from suyuan.portal.pages.event_facts import facts_of
from suyuan.portal.pages.rendering import page_text, render
from suyuan.portal.pages.words import LANGUAGES
from suyuan.portal.read_log import log_read
from suyuan.queries.api import Page
from suyuan.queries.cited import cited_by

router = GuardedRouter()

_VERSIONS = 100
_STYLES = ("suyuan.css", "investigate.css")


@router.get("/chains/{platform}/{listing:path}/dossier.zip", action="dossier.read")
async def archive(
    who: Who, platform: PlatformCode, listing: ListingId, known_at: KnownAt = None, happened_by: HappenedBy = None
) -> Response:
    """The archive: pages in both languages, JSON, CSV, the raw bytes of the events, and the sums of all."""
    made = await _dossier(who, platform, listing, known_at, happened_by)
    shown = _shown(made)
    style = Markup("<style>{}</style>").format(Markup(_style()))  # noqa: S704 - files of our own
    pages = {f"dossier.{language}.html": _file(who, language, style, shown) for language in LANGUAGES}
    name = quote(f"dossier-{made.chain.platform_code}-{made.chain.listing_id}.zip", safe="")
    return Response(
        dossier_zip(made, pages),
        media_type="application/zip",
        headers={"Content-Disposition": f"attachment; filename=\"dossier.zip\"; filename*=UTF-8''{name}"},
    )


@router.get("/chains/{platform}/{listing:path}/dossier", action="dossier.read")
async def dossier(
    who: Who, platform: PlatformCode, listing: ListingId, known_at: KnownAt = None, happened_by: HappenedBy = None
) -> Response:
    """The same as a page to look at and to print."""
    made = await _dossier(who, platform, listing, known_at, happened_by)
    return render(who, "dossier.html", **_shown(made), chain_address=chain_address)


async def _dossier(who: Context, platform: str, listing: str, known_at: str | None, happened_by: str | None) -> Dossier:
    """Raises Problem: not-found."""
    named = listing_of(platform, listing)
    moments = (ms_of(known_at, "known_at"), ms_of(happened_by, "happened_by"))
    whole = await chain_of(who, named, *moments)
    page = Page(_VERSIONS)
    events, versions = await asyncio.gather(
        evidence_of(who, whole), who.ask(lambda queries, scope: queries.chain_history(scope, named, page))
    )
    places = [Place(f"in.{event['kind']}", event["source_partition"], event["source_offset"]) for event in events]
    raw = await asyncio.to_thread(who.ports.deployment.raw_events, places)
    log_read(who, f"{named.platform_code}/{named.listing_id}")
    named_events = [
        Named(event["kind"], event["publisher"], event["event_id"], event["digest"], said)
        for event, said in zip(events, raw, strict=True)
    ]
    # of events that the scope shows: where they are in the audit is no more than that they are
    seen, logged = await who.ports.ask(lambda queries: proven(queries, named_events))
    cited = [Cited(number, *each) for number, each in enumerate(zip(events, raw, logged, strict=True), start=1)]
    missing = missing_from(cited_by(whole), events)
    return Dossier(whole, versions.rows, cited, missing, who.now(), who.principal.name, *moments, seen)


def _shown(made: Dossier) -> dict[str, Any]:
    return {
        "dossier": made,
        "chain": made.chain,
        "picture": picture_of(made.chain),
        "mend": mendings(),
        "facts_of": facts_of,
    }


def _file(who: Context, language: str, style: Markup, shown: dict[str, Any]) -> str:
    reader: Any = SimpleNamespace(
        request=who.request, language=language, is_somebody=True, principal=who.principal, csrf=""
    )
    return page_text(reader, "dossier_file.html", style=style, **shown)


def _style() -> str:
    folder = files(__package__).joinpath("static")
    return "\n".join(folder.joinpath(name).read_text(encoding="utf-8") for name in _STYLES)
