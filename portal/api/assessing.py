"""Waiting, for a while, until the chains rest on listings that were just published."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from suyuan.portal.context import Context
from suyuan.publishing.files.verdicts import Said, Verdict
from suyuan.queries.answers import Assessed
from suyuan.queries.api import OfListingEvents

LONGEST_SECONDS = 30.0
MOST_EVENTS = 1_000
_FIRST_LOOK, _LAST_LOOK, _LONGER = 0.1, 2.0, 1.5
"""seconds between looks: at first, at last, and by how much they grow"""


async def await_assessed(who: Context, verdicts: Sequence[Verdict], seconds: float) -> Mapping[str, Assessed]:
    """Of the listing events that are in the log those with which the chains have caught up, by evidence id; all of them
    or as many as have by then. One question each look. Raises SuyuanError.
    """
    waiting = {
        verdict.ref: (verdict.key[0], verdict.key[1], verdict.event_id or "")
        for verdict in verdicts
        if verdict.verdict is not Said.REJECTED and verdict.kind == "listing" and verdict.ref and verdict.key
    }
    found: dict[str, Assessed] = {}
    ends, pause = time.monotonic() + min(seconds, LONGEST_SECONDS), _FIRST_LOOK
    while waiting:
        for platform in {platform for platform, _, _ in waiting.values()}:
            events = [(listing, event, ref) for ref, (of, listing, event) in waiting.items() if of == platform]
            found |= {each.evidence: each for each in await _assessed(who, OfListingEvents(platform, events))}
        waiting = {ref: names for ref, names in waiting.items() if ref not in found}
        left = ends - time.monotonic()
        if not waiting or left <= 0:
            break
        await asyncio.sleep(min(pause, left))
        pause = min(pause * _LONGER, _LAST_LOOK)
    return found


async def _assessed(who: Context, wanted: OfListingEvents) -> Sequence[Assessed]:
    return await who.ask(lambda queries, scope: queries.assessed(scope, wanted))
