"""Profiles of hypothesis, and a Kafka broker for whoever asks for one.

`--hypothesis-profile random` looks at other examples each time, where CI's own looks at the same; `thorough` looks ten
times as long for a counterexample. None has a deadline: how long an example takes depends on the machine.
"""

from __future__ import annotations

import gc
import os
import re
import secrets
import subprocess
import sys

import pytest
from hypothesis import settings

# what helpers assert is shown with its values, as in tests
pytest.register_assert_rewrite(
    "tests.brokers", *(f"tests.{name}" for name in ("cli", "cluster", "end_to_end", "portal", "streams"))
)

from tests.brokers import SCRIPT, Broker  # noqa: E402
from tests.shared_brokers import SharedBrokers  # noqa: E402

# no test of others' starts a portal beside the processes that it starts
os.environ.setdefault("SUYUAN_PORTAL_PORT", "0")

pytest_plugins = ("pytester", "tests.stories", "tests.tiers")

for name in ("default", "ci"):
    settings.register_profile(name, settings.get_profile(name), deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "default")
anew = settings(settings.get_profile("default"), deadline=None, database=None, print_blob=True)
settings.register_profile("random", anew)
settings.register_profile("thorough", anew, max_examples=1000)


@pytest.fixture(scope="session")
def start_broker():
    """`tests.brokers.Broker.start`, for whoever stops, kills or holds up a broker.

    Without Java and Maven a developer's tests of Kafka are left out; CI fails.
    """
    done = subprocess.run([sys.executable, SCRIPT, "fetch"], capture_output=True, text=True, check=False)
    if done.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(done.stderr)
    return Broker.start


@pytest.fixture(scope="module")
def kafka(start_broker, share_broker):
    """How to reach the broker that all tests share, so their topics and groups have names of their own."""
    return share_broker("kafka", start_broker).connection


@pytest.fixture(scope="module")
def share_broker(request, tmp_path_factory):
    """See `SharedBrokers.get`; `start` is given the broker's folder."""
    brokers = request.config.stash[BROKERS]
    return lambda name, start: brokers.get(name, lambda: start(tmp_path_factory.mktemp(name) / "broker"))


BROKERS = pytest.StashKey[SharedBrokers]()


def pytest_configure(config):
    config.stash[BROKERS] = SharedBrokers()


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported and collected stays to the end: the collector of garbage looks at it neither now nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_finish(session):
    session.config.stash[BROKERS].know(session.items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item, nextitem):
    """Behind a test and all its repetitions: one that is run once more needs its broker again."""
    done = yield
    item.config.stash[BROKERS].end_unused(nextitem and nextitem.path)
    return done


@pytest.fixture
def topic_prefix(request):
    """Begins names of topics and groups that no other test has; says whose they are."""
    return f"{re.sub(r'[^a-z0-9]+', '-', request.node.name.lower()).strip('-')[:60]}-{secrets.token_hex(3)}-"
