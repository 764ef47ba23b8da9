"""What came to desks by day, what was dealt with, and what waits there now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from suyuan.domain.alerts.budget import DAYS_BEFORE
from suyuan.queries.rows import Row, Tables, read

_DAYS = DAYS_BEFORE + 1
_AT_DESKS = "arrayExists(prefix -> startsWith(bureau, prefix), {prefixes:Array(String)})"
_BY_DAY = f"sumForEach(arrayMap(n -> toInt64(what = '{{what}}' AND day = first + n), range({_DAYS})))"
_LOADS = f"""
WITH {{first:Date}} AS first
SELECT
    bureau, any(said_zh) AS name_zh, any(said_en) AS name_en, any(said_officers) AS officers,
    sum(waiting) AS open, sumForEach(came) AS raised, sumForEach(dealt) AS handled,
    arraySlice(
        arraySort(each -> (-each.2, -each.3, each.1), groupArray((rule, arraySum(came), waiting))), 1, {{rules:UInt8}}
    ) AS rules
FROM (
    SELECT bureau, rule, sum(waits) AS waiting, sumForEach(raises) AS came, sumForEach(handles) AS dealt FROM (
        SELECT
            bureau, rule, toInt64(count()) AS waits,
            arrayWithConstant({_DAYS}, toInt64(0)) AS raises, arrayWithConstant({_DAYS}, toInt64(0)) AS handles
        FROM alert_state FINAL
        WHERE state = 'raised' AND handling != 'resolved' AND {_AT_DESKS}
        AND NOT (
            handling = 'acknowledged'
            AND ifNull(acknowledged_until, raised_at) >= fromUnixTimestamp64Milli({{now:Int64}})
        )
        GROUP BY bureau, rule
        UNION ALL
        SELECT
            bureau, rule, toInt64(0) AS waits,
            {_BY_DAY.format(what="raised")} AS raises, {_BY_DAY.format(what="handled")} AS handles
        FROM desk_day FINAL
        WHERE day >= first AND day < first + {_DAYS} AND {_AT_DESKS}
        GROUP BY bureau, rule
    )
    GROUP BY bureau, rule
) AS load
ANY LEFT JOIN (
    SELECT division, name_zh AS said_zh, name_en AS said_en, officers AS said_officers FROM current_bureau
) AS said ON said.division = load.bureau
GROUP BY bureau
ORDER BY raised[{_DAYS}] DESC, arraySum(raised) DESC, open DESC, bureau
"""  # noqa: S608 - fixed texts, bound values


def desk_loads(tables: Tables, prefixes: Sequence[str], first: dt.date, now: int, rules: int) -> list[Row]:
    """Of each desk of one of the prefixes at which an alert waits `now` (ms UTC), or at which one came or was dealt
    with since the `first` day (in China): its bureau, what the bureau's record says (names are empty, officers None
    where there is none), `open`, `raised` and `handled` by day, `rules`: the `rules` that most of what came is of, each
    as (rule, raised, open). Those to which most came on the last day first.

    It reads how alerts stand, and of what came and went those days alone.
    """
    bound = {"prefixes": list(prefixes), "first": first, "now": now, "rules": rules}
    return read(tables, _LOADS, bound)
