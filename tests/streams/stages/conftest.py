import pytest

from tests.streams.stages.upstream import Upstream


@pytest.fixture
def upstream():
    return Upstream()
