from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.cluster.kafka_cluster import KafkaCluster
from tests.cluster.tables import Tables
from tests.end_to_end.conftest import Case
from tests.sinks.front_process import FrontProcess


@pytest.fixture
def make_cluster(kafka, tmp_path):
    """Topics on the shared broker for one test, and whatever works on them, until it ends or makes others."""
    clusters = []

    def end():
        while clusters:
            clusters.pop().end()

    def make(partitions=4):
        end()
        folder = Path(tempfile.mkdtemp(prefix="cluster-", dir=tmp_path))
        clusters.append(KafkaCluster(kafka, folder, partitions))
        return clusters[-1]

    yield make
    end()


@pytest.fixture
def tables(front, tmp_path):
    """Empty ones."""
    return Tables(front, tmp_path)


@pytest.fixture(scope="session")
def front(tmp_path_factory):
    front = FrontProcess(tmp_path_factory.mktemp("tables") / "clickhouse")
    front.start()
    yield front
    front.kill()


@pytest.fixture
def case(request):
    return Case(request.param)
