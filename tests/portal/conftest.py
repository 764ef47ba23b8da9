"""The portal on both shapes, seeded with two worlds (`worlds`): `portal.client("regulator", world="A")` asks."""

from __future__ import annotations

import pytest

from suyuan.operations.topics.create import make_topics
from tests.portal.shapes import PARTITIONS, PortalUnderTest, cluster, embedded
from tests.sinks.front_process import FrontProcess


@pytest.fixture(scope="session")
def portal_broker(start_broker, tmp_path_factory):
    """Topics with the names that the product knows, which all modules of the portal share."""
    with start_broker(tmp_path_factory.mktemp("portal") / "broker") as broker:
        make_topics(broker.connection, PARTITIONS)
        yield broker


@pytest.fixture(scope="session")
def portal_front(tmp_path_factory):
    """ClickHouse's HTTP interface, a process; each module has a database of its own there."""
    front = FrontProcess(tmp_path_factory.mktemp("portal-front") / "clickhouse")
    front.start()
    yield front
    front.kill()


@pytest.fixture(scope="module", params=["embedded", "cluster"])
def seeded(request, tmp_path_factory):
    """(shape, settings, tables) of a system that the tests of a module share."""
    if request.param == "embedded":
        with embedded() as (settings, clickhouse):
            yield request.param, settings, clickhouse
        return
    broker, front = request.getfixturevalue("portal_broker"), request.getfixturevalue("portal_front")
    with cluster(broker, front, tmp_path_factory.mktemp("cluster")) as (settings, clickhouse):
        yield request.param, settings, clickhouse


@pytest.fixture(scope="module")
def portal(seeded):
    made = PortalUnderTest(*seeded)
    yield made
    made.close()
