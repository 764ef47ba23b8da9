"""The parties of chains: kept once for all chains that have the same, put together with these where they are read."""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.domain.chain.divisions import registering_division
from suyuan.queries.records import chunks
from suyuan.queries.rows import Row, Tables, read


def with_parties(tables: Tables, rows: Iterable[Row]) -> list[Row]:
    """Rows of chain_history with the `nodes` and `hops` that they name. Both are empty where these are not loaded yet,
    which they are in a moment: every other chain has the node of its platform.
    """
    rows = list(rows)
    found: dict[str, Row] = {}
    for some in chunks(sorted({row["parties"] for row in rows if row["parties"]})):
        asked = "SELECT * FROM chain_parties WHERE parties IN {parties:Array(String)} LIMIT 1 BY parties"
        found |= {row["parties"]: row for row in read(tables, asked, {"parties": some})}
    return [_whole(row, found.get(row["parties"])) if row["parties"] else row for row in rows]


def _whole(row: Row, parties: Row | None) -> Row:
    if parties is None:
        return row | {"nodes": [], "hops": []}
    platform = {
        "role": "platform",
        "id": row["platform_code"],
        "name": None,
        "status": None,
        "division": registering_division(row["platform_code"]),
        "evidence": None,
    }
    nodes = [platform, *(dict(node) for node in parties["nodes"])]
    return row | {"nodes": nodes, "hops": [dict(hop) for hop in parties["hops"]]}
