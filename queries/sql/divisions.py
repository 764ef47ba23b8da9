"""Figures of listings by where they are sold, and of alerts by who is in charge."""

from __future__ import annotations

import datetime as dt

from suyuan.domain.divisions import provinces
from suyuan.queries.rows import Row, Tables, read

EVERYTHING = "all"
"""what stands for the division of the row that sums up all"""
NATION = "100000"
"""division of the desk that is in charge where no division is known"""
_HOUR_MS = 3_600_000


def listings_by_division(tables: Tables, on: dt.date) -> list[Row]:
    """Of each division that chains name, how many listings are offered, and how many of these chains are broken and
    contradicted: the seller's, where that leads to a division in force on the day, else the producer's, as the bureau
    of an alert is found. Divisions are as they are named, None among them.
    """
    return read(
        tables,
        """
        SELECT
            if(substring(ifNull(seller_division, ''), 1, 2) IN {provinces:Array(String)},
               seller_division, producer_division) AS division,
            count() AS listings,
            countIf(verdict = 'broken') AS broken,
            countIf(verdict = 'contradicted') AS contradicted
        FROM chain_current
        WHERE verdict != 'removed'
        GROUP BY division
        """,
        {"provinces": provinces(on)},
    )


def alerts_by_division(tables: Tables, prefix: str, digits: int) -> list[Row]:
    """Of the alerts whose bureau is of a prefix, by its first `digits`: how many stand, by severity, and the median of
    the hours after which others were cleared. The division of all together is EVERYTHING, that of alerts that the
    nation's desk is in charge of, or nobody, empty: they are among those of the empty prefix.
    """
    return read(
        tables,
        f"""
        SELECT
            arrayJoin([
                if(bureau = '{NATION}', '', substring(bureau, 1, {{digits:UInt8}})), '{EVERYTHING}'
            ]) AS division,
            countIf(state = 'raised' AND severity = 'critical') AS open_critical,
            countIf(state = 'raised' AND severity = 'high') AS open_high,
            countIf(state = 'raised' AND severity = 'medium') AS open_medium,
            countIf(state = 'raised' AND severity = 'low') AS open_low,
            if(countIf(state = 'cleared') = 0, NULL, quantileExactInclusiveIf(0.5)(
                toUnixTimestamp64Milli(changed_at) - toUnixTimestamp64Milli(raised_at), state = 'cleared'
            ) / {_HOUR_MS}) AS median_hours_to_clear
        FROM alert_current
        WHERE startsWith(bureau, {{prefix:String}})
        GROUP BY division
        """,  # noqa: S608 - fixed texts, bound values
        {"prefix": prefix, "digits": digits},
    )
