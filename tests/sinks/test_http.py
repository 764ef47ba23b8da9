"""The contract of the tables, kept by a ClickHouse over HTTP."""

from __future__ import annotations

import pytest

from suyuan.sinks.clickhouse import ClickHouse
from suyuan.sinks.errors import ServerUnavailable
from suyuan.sinks.migrations import migrate
from suyuan.sinks.readers import Budget
from tests.sinks.conftest import WITHOUT_FSYNC, emptied
from tests.sinks.contract.asking import AskingContract
from tests.sinks.contract.auditing import AuditingContract
from tests.sinks.contract.budgeting import BudgetingContract
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
from tests.sinks.front_process import FrontProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    front = FrontProcess(tmp_path_factory.mktemp("front") / "clickhouse")
    front.start()
    yield front
    front.kill()


@pytest.fixture(scope="module")
def over_http(server):
    with ClickHouse(server.settings) as clickhouse:
        migrate(clickhouse.writer, placeholders=WITHOUT_FSYNC)
        yield clickhouse


@pytest.fixture
def clickhouse(over_http):
    return emptied(over_http)


@pytest.fixture
def empty(over_http):
    """A database that nothing was made in."""
    over_http.writer.command("CREATE DATABASE spare")
    database, over_http.writer.database = over_http.writer.database, "spare"
    yield over_http
    over_http.writer.database = database
    over_http.writer.command("DROP DATABASE spare")


class TestAuditing(AuditingContract):
    pass


class TestLoading(LoadingContract):
    pass


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
    @pytest.mark.parametrize("number", [11])
    def test_agreed_markets_are_right(self, clickhouse, number):
        """One of them: chdb is asked the same of all."""
        super().test_agreed_markets_are_right(clickhouse, number)


def test_who_comes_or_waited_when_it_was_closed_gets_no_client_any_more(server):
    with ClickHouse(server.settings, make=False) as clickhouse:
        pool = clickhouse.pool(Budget(2, 2, 5))
    with pytest.raises(ServerUnavailable, match="was closed"), pool.reader():
        pass
