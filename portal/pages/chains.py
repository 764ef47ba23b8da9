"""Chains as pages: a list by what they are like; one as a picture, with its gaps and how it came to be so."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Response

from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.chain.mending import mendings
from suyuan.domain.chain.verdict import VERDICTS
from suyuan.portal.api.chains import ListingId, PlatformCode, chain_of, evidence_of, listing_of
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import HappenedBy, KnownAt, ms_of
from suyuan.portal.pages.addresses import alert_address, chain_address, evidence_address, impact_address, trace_address
from suyuan.portal.pages.chain_picture import picture_of
from suyuan.portal.pages.event_facts import facts_of
from suyuan.portal.pages.rendering import render
from suyuan.portal.pages.subjects import subject_name
from suyuan.portal.paging import USUAL, After, next_cursor, page_of
from suyuan.portal.problems import Problem
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import ChainVersion, Gap, WholeChain
from suyuan.queries.api import AlertFilter, ChainFilter, OfListing, Page
from suyuan.queries.hops import NodeKey

router = GuardedRouter()

_SHOWN_VERSIONS, _SHOWN_ALERTS = 20, 10

Text = Annotated[str | None, Query(max_length=200)]


@router.get("/chains", action="chain.list")
async def chains(
    who: Who,
    verdict: Text = None,
    gap: Text = None,
    platform: Text = None,
    seller: Text = None,
    producer: Text = None,
    gtin: Text = None,
    lot: Text = None,
    seller_division: Annotated[str | None, Query(pattern="^[0-9]{0,6}$")] = None,
    after: After = None,
) -> Response:
    """A page of those that the filters want."""
    wanted = ChainFilter(
        verdict=verdict if verdict in VERDICTS else None,
        gap=gap or None,
        platform_code=platform or None,
        seller_code=seller or None,
        producer_code=producer or None,
        gtin=gtin or None,
        lot=lot or None,
        seller_division=seller_division or None,
    )
    page = page_of(who, USUAL, after)
    found = await who.ask(lambda queries, scope: queries.chains(scope, wanted, page))
    log_read(who, "chains")
    return render(
        who,
        "chains.html",
        wanted=wanted,
        rows=found.rows,
        gap_names=[each.gap for each in GAPS],
        verdict_names=VERDICTS,
        cursor=next_cursor(who, found),
        present=after,
        chain_address=chain_address,
    )


@router.get("/chains/{platform}/{listing:path}", action="chain.read")
async def chain(
    who: Who, platform: PlatformCode, listing: ListingId, known_at: KnownAt = None, happened_by: HappenedBy = None
) -> Response:
    """One, as it is or as it was known."""
    named = listing_of(platform, listing)
    moments = (ms_of(known_at, "known_at"), ms_of(happened_by, "happened_by"))
    found = await asyncio.gather(chain_of(who, named, *moments), _history(who, named), return_exceptions=True)
    whole, versions = found
    if isinstance(versions, BaseException):
        raise versions
    if isinstance(whole, Problem) and versions:
        return render(who, "chain_not_yet.html", status=404, named=named, first=versions[-1].received_at)
    if isinstance(whole, BaseException):
        raise whole
    events, alerts = await asyncio.gather(_evidence(who, whole), _alerts(who, named))
    log_read(who, f"{named.platform_code}/{named.listing_id}")
    return render(
        who,
        "chain.html",
        chain=whole,
        named=named,
        picture=picture_of(whole),
        mend=mendings(),
        versions=versions,
        alerts=alerts,
        events=events,
        known_at=known_at,
        happened_by=happened_by,
        trace_of=_trace_of(whole),
        impacts_of=lambda gap: _impacts_of(gap, events, known_at),
        alert_address=alert_address,
        subject_name=subject_name,
        chain_address=chain_address,
        evidence_address=evidence_address,
        facts_of=facts_of,
    )


async def _history(who: Context, named: OfListing) -> list[ChainVersion]:
    page = Page(_SHOWN_VERSIONS)
    return (await who.ask(lambda queries, scope: queries.chain_history(scope, named, page))).rows


async def _evidence(who: Context, whole: WholeChain) -> list[dict[str, Any]]:
    return await evidence_of(who, whole)


async def _alerts(who: Context, named: OfListing) -> list[Any]:
    wanted = AlertFilter(listing=(named.platform_code, named.listing_id))
    return (await who.ask(lambda queries, scope: queries.alerts(scope, wanted, Page(_SHOWN_ALERTS)))).rows


def _trace_of(whole: WholeChain) -> dict[str, str]:
    """Where traces of this chain begin, by what they begin with."""
    found = {"listing": NodeKey("listing", (whole.platform_code, whole.listing_id))}
    if whole.gtin and whole.producer_code and whole.lot:
        found["lot"] = NodeKey("lot", (whole.producer_code, whole.gtin, whole.lot))
    elif whole.gtin:
        found["product"] = NodeKey("product", (whole.gtin,))
    return {name: trace_address(str(node)) for name, node in found.items()}


def _impacts_of(gap: Gap, events: list[dict[str, Any]], known_at: str | None) -> dict[str, str]:
    """Of the recalls that a gap rests on: where their impact is, by their numbers."""
    moment = {"known_at": known_at} if known_at else {}
    return {
        event["recall_no"]: impact_address(event["producer_code"], event["recall_no"], **moment)
        for event in events
        if event["kind"] == "recall" and event["evidence"] in gap.evidence
    }
