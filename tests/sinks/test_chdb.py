"""The contract of the tables, kept by chdb."""

from __future__ import annotations

import pytest

from suyuan.sinks.table_sink import TableSink
from tests.sinks.conftest import emptied
from tests.sinks.contract.asking import AskingContract
from tests.sinks.contract.auditing import AuditingContract
from tests.sinks.contract.budgeting import BudgetingContract
from tests.sinks.contract.check_proofs import CheckProofsContract
from tests.sinks.contract.checking import CheckingContract
from tests.sinks.contract.dividing import DividingContract
from tests.sinks.contract.framing import FramingContract
from tests.sinks.contract.history import HistoryContract
from tests.sinks.contract.hopping import HoppingContract
from tests.sinks.contract.impacts import ImpactContract
from tests.sinks.contract.loading import LoadingContract
from tests.sinks.contract.migrating import MigratingContract
from tests.sinks.contract.ordering import OrdersContract
from tests.sinks.contract.tracing import TracingContract
from tests.sinks.contract.unmatched import UnmatchedContract
from tests.sinks.contract.verifying import VerifyingContract
from tests.sinks.contract.views import ViewsContract
from tests.sinks.contract.writing import WritingContract


@pytest.fixture
def clickhouse(chdb):
    return emptied(chdb)


@pytest.fixture
def empty(chdb):
    """A database that nothing was made in."""
    chdb.writer.command("CREATE DATABASE spare")
    database, chdb.writer.database = chdb.writer.database, "spare"
    yield chdb
    chdb.writer.database = database
    chdb.writer.command("DROP DATABASE spare")


class TestAuditing(AuditingContract):
    pass


class TestCheckProofs(CheckProofsContract):
    pass


class TestLoading(LoadingContract):
    pass


class TestWriting(WritingContract):
    @pytest.fixture
    def sink(self, clickhouse):
        return TableSink(clickhouse.writer)

    @pytest.fixture
    def written(self, clickhouse):
        query = "SELECT topic, source_partition, source_offset FROM dead_letter ORDER BY ALL"
        return lambda: clickhouse.writer.query(query).result_rows


class TestMigrating(MigratingContract):
    pass


class TestViews(ViewsContract):
    pass


class TestUnmatched(UnmatchedContract):
    pass


class TestVerifying(VerifyingContract):
    pass


class TestFraming(FramingContract):
    pass


class TestAsking(AskingContract):
    pass


class TestOrders(OrdersContract):
    pass


class TestBudgeting(BudgetingContract):
    pass


class TestDividing(DividingContract):
    pass


class TestHistory(HistoryContract):
    pass


class TestHopping(HoppingContract):
    pass


class TestImpact(ImpactContract):
    pass


class TestTracing(TracingContract):
    pass


class TestChecking(CheckingContract):
    pass


def test_what_merges_leave_is_packed_closely_and_what_is_inserted_quickly(clickhouse):
    rows = "SELECT toString(number) AS identifier, hex(sipHash128(number)) AS subject FROM numbers(200000)"
    for _ in range(2):
        clickhouse.writer.command(f"INSERT INTO identifier (identifier, subject) {rows}")

    def codecs():
        query = "SELECT DISTINCT default_compression_codec FROM system.parts WHERE active AND table = 'identifier'"
        return clickhouse.writer.query(query).result_rows

    assert codecs() == [("LZ4",)]
    clickhouse.writer.command("OPTIMIZE TABLE identifier FINAL")
    assert codecs() == [("ZSTD(3)",)]
