"""The tiers of tests, told by what a test uses.

A test is quick when nothing that its module and those of its fixtures import, however far, is one of `PARTS`: no
process, no broker, no engine of ClickHouse, no whole market. A quick test that starts a process, connects to a server
or loads chdb all the same fails and is told why.

`--tier quick` runs these and does not even import the others; `--tier stories` runs markets of minutes under faults
(`tests/stories.py`); `--tier rest` all others; without it all are run.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.shared_brokers import shared_broker
from tests.stories import is_story

ROOT = Path(__file__).parents[1]
PARTS = (
    "subprocess",
    "multiprocessing",
    "socket",
    "http.server",
    "aiokafka",
    "faust",
    "chdb",
    "clickhouse_connect",
    # imports its commands by name, when they are asked for
    "suyuan.cli.main",
    # markets made up at random: seconds each
    "suyuan.simulation",
    "tests.reference.markets",
    "tests.reference.strategies",
)
REFUSED = {
    "subprocess.Popen": "started a process",
    "os.system": "started a process",
    "os.fork": "started a process",
    "os.forkpty": "started a process",
    "os.posix_spawn": "started a process",
    "socket.connect": "connected to a server",
    "ctypes.dlopen": "loaded chdb",
}
# how much longer than a quick test others take, roughly; the tests that take longest begin first
SECONDS = {"quick": 0.05, "rest": 1, "broker": 4, "browser": 8, "real_time": 20}
# files of which that tells far too little
LONG = {
    "sinks/test_http.py": 250,
    "portal/browser/test_every_page.py": 250,
    "end_to_end/test_flips.py": 220,
    "streams/test_alerts_of_markets.py": 200,
    "streams/test_alerts_of_other_markets.py": 200,
    "queries/test_answers.py": 170,
    "cli/test_loader_faults.py": 150,
    "portal/test_foreign_values.py": 150,
    "deploy/test_kafka_broker.py": 140,
    "sinks/test_kafka_log.py": 140,
    "sinks/test_chdb.py": 130,
    "end_to_end/test_cases.py": 120,
    "docs/test_first_steps.py": 110,
    "streams/stages/test_places.py": 90,
    "portal/browser/test_live_list.py": 90,
    "streams/test_any_order.py": 90,
    "end_to_end/test_identities.py": 70,
    "streams/test_lineage.py": 70,
    "cli/test_results.py": 70,
    "queries/test_find.py": 70,
    "end_to_end/test_readers.py": 60,
    "streams/test_rebuild_partition.py": 60,
    "cli/test_deadletters.py": 60,
    "streams/test_app.py": 50,
    "cluster/test_chain_watch.py": 50,
    # of the other tier
    "faults/test_broker_restarts.py": 280,
    "end_to_end/test_kill.py": 240,
    "soak/test_soak.py": 100,
}


def pytest_addoption(parser):
    said = "quick: no broker, no process, no chdb; stories: minutes each; rest: all others"
    parser.addoption("--tier", choices=("quick", "rest", "stories", "all"), default="all", help=said)


def pytest_configure(config):
    config.addinivalue_line("markers", "quick: told by what a test uses (tests/tiers.py); not to be set by hand")
    config.addinivalue_line(
        "markers", "real_time: depends on time that passes; run once more if it fails, both are told"
    )


def pytest_ignore_collect(collection_path, config):
    """Modules of the rest are not imported for the quick ones: chdb alone takes a second."""
    if config.getoption("tier") == "quick" and collection_path.suffix == ".py" and parts_of(collection_path):
        return True
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    for item in items:
        if not any(map(parts_of, _modules(item))):
            item.add_marker(pytest.mark.quick)
        if item.get_closest_marker("real_time"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    if (tier := config.getoption("tier")) != "all":
        left = [item for item in items if _tier(item) != tier]
        items[:] = [item for item in items if _tier(item) == tier]
        config.hook.pytest_deselected(items=left)
    if hasattr(config, "workerinput"):
        _longest_first(items)


def pytest_collection_finish(session):
    if session.config.getoption("tier") == "quick" and "chdb" in sys.modules:
        raise pytest.UsageError("a module of quick tests loaded chdb: name what it imports in PARTS of tests/tiers.py")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """A quick test is held to it from its first fixture's set-up on."""
    if not _is_quick(item):
        return (yield)
    _guard.begin()
    try:
        return (yield)
    finally:
        _guard.end()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown():
    """Behind the last test what all share is taken down too, such as the broker of the tests before."""
    _guard.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """Fails even a test that took the refusal for an error of the system's."""
    result = yield
    _guard.check()
    return result


