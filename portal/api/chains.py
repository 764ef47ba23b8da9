"""Chains: lists of them, one with all that it rests on, and how it came to be so."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import Path, Query, Response

from suyuan.domain.chain.gaps import GAPS
from suyuan.domain.chain.verdict import Verdict
from suyuan.domain.identifiers.normal_form import code_form, number_form
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import HappenedBy, KnownAt, ms_of
from suyuan.portal.paging import USUAL, After, Limit, listed, page_of
from suyuan.portal.problems import Fault, Problem
from suyuan.portal.read_log import log_read
from suyuan.queries.answers import Chain, ChainVersion, WholeChain, plain
from suyuan.queries.api import AlertFilter, ChainFilter, OfListing, Page
from suyuan.queries.cited import cited_by
from suyuan.queries.sql.evidence import MOST_IDS

router = GuardedRouter(prefix="/api/v1", tags=["chains"])

COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(Chain))
VERSION_COLUMNS = tuple(field.encode_name for field in msgspec.structs.fields(ChainVersion))
_GAPS = frozenset(gap.gap for gap in GAPS)
_BESIDE = ("evidence", "alerts", "timeline")

Code = Annotated[str | None, Query(max_length=64)]
Digits = Annotated[str | None, Query(pattern="^[0-9]{1,6}$", description="first digits of a division")]
PlatformCode = Annotated[str, Path(max_length=64)]
ListingId = Annotated[str, Path(max_length=200)]


@router.get("/chains", action="chain.list")
async def chains(
    who: Who,
    verdict: Annotated[Verdict | None, Query()] = None,
    gap: Annotated[str | None, Query(max_length=64)] = None,
    platform: Code = None,
    seller: Code = None,
    producer: Code = None,
    gtin: Annotated[str | None, Query(max_length=64)] = None,
    lot: Annotated[str | None, Query(max_length=200)] = None,
    seller_division: Digits = None,
    producer_division: Digits = None,
    listed_since: KnownAt = None,
    listed_until: KnownAt = None,
    limit: Limit = USUAL,
    after: After = None,
) -> Response:
    """By platform and listing."""
    if gap is not None and gap not in _GAPS:
        raise Problem("invalid", errors=[Fault("there is no such gap", "gap")])
    wanted = ChainFilter(
        verdict=verdict,
        gap=gap,
        platform_code=platform,
        seller_code=seller,
        producer_code=producer,
        gtin=gtin,
        lot=lot,
        seller_division=seller_division,
        producer_division=producer_division,
        listed_since=ms_of(listed_since, "listed_since"),
        listed_until=ms_of(listed_until, "listed_until"),
    )
    page = page_of(who, limit, after)
    found = await who.ask(lambda queries, scope: queries.chains(scope, wanted, page))
    log_read(who, "chains")
    return listed(who, found, COLUMNS)


@router.get("/chains/{platform}/{listing:path}/history", action="chain.read")
async def history(
    who: Who, platform: PlatformCode, listing: ListingId, limit: Limit = USUAL, after: After = None
) -> Response:
    """What the chain said from when on, and why: the newest first."""
    named, page = listing_of(platform, listing), page_of(who, limit, after)
    found = await who.ask(lambda queries, scope: queries.chain_history(scope, named, page))
    if not found.rows and after is None:
        raise Problem("not-found")
    log_read(who, f"{named.platform_code}/{named.listing_id}")
    return listed(who, found, VERSION_COLUMNS)


@router.get("/chains/{platform}/{listing:path}", action="chain.read")
async def chain(
    who: Who,
    platform: PlatformCode,
    listing: ListingId,
    known_at: KnownAt = None,
    happened_by: HappenedBy = None,
    beside: Annotated[
        str | None, Query(alias="with", max_length=60, description="evidence,alerts,timeline: what to tell beside it")
    ] = None,
) -> Response:
    """One, with its nodes, hops and gaps; as it is, or as it was known."""
    wanted = [each for each in (beside or "").split(",") if each]
    if set(wanted) - set(_BESIDE):
        raise Problem("invalid", errors=[Fault(f"some of {', '.join(_BESIDE)}", "with")])
    named = listing_of(platform, listing)
    whole = await chain_of(who, named, ms_of(known_at, "known_at"), ms_of(happened_by, "happened_by"))
    told = await asyncio.gather(*(_BY_NAME[each](who, whole) for each in wanted))
    log_read(who, f"{named.platform_code}/{named.listing_id}")
    body = {**plain(whole), **dict(zip(wanted, told, strict=True))}
    return Response(msgspec.json.encode(body), media_type="application/json")


def listing_of(platform: str, listing: str) -> OfListing:
    """What an address names, in normal form."""
    return OfListing(code_form(platform) or "", number_form(listing) or "")


async def chain_of(who: Context, named: OfListing, known_at: int | None, happened_by: int | None) -> WholeChain:
    """The chain of a listing. Raises Problem, not-found, which says since when it is known where it was not then."""
    whole = await who.ask(lambda queries, scope: queries.chain(scope, named, known_at, happened_by))
    if whole is None:
        first = None
        if known_at is not None or happened_by is not None:
            first = await who.ask(lambda queries, scope: queries.first_known(scope, named))
        raise Problem("not-found", None if first is None else f"it was not known then: first known at {first} ms")
    return whole


async def evidence_of(who: Context, whole: WholeChain) -> list[dict[str, Any]]:
    """The events that a chain rests on and the scope shows: the first MOST_IDS."""
    ids = cited_by(whole)[:MOST_IDS]
    return [plain(event) for event in await who.ask(lambda queries, scope: queries.events(scope, ids))]


async def _alerts_of(who: Context, whole: WholeChain) -> list[dict[str, Any]]:
    wanted = AlertFilter(listing=(whole.platform_code, whole.listing_id))
    page = await who.ask(lambda queries, scope: queries.alerts(scope, wanted, Page(USUAL)))
    return [plain(alert) for alert in page.rows]


async def _timeline_of(who: Context, whole: WholeChain) -> list[dict[str, Any]]:
    named = OfListing(whole.platform_code, whole.listing_id)
    page = await who.ask(lambda queries, scope: queries.chain_history(scope, named, Page(USUAL)))
    return [plain(version) for version in page.rows]


_BY_NAME = {"evidence": evidence_of, "alerts": _alerts_of, "timeline": _timeline_of}
