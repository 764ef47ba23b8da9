"""The portal on both shapes, seeded with two worlds (`worlds`): `portal.client("regulator", world="A")` asks."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial

import pytest

from suyuan.operations.topics.create import make_topics
from tests.portal.shapes import PARTITIONS, PortalUnderTest, cluster, embedded
from tests.sinks.front_process import FrontProcess


@pytest.fixture(scope="module")
def portal_broker(start_broker, share_broker):
    """Topics with the names that the product knows, which all modules of the portal share; it starts when it is called
    for the first time.
    """
    return partial(share_broker, "portal_broker", partial(with_topics, start_broker))


@contextmanager
def with_topics(start_broker, folder):
    with start_broker(folder) as broker:
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
def seeded(request, portal_broker, tmp_path_factory):
    """(shape, settings, tables) of a system that the tests of a module share."""
    if request.param == "embedded":
        with embedded() as (settings, clickhouse):
            yield request.param, settings, clickhouse
        return
    front = request.getfixturevalue("portal_front")
    with cluster(portal_broker(), front, tmp_path_factory.mktemp("cluster")) as (settings, clickhouse):
        yield request.param, settings, clickhouse


@pytest.fixture(scope="module")
def portal(seeded):
    made = PortalUnderTest(*seeded)
    yield made
    made.close()
