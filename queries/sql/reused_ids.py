"""Event ids that stand for more than one thing."""

from __future__ import annotations

from suyuan.access.scope import Scope
from suyuan.queries.rows import Tables, read
from suyuan.queries.visible import visible_kinds


def count_reused_ids(tables: Tables, scope: Scope) -> dict[str, int]:
    """By kind, how many (publisher, event_id) say more than one thing: each version was taken in. Kinds of which
    nothing may be seen are left out.
    """
    seen = visible_kinds(scope)
    each = " UNION ALL ".join(
        f"""
        SELECT '{kind}' AS kind, count() AS ids FROM (
            SELECT cityHash64(publisher, event_id) AS name FROM event_{kind}
            WHERE outcome = 'accepted' AND {visible.condition}
            GROUP BY name HAVING min(digest) != max(digest)
        )
        """  # noqa: S608 - kinds of our own, bound values
        for kind, visible in seen.items()
    )
    values = {name: value for visible in seen.values() for name, value in visible.values.items()}
    return {row["kind"]: row["ids"] for row in read(tables, each, values)}
