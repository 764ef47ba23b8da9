"""The audit's tree as it is stored. Bytes are in hex."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from suyuan.access.scope import Scope
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import must_see_everything
from suyuan.schemas.kinds import AUDITED
from suyuan.sinks.tables import event_columns

MOST_ENTRIES = 5_000
MOST_CHECKPOINTS = 1_000
MOST_UNENTERED = 100
_WHAT = "the audit"
_EVENT = "publisher, event_id, digest"
_ENTRY = f"""
    leaf_index, lower(hex(leaf)) AS leaf, arrayMap(node -> lower(hex(node)), nodes) AS nodes, kind, {_EVENT}, key,
    source_topic, source_partition, source_offset, received_at, if(raw IS NULL, NULL, lower(hex(raw))) AS raw
"""


def audit_entries(tables: Tables, scope: Scope, first: int) -> list[Row]:
    """Entries from the index `first` on, at most MOST_ENTRIES, in their order."""
    must_see_everything(scope, _WHAT)
    # the table's own order; aliases of the same names would be taken for it
    statement = f"""
        SELECT {_ENTRY} FROM (
            SELECT * FROM audit_entry_v WHERE leaf_index >= {{first:Int64}} AND leaf_index < {{end:Int64}}
        ) ORDER BY leaf_index
    """  # noqa: S608 - fixed names
    found = read(tables, statement, {"first": first, "end": first + MOST_ENTRIES})
    if found:
        return found
    following = read(
        tables,
        "SELECT count() AS entries, min(leaf_index) AS next FROM audit_entry WHERE leaf_index >= {first:Int64}",
        {"first": first},
    )[0]
    return audit_entries(tables, scope, following["next"]) if following["entries"] else []


def audit_entries_of(tables: Tables, scope: Scope, kind: str, publisher: str, event_id: str) -> list[Row]:
    """The entries of all versions of an event."""
    must_see_everything(scope, _WHAT)
    statement = f"""
        SELECT {_ENTRY} FROM (
            SELECT * FROM audit_entry_v
            WHERE kind = {{kind:String}} AND publisher = {{publisher:String}} AND event_id = {{event:String}}
        ) ORDER BY leaf_index
    """  # noqa: S608 - fixed names
    return read(tables, statement, {"kind": kind, "publisher": publisher, "event": event_id})


def audit_nodes(tables: Tables, scope: Scope, places: Sequence[tuple[int, int]]) -> list[Row]:
    """The nodes of (level, index): `level`, `node_index`, `hash`. Leaves are of level 0."""
    must_see_everything(scope, _WHAT)
    leaves = [index for level, index in places if level == 0]
    inner = [(level, index) for level, index in places if level > 0]
    statement = """
        SELECT 0 AS level, leaf_index AS node_index, lower(hex(leaf)) AS hash FROM audit_entry
        WHERE leaf_index IN {leaves:Array(Int64)}
        UNION DISTINCT
        SELECT level, node_index, lower(hex(hash)) AS hash FROM (
            SELECT level, node_index, hash FROM audit_node
            WHERE (level, node_index) IN {inner:Array(Tuple(UInt8, Int64))}
        )
    """
    return read(tables, statement, {"leaves": leaves, "inner": inner})


def audit_heads(tables: Tables, scope: Scope, least: int) -> list[Row]:
    """Every root that was said of `least` entries or more, and every checkpoint that was signed (`note`), by size.
    `at`: when the log had the last of the entries, or it was signed.
    """
    must_see_everything(scope, _WHAT)
    statement = """
        SELECT size, lower(hex(root)) AS root, NULL AS note, received_at AS at
        FROM (SELECT * FROM audit_root_v WHERE size >= {least:Int64})
        UNION ALL
        SELECT size, lower(hex(root)) AS root, note, signed_at AS at
        FROM (SELECT DISTINCT * FROM audit_checkpoint WHERE size >= {least:Int64})
        ORDER BY size, at
    """
    return read(tables, statement, {"least": least})


def audit_checkpoints(tables: Tables, scope: Scope, least: int) -> list[Row]:
    """Signed checkpoints of `least` entries or more, MOST_CHECKPOINTS at most, by size. They are for everybody."""
    del scope
    statement = f"""
        SELECT size, lower(hex(root)) AS root, note, signed_at AS at
        FROM (SELECT DISTINCT * FROM audit_checkpoint WHERE size >= {{least:Int64}})
        ORDER BY size, at LIMIT {MOST_CHECKPOINTS}
    """  # noqa: S608 - fixed names
    return read(tables, statement, {"least": least})


def audit_newest(tables: Tables, scope: Scope) -> tuple[int, Row | None, int | None]:
    """Entries of the newest root; the checkpoint of most entries, the newest of these; when the log had the first
    entries beyond it. They are for everybody.
    """
    del scope
    signed = read(
        tables,
        """
        SELECT size, lower(hex(root)) AS root, note, signed_at AS at FROM audit_checkpoint
        WHERE size = (SELECT max(size) FROM audit_checkpoint) ORDER BY at DESC LIMIT 1
        """,
    )
    beyond = """
        SELECT max(size) AS entries, minOrNullIf(received_at, size > {size:Int64}) AS since FROM audit_root
    """
    found = read(tables, beyond, {"size": signed[0]["size"] if signed else 0})[0]
    return found["entries"], signed[0] if signed else None, found["since"]


def audit_cosigned(tables: Tables, scope: Scope) -> list[Row]:
    """The checkpoint of most entries that has more than one signature, the newest of these; none where there is none.
    They are for everybody. Reads all that were signed.
    """
    del scope
    signatures = "countSubstrings(note, '\\n\u2014 ')"
    statement = f"""
        SELECT size, lower(hex(root)) AS root, note, signed_at AS at FROM audit_checkpoint
        WHERE {signatures} > 1 ORDER BY size DESC, at DESC LIMIT 1
    """  # noqa: S608 - fixed names
    return read(tables, statement)


def audited_events(tables: Tables, scope: Scope, kind: str, first: int, end: int) -> list[Row]:
    """Rows of event_<kind> that entries from the index `first` to before `end` are of, each once."""
    must_see_everything(scope, _WHAT)
    statement = f"""
        SELECT {", ".join(event_columns(_audited(kind)))} FROM event_{kind}
        WHERE outcome = 'accepted' AND ({_EVENT}) IN (
            SELECT publisher, ifNull(event_id, ''), ifNull(digest, '') FROM audit_entry
            WHERE kind = {{kind:String}} AND leaf_index >= {{first:Int64}} AND leaf_index < {{end:Int64}}
        )
        LIMIT 1 BY {_EVENT}
    """  # noqa: S608 - fixed names
    return read(tables, statement, {"kind": kind, "first": first, "end": end})


def unentered(tables: Tables, scope: Scope, settled: int) -> list[Row]:
    """Accepted events of audited kinds that have no entry, of what the log took before `settled` (ms UTC): `kind`,
    publisher, event_id, digest; MOST_UNENTERED at most.
    """
    must_see_everything(scope, _WHAT)
    each = (
        f"""
        SELECT '{kind}' AS kind, {_EVENT} FROM event_{kind}
        WHERE outcome = 'accepted' AND toUnixTimestamp64Milli(received_at) < {{settled:Int64}} AND ({_EVENT}) NOT IN (
            SELECT publisher, ifNull(event_id, ''), ifNull(digest, '') FROM audit_entry WHERE kind = '{kind}'
        )
        LIMIT 1 BY {_EVENT}
        """  # noqa: S608 - fixed names
        for kind in sorted(AUDITED)
    )
    values: dict[str, Any] = {"settled": settled}
    return read(tables, f"SELECT * FROM ({' UNION ALL '.join(each)}) LIMIT {MOST_UNENTERED}", values)  # noqa: S608 - as above


def _audited(kind: str) -> str:
    if kind not in AUDITED:
        raise KeyError(kind)
    return kind
