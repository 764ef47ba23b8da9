"""Event ids that stand for more than one thing."""

from __future__ import annotations

from suyuan.queries.rows import read
from suyuan.schemas.kinds import KINDS
from suyuan.sinks.clickhouse import ClickHouse


def count_reused_ids(clickhouse: ClickHouse) -> dict[str, int]:
    """By kind, how many (publisher, event_id) say more than one thing: each version was taken in."""
    each = " UNION ALL ".join(
        f"""
        SELECT '{kind}' AS kind, count() AS ids FROM (
            SELECT cityHash64(publisher, event_id) AS name FROM event_{kind} WHERE outcome = 'accepted'
            GROUP BY name HAVING min(digest) != max(digest)
        )
        """  # noqa: S608 - kinds of our own
        for kind in KINDS
    )
    return {row["kind"]: row["ids"] for row in read(clickhouse, each)}
