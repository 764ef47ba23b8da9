"""The tables of a cluster. There is none here: ClickHouse's own parser reads the statements, and with the engines of
one server in the place of those that need others, the tables hold and show what they should.
"""

from __future__ import annotations

import re

import pytest

from suyuan.access.scope import EVERYTHING
from suyuan.queries import sql as queries
from suyuan.queries.paging import Page
from suyuan.queries.sql import AlertFilter, ChainFilter
from suyuan.schemas.arrow_stream import joined
from suyuan.schemas.blocks import read_block
from suyuan.sinks.cluster_tables import CLUSTER_PLACEHOLDERS, SHARDED_BY, WHOLE, on_cluster
from suyuan.sinks.errors import MigrationError
from suyuan.sinks.migrations import migrate, migrations
from suyuan.sinks.table_sink import INSERT_SETTINGS
from suyuan.sinks.tables import TARGETS
from suyuan.sinks.verifier import VIEWS
from tests.sinks.rows import NOW, PLATFORM, alert, apart, block, chain, events, listing, node

STATEMENTS = [statement for each in migrations() for statement in each.statements(CLUSTER_PLACEHOLDERS)]
ON_CLUSTER = [each for statement in STATEMENTS for each in on_cluster(statement, "tracing", "spare")]


class Noting:
    """A client whose commands go nowhere."""

    database = "suyuan"

    def __init__(self, client):
        self._client = client
        self.said = []

    def command(self, statement, **_settings):
        self.said.append(statement)

    def insert(self, *_arguments, **_named):
        pass

    def query(self, statement):
        return self._client.query(statement)


@pytest.fixture
def spare(chdb):
    """A database that nothing was made in."""
    chdb.writer.command("CREATE DATABASE spare")
    before = [(client, client.database) for client in chdb._clients]
    for client, _ in before:
        client.database = "spare"
    yield chdb
    for client, database in before:
        client.database = database
    chdb.writer.command("DROP DATABASE spare")


def on_one_server(statement):
    """Its engines in the place of those that need a cluster; tables that are spread only read."""
    statement = statement.replace(" ON CLUSTER `tracing`", "")
    statement = re.sub(r"Replicated(\w+)\('[^']*', '[^']*'(?:, (\w+))?\)", r"\1(\2)", statement)
    statement = statement.replace("replicated_deduplication_window", "non_replicated_deduplication_window")
    return re.sub(r"Distributed\('tracing', 'spare', '(\w+)', .*\)$", r"Merge('spare', '^\1$')", statement)


def insert(clickhouse, table, data):
    stream = joined([read_block(data).stream])
    here = table if table in WHOLE else f"{table}_local"
    clickhouse.writer.raw_insert(here, insert_block=stream, fmt="ArrowStream", settings=INSERT_SETTINGS)


@pytest.mark.parametrize("statement", ON_CLUSTER, ids=lambda text: " ".join(text.split()[:8])[:70])
def test_clickhouse_understands_each(chdb, statement):
    kind = chdb.writer.query(f"EXPLAIN AST {statement}").result_rows[0][0].split(" ")[0]
    assert kind == f"{statement.split()[0].capitalize()}Query"
    assert kind == "InsertQuery" or "ON CLUSTER `tracing`" in statement


def test_all_of_it_is_made_on_the_cluster(chdb):
    client = Noting(chdb.writer)
    client.query = lambda statement: chdb.writer.query(statement.replace("TABLE migration", "TABLE nothing"))
    migrate(client, cluster="tracing")
    remembered = [statement for statement in client.said if statement.split()[:3] == ["INSERT", "INTO", "migration"]]
    assert len(remembered) == len(migrations())
    client.said = [statement for statement in client.said if statement not in remembered]
    assert len(client.said) == len(ON_CLUSTER) + 1
    inserts = [statement for statement in client.said if statement.startswith("INSERT INTO `suyuan`.")]
    assert all("parallel_distributed_insert_select = 2" in statement for statement in inserts)
    assert all("ON CLUSTER `tracing`" in statement for statement in client.said if statement not in inserts)
    assert "'{shard}-{replica}'" in client.said[0]  # what was migrated is known to every server


