"""I4, a timeline: records, what the chain said, alerts of one thing, by when they happened and when they were known."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Response

from suyuan.portal.context import Context
from suyuan.portal.entry.guard import Who
from suyuan.portal.guarded import GuardedRouter
from suyuan.portal.moments import KnownAt, ms_of
from suyuan.portal.pages.addresses import chain_address, evidence_address, trace_address
from suyuan.portal.pages.rendering import render
from suyuan.portal.read_log import log_read
from suyuan.queries.api import AboutNode, AlertFilter, OfListing, Page
from suyuan.queries.hops import NodeKey

router = GuardedRouter()

_MOST, _OTHERS = 300, 100
WIDTH, LEFT, LANES = 960, 84, {"happened": 34, "known": 98}
RIGHT = WIDTH - 24
"""of the picture, in its own units: its width, where the axis begins and ends, where the lanes are"""


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened (`happened`) and was known later (`known`), ms UTC. `sort`: record, chain or alert;
    `name`: of its words, in their group.
    """

    sort: str
    group: str
    name: str
    happened: int
    known: int
    detail: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Dot:
    """A moment in the picture: where it is in the lane of what happened, and of what was known."""

    moment: Moment
    happened: int
    known: int


@router.get("/timeline", action="trace.read")
async def timeline(
    who: Who,
    subject: Annotated[str | None, Query(max_length=600)] = None,
    since: KnownAt = None,
    until: KnownAt = None,
) -> Response:
    """Without a subject: how to name one."""
    if not subject:
        return render(who, "timeline_begin.html")
    node = NodeKey.parse(subject)
    window = (ms_of(since, "since"), ms_of(until, "until"))
    moments = [each for each in await _moments(who, node, *window) if _within(each, *window)]
    moments.sort(key=lambda each: (each.happened, each.known))
    log_read(who, str(node))
    dots, ticks = drawn(moments)
    return render(
        who,
        "timeline.html",
        node=node,
        subject=str(node),
        moments=moments,
        dots=dots,
        ticks=ticks,
        lanes=LANES,
        left=LEFT,
        width=WIDTH,
        right=RIGHT,
        most=_MOST,
        since=since,
        until=until,
        trace_address=trace_address,
        page_of_chain=chain_address(*node.parts) if node.kind == "listing" else None,
    )


def _within(each: Moment, since: int | None, until: int | None) -> bool:
    return (since is None or each.happened >= since) and (until is None or each.happened < until)


async def _moments(who: Context, node: NodeKey, since: int | None, until: int | None) -> list[Moment]:
    about = AboutNode(str(node), _MOST, since, until)
    asked: list[Any] = [who.ask(lambda queries, scope: queries.records_about(scope, about))]
    if node.kind == "listing":
        named, page = OfListing(*node.parts), Page(_OTHERS)
        wanted = AlertFilter(listing=(named.platform_code, named.listing_id))
        asked.append(who.ask(lambda queries, scope: queries.chain_history(scope, named, page)))
        asked.append(who.ask(lambda queries, scope: queries.alerts(scope, wanted, page)))
    records, *others = await asyncio.gather(*asked)
    found = [
        Moment(
            "record",
            "kind",
            event.kind,
            event.fields["occurred_at"],
            event.fields["received_at"],
            event.evidence,
            evidence_address(event.evidence),
        )
        for event in records
    ]
    if others:
        versions, alerts = others
        causes = {cause.evidence: cause for version in versions.rows for cause in version.causes}
        found += [
            Moment("record", "kind", each.kind, each.occurred_at, each.received_at, name, evidence_address(name))
            for name, each in causes.items()
            if name not in {event.evidence for event in records}
        ]
        found += [
            Moment("chain", "verdict", each.verdict, each.as_of, each.received_at, " ".join(each.gap_names))
            for each in versions.rows
        ]
        found += [
            Moment("alert", "rule", each.rule, each.raised_at, each.received_at, each.severity) for each in alerts.rows
        ]
    return found


def drawn(moments: Sequence[Moment]) -> tuple[list[Dot], list[tuple[int, int]]]:
    """Where moments are on the axis, and its ticks (place, ms): the first, the last, and some between."""
    if not moments:
        return [], []
    first = min(min(each.happened, each.known) for each in moments)
    last = max(max(each.happened, each.known) for each in moments)
    length, span = RIGHT - LEFT, max(last - first, 1)

    def place(ms: int) -> int:
        return LEFT + (ms - first) * length // span

    ticks = [(place(ms), ms) for ms in sorted({first + span * step // 4 for step in range(5)})]
    return [Dot(each, place(each.happened), place(each.known)) for each in moments], ticks
