"""Which day it is in the tables, and what that leaves unsaid."""

from __future__ import annotations

import datetime as dt

from suyuan.access.scope import Scope
from suyuan.domain.acceptance import SYSTEM
from suyuan.domain.chain.gaps import GAPS
from suyuan.queries.records import current_of_any
from suyuan.queries.rows import Tables, read
from suyuan.queries.visible import visible_chains

_NOT_JUDGED = [gap.gap for gap in GAPS if gap.group in {"product", "lot"}]
"""with one of these a chain is not asked whether its lot has expired"""
_EXPIRED = "expires_on < toDate32({today:String})"


def last_day(tables: Tables) -> dt.date | None:
    """The latest day whose turn was published; None: not one."""
    (found,) = read(
        tables,
        "SELECT count() AS days, max(date) AS date FROM event_day WHERE publisher = {system:String}",
        {"system": SYSTEM},
    )
    return found["date"] if found["days"] else None


def expired_unsaid(tables: Tables, scope: Scope, today: dt.date) -> int:
    """How many active listings sell a lot that expired before `today`, and whose chains do not say so, since they know
    of no day that late.
    """
    visible = visible_chains(scope)
    (found,) = read(
        tables,
        f"""
        SELECT count() AS listings FROM chain_current
        WHERE {visible.condition} AND status = 'active' AND NOT hasAny(gap_names, {{said:Array(String)}})
        AND (ifNull(producer_code, ''), ifNull(gtin, ''), ifNull(lot, '')) IN (
            SELECT producer_code, gtin, lot FROM ({current_of_any("lot", _EXPIRED)}) WHERE {_EXPIRED}
        )
        """,  # noqa: S608 - fixed texts, bound values
        {"said": ["lot_expired", *_NOT_JUDGED], "today": today.isoformat(), **visible.values},
    )
    return int(found["listings"])
