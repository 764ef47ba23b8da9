from __future__ import annotations

import pytest

from tests.runtime.shapes import ClusterShape, EmbeddedShape


@pytest.fixture(scope="module", params=["embedded", "cluster"])
def shape(request, tmp_path_factory):
    """A system that the tests of a module share, so that none of them may think that it is alone."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "embedded":
        yield EmbeddedShape(folder / "data")
        return
    start_broker = request.getfixturevalue("start_broker")
    with start_broker(folder / "broker") as broker:  # of its own: topics have the names that the product knows
        cluster = ClusterShape(broker, folder)
        yield cluster
        cluster.end()


@pytest.fixture
def deployment(shape):
    return shape.deployment
