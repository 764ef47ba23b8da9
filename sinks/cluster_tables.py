"""The same tables on a ClickHouse cluster: what a migration says of one server, said to all of them.

| on one server              | on a cluster                                                                            |
|----------------------------|-----------------------------------------------------------------------------------------|
| table `t`                  | `t_local` on every server, replicated within its shard; `t` spreads over the shards     |
| table of WHOLE             | on every server, which has all of its rows: those of any shard name them                |
| materialized view `v` TO t | on every server, from `_local` to `_local`: source and target are sharded by the same   |
| a query of `v`             | on every server, of `_local`                                                            |
| view                       | on every server, over the tables that spread                                            |
| an index more of t         | to `t_local` on every server                                                            |
| a column more of t         | to `t_local` on every server, then to `t`                                               |
| a setting of t             | of `t_local` on every server                                                            |
| INSERT INTO t SELECT       | each shard from its rows of the source to its rows of `t`, as a materialized view does  |

A table is sharded by its business key, so all versions of a row lie together: FINAL and `LIMIT 1 BY` see them all, and
a repeated insert meets its token where it was first inserted. A change of the number of shards needs the tables anew.
The rows of `identifier`, `name`, `desk_day` and `audit_node` lie where the rows lie that they are made of, not by what
SHARDED_BY says of them, which nothing is inserted by.

The servers' configuration names the cluster, a Keeper, and the macros `shard` and `replica`.
"""

from __future__ import annotations

import re

from suyuan.schemas.kinds import BUSINESS_KEYS, event_schema
from suyuan.sinks.errors import MigrationError

_REPLICA = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
CLUSTER_PLACEHOLDERS = {
    "replacing": f"ReplicatedReplacingMergeTree({_REPLICA})",
    "replacing_version": f"ReplicatedReplacingMergeTree({_REPLICA}, version)",
    "settings": (
        "replicated_deduplication_window = 1000, "
        "fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1"
    ),
}
WHOLE_CLUSTER = "ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{table}', '{shard}-{replica}')"
"""engine of a table that every server has whole"""


def _always_there(kind: str) -> tuple[str, ...]:
    """The parts of a kind's business key that no record lacks: an optional one would spread records that share the rest
    over shards.
    """
    optional = {field.name for field in event_schema(kind).fields if field.optional}
    return tuple(name for name in BUSINESS_KEYS[kind] if name not in optional)


SHARDED_BY: dict[str, tuple[str, ...]] = {
    **{f"event_{kind}": _always_there(kind) for kind in BUSINESS_KEYS},
    "chain_history": ("platform_code", "listing_id"),
    "chain": ("platform_code", "listing_id"),
    "alert_history": ("alert_id",),
    "alert": ("alert_id",),
    "finding_history": ("alert_id",),
    "finding": ("alert_id",),
    "alert_state_history": ("alert_id",),
    "alert_state": ("alert_id",),
    "desk_day": ("day",),
    "dead_letter": ("topic", "source_partition", "source_offset"),
    "dead_letter_replay": ("topic", "source_partition", "source_offset"),
    "webhook_delivery": ("subscription",),
    "note": ("note_id",),
    "audit_entry": ("leaf_index",),
    "audit_node": ("level", "node_index"),
    "audit_root": ("size",),
    "audit_checkpoint": ("origin",),
    "identifier": ("identifier",),
    "name": ("folded",),
}

WHOLE = frozenset({"chain_parties"})
"""tables that are joined to rows of any shard, and small beside these"""

_TABLE = re.compile(r"\s*CREATE TABLE IF NOT EXISTS (\w+)(?= \()")
_MATERIALIZED = re.compile(
    r"\s*CREATE MATERIALIZED VIEW IF NOT EXISTS (\w+) TO (\w+) AS\s+(SELECT\s.*)\sFROM (\w+)( WHERE .*)?\s*", re.DOTALL
)
_INSERT = re.compile(
    r"\s*INSERT INTO (\w+)\s+(SELECT\s.*)\sFROM (event_\w+|alert_state_history)( WHERE .*)?\s*", re.DOTALL
)
_INDEX = re.compile(r"\s*ALTER TABLE (\w+) ((?:ADD INDEX IF NOT EXISTS|MATERIALIZE INDEX) \w+\b.*)", re.DOTALL)
_COLUMN = re.compile(r"\s*ALTER TABLE (\w+) (ADD COLUMN IF NOT EXISTS \w+\b.*)", re.DOTALL)
_SETTING = re.compile(r"\s*ALTER TABLE (\w+) (MODIFY SETTING .*)", re.DOTALL)
_QUERY = re.compile(r"\s*ALTER TABLE (\w+) MODIFY QUERY (SELECT\s.*)\sFROM (\w+)\s*", re.DOTALL)
_VIEW = re.compile(r"\s*CREATE OR REPLACE VIEW (\w+)(?= AS\s)")