def test_rows_that_fold_lie_on_one_shard():
    keys = {
        re.search(r"EXISTS (\w+) ", statement)[1]: re.search(r"\nORDER BY \(?([^)\n]*)", statement)[1].split(", ")
        for statement in STATEMENTS
        if "CREATE TABLE" in statement
    }
    assert keys.keys() == SHARDED_BY.keys() | WHOLE
    for table, key in SHARDED_BY.items():
        assert tuple(keys[table][: len(key)]) == key


def test_what_rows_of_any_shard_name_is_on_every_server():
    (made,) = [each for each in ON_CLUSTER if "EXISTS `spare`.chain_parties" in each]
    assert "ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{database}/{table}', '{shard}-{replica}')" in made


def test_a_column_more_is_added_where_rows_lie_before_where_they_are_read():
    added = [each for each in ON_CLUSTER if "ADD COLUMN" in each]
    assert [each.split("ALTER TABLE ")[1].split(" ON")[0] for each in added] == [
        "`spare`.chain_history_local",
        "`spare`.chain_history",
        "`spare`.event_bureau_local",
        "`spare`.event_bureau",
        "`spare`.event_inspection_local",
        "`spare`.event_inspection",
        "`spare`.event_inspection_local",
        "`spare`.event_inspection",
    ]


def test_a_setting_is_that_of_the_tables_where_rows_lie():
    of = [each.split("ALTER TABLE ")[1].split(" ON")[0] for each in ON_CLUSTER if "MODIFY SETTING" in each]
    assert of == [f"`spare`.{table}_local" for table in ("event_listing", "identifier", "name")]
    (whole,) = on_cluster("ALTER TABLE chain_parties MODIFY SETTING merge_selector_base = 16", "tracing", "spare")
    assert whole.startswith("ALTER TABLE `spare`.chain_parties ON CLUSTER")


def test_a_statement_without_a_way_is_refused():
    for statement in ("ALTER TABLE chain ADD COLUMN x Int64", "CREATE TABLE IF NOT EXISTS unheard_of (\n n Int64)"):
        with pytest.raises(MigrationError):
            on_cluster(statement, "tracing", "spare")


def test_what_is_inserted_on_a_shard_shows_in_the_views(spare):
    for statement in ON_CLUSTER:
        if not statement.startswith("INSERT"):  # tables that are spread only read here
            spare.writer.command(on_one_server(statement))
    for target in TARGETS:
        columns = {row[0] for row in spare.writer.query(f"DESCRIBE {target.name}").result_rows}
        assert set(target.columns) <= columns
    entity = {"code": "H", "name": "仓库", "status": "active"}
    nodes = [node("holder", "H")]
    insert(spare, "event_listing", events("listing", listing(1), listing(2)))
    insert(spare, "event_entity", events("entity", entity))
    insert(spare, "chain_history", block("chain", chain(1, received_at=NOW)))
    parties, said = apart(chain(1, revision=2, verdict="broken", nodes=nodes))
    insert(spare, "chain_history", said)
    insert(spare, "chain_parties", parties)
    whole = "SELECT nodes.role, nodes.id FROM chain_whole"
    assert spare.writer.query(whole).result_rows == [(["platform", "holder"], [PLATFORM, "H"])]
    insert(spare, "alert_state_history", block("alert_state", alert("a"), alert("a", sequence=2, state="cleared")))
    assert [
        (row["listing_id"], row["verdict"]) for row in queries.chains(spare, EVERYTHING, ChainFilter(), Page(9)).rows
    ] == [("l1", "broken")]
    assert queries.chain(spare, EVERYTHING, PLATFORM, "l1")["nodes"][1]["name"] == "仓库"
    assert [row["state"] for row in queries.alerts(spare, EVERYTHING, AlertFilter(), Page(9)).rows] == ["cleared"]
    assert queries.counts(spare, EVERYTHING).events["listing"] == 2
    assert spare.writer.query("SELECT subject FROM identifier WHERE identifier = 'l1'").result_rows == [
        (f"{PLATFORM}\x1fl1",)
    ]
    assert spare.writer.query("SELECT kind, count() FROM name GROUP BY kind ORDER BY kind").result_rows == [
        ("entity", 1),
        ("listing", 2),
    ]
    for view in VIEWS:
        spare.writer.query(f"SELECT * FROM {view} LIMIT 1")  # noqa: S608 - views of our own