class Guard:
    """Refuses, while it is on, what `REFUSED` names."""

    def __init__(self):
        self.on = False
        self._seen = []
        self._listens = False

    def begin(self):
        if not self._listens:  # it cannot be taken away again
            sys.addaudithook(self._hear)
            self._listens = True
        self.on = True

    def end(self):
        self.on = False
        self._seen.clear()

    def check(self):
        seen, self._seen = self._seen, []
        if seen:
            pytest.fail(seen[0], pytrace=False)

    def _hear(self, event, arguments):
        if self.on and event in REFUSED and _is_meant(event, arguments):
            self._seen.append(
                f"a quick test {REFUSED[event]} ({event}): what brings it to do so belongs to PARTS of tests/tiers.py"
            )
            raise AssertionError(self._seen[-1])


_guard = Guard()


def _is_meant(event, arguments):
    if event == "socket.connect":
        return isinstance(arguments[1], tuple)  # an address of the internet's; not the loop's own pair
    if event == "subprocess.Popen":
        return list(arguments[1])[:2] != ["file", "-b"]  # the standard library's, when croniter is imported: Faust's
    return event != "ctypes.dlopen" or "chdb" in str(arguments[0])


def _tier(item):
    return "stories" if is_story(item.path) else "quick" if _is_quick(item) else "rest"


def _is_quick(item):
    return item.get_closest_marker("quick") is not None


def _modules(item):
    """The files that a test and its fixtures are written in."""
    yield item.path
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        for definition in definitions:
            if (code := getattr(inspect.unwrap(definition.func), "__code__", None)) is not None:
                yield _path(code.co_filename)


_path = cache(Path)


@cache
def parts_of(path):
    """Those of `PARTS` that a file imports, or a file of ours that it imports."""
    found, seen, left = set(), set(), [path]
    while left:
        if (path := left.pop()) not in seen:
            seen.add(path)
            parts, files = _uses(path)
            found |= parts
            left += files - seen
    return frozenset(found)


@cache
def _uses(path):
    """Those of `PARTS` that a file itself imports, and the files of ours that it imports."""
    parts, files = set(), set()
    for name in _imports(path):
        parts |= {part for part in PARTS if f"{name}.".startswith(f"{part}.")}
        if name.startswith(("suyuan.", "tests.")):
            files.update(_files(name))
    return frozenset(parts), frozenset(files)


def _imports(path):
    """Names of modules, and of what is taken from them, which may be modules too; those within functions as well."""
    names, left = set(), [*ast.parse(path.read_text(encoding="utf-8")).body]
    while left:
        node = left.pop()
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
        elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
            for block in _BLOCKS:  # expressions hold no imports, and most of the nodes
                left += getattr(node, block, ())
    return names


_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


@cache
def _files(name):
    """Of a module's name: its own and those of the packages that hold it."""
    path = ROOT / name.replace(".", "/")
    packages = [folder / "__init__.py" for folder in (path, *path.parents) if ROOT in folder.parents]
    return tuple(file for file in (path.with_suffix(".py"), *packages) if file.is_file())


def _longest_first(items):
    """Files in the order of what they are likely to take, so that no long one is left alone at the end.

    Those that share a broker are side by side, behind the longest of all: it can end when they have ended. Whatever
    runs without being needed takes time from all.
    """
    seconds, shared = {ROOT / "tests" / name: each for name, each in LONG.items()}, {}
    long = frozenset(seconds)
    for item in items:
        if item.path not in long:
            seconds[item.path] = seconds.get(item.path, 0) + SECONDS[_kind(item)]
        if (broker := shared_broker(item)) is not None:
            shared[item.path] = broker
    of_all = {broker: sum(seconds[path] for path, its in shared.items() if its == broker) for broker in shared.values()}

    def order(item):
        broker = shared.get(item.path)
        rank = 1 if broker else 0 if item.path in long else 2
        return rank, -of_all.get(broker, 0), broker or "", -seconds[item.path]

    items.sort(key=order)


def _kind(item):
    if item.get_closest_marker("real_time"):
        return "real_time"
    if "chromium" in item.fixturenames:
        return "browser"
    if "start_broker" in item.fixturenames:
        return "broker"
    return "quick" if _is_quick(item) else "rest"