def on_cluster(statement: str, cluster: str, database: str) -> list[str]:
    """The statements that do on a cluster what one does on one server, placeholders filled in. Raises MigrationError
    for a kind of statement that is not known here.
    """
    if found := _TABLE.match(statement):
        if found[1] in WHOLE:
            everywhere = statement.replace(CLUSTER_PLACEHOLDERS["replacing"], WHOLE_CLUSTER)
            return [whole_table(everywhere, cluster, database)]
        return _table(found[1], statement[found.end() :], cluster, database)
    if found := _MATERIALIZED.fullmatch(statement):
        view, target, select, source, where = found.groups()
        here = f"`{database}`.{view} ON CLUSTER `{cluster}` TO `{database}`.{target}_local"
        return [
            f"CREATE MATERIALIZED VIEW IF NOT EXISTS {here} AS {select} FROM `{database}`.{source}_local{where or ''}"
        ]
    if found := _INSERT.fullmatch(statement):
        target, select, source, where = found.groups()
        # 2: each shard by itself, from its own rows to its own table
        rest = f"FROM `{database}`.{source}{where or ''} SETTINGS parallel_distributed_insert_select = 2"
        return [f"INSERT INTO `{database}`.{target} {select} {rest}"]
    if found := _INDEX.fullmatch(statement):
        return [f"ALTER TABLE `{database}`.{found[1]}_local ON CLUSTER `{cluster}` {found[2]}"]
    if found := _COLUMN.fullmatch(statement):
        return [
            f"ALTER TABLE `{database}`.{table} ON CLUSTER `{cluster}` {found[2]}"
            for table in (f"{found[1]}_local", found[1])
        ]
    if found := _SETTING.fullmatch(statement):
        here = found[1] if found[1] in WHOLE else f"{found[1]}_local"
        return [f"ALTER TABLE `{database}`.{here} ON CLUSTER `{cluster}` {found[2]}"]
    if found := _QUERY.fullmatch(statement):
        view, select, source = found.groups()
        here = f"`{database}`.{view} ON CLUSTER `{cluster}`"
        return [f"ALTER TABLE {here} MODIFY QUERY {select} FROM `{database}`.{source}_local"]
    if found := _VIEW.match(statement):
        rest = statement[found.end() :]
        return [f"CREATE OR REPLACE VIEW `{database}`.{found[1]} ON CLUSTER `{cluster}`{rest}"]
    raise MigrationError(f"no way to do this on a cluster: {statement.strip().splitlines()[0]}")


def whole_table(statement: str, cluster: str, database: str) -> str:
    """The statements that make a table which every server has whole; the engine is the statement's."""
    found = _TABLE.match(statement)
    if found is None:
        raise MigrationError(f"not a table: {statement.strip().splitlines()[0]}")
    return f"CREATE TABLE IF NOT EXISTS `{database}`.{found[1]} ON CLUSTER `{cluster}`{statement[found.end() :]}"


def _table(name: str, rest: str, cluster: str, database: str) -> list[str]:
    if name not in SHARDED_BY:
        raise MigrationError(f"no way to make table {name} on a cluster: nothing says what it is sharded by")
    key = f"cityHash64({', '.join(SHARDED_BY[name])})"
    local = f"{name}_local"
    spread = f"ENGINE = Distributed('{cluster}', '{database}', '{local}', {key})"
    return [
        f"CREATE TABLE IF NOT EXISTS `{database}`.{local} ON CLUSTER `{cluster}`{rest}",
        f"CREATE TABLE IF NOT EXISTS `{database}`.{name} ON CLUSTER `{cluster}` AS `{database}`.{local} {spread}",
    ]
