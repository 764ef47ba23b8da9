"""Which tests are quick, and what becomes of one that is not what it looks like."""

from __future__ import annotations

import pytest

from tests.stories import STORIES, is_story
from tests.tiers import PARTS, ROOT, parts_of

PLUGINS = ("-p", "xdist", "-p", "pytest_rerunfailures", "-p", "no:cacheprovider")
QUICK = "def test_quick():\n    pass\n"
STARTS = "import subprocess\n\ndef test_starts():\n    subprocess.run(['true'], check=True)\n"


@pytest.fixture
def tests_of(pytester, monkeypatch):
    """Runs pytest with the tiers on modules: (name, text)…; in a process of its own, as an audit hook stays."""

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("CI", "true")  # so that lines of the summary are whole

    def run(*options, **modules):
        pytester.makeconftest("pytest_plugins = ('tests.tiers',)\n")
        pytester.makepyfile(**modules)
        return pytester.runpytest_subprocess("-rfER", *PLUGINS, *options)

    return run


def test_each_tier_runs_its_own(tests_of):
    modules = {"test_quick": QUICK, "test_starts": STARTS}
    quick = tests_of("--tier", "quick", "-v", **modules)
    quick.assert_outcomes(passed=1)
    quick.stdout.fnmatch_lines(["*test_quick PASSED*"])
    rest = tests_of("--tier", "rest", "-v", **modules)
    rest.assert_outcomes(passed=1, deselected=1)
    rest.stdout.fnmatch_lines(["*test_starts PASSED*"])
    tests_of(**modules).assert_outcomes(passed=2)


def test_modules_of_the_rest_are_not_imported_for_the_quick_ones(tests_of):
    tests_of("--tier", "quick", test_quick=QUICK, test_other="import chdb\nraise SystemError\n").assert_outcomes(
        passed=1
    )


HIDDEN = "import importlib\nprocesses = importlib.import_module('sub' + 'process')\n"


SWALLOWS = f"""{HIDDEN}
def test_it():
    try:
        processes.run(['true'])
    except AssertionError:
        pass
"""
CONNECTS = """
import asyncio

def test_it():
    try:
        asyncio.run(asyncio.open_connection('127.0.0.1', 1))
    except OSError:
        pass
"""


FIXTURE = f"""{HIDDEN}
import pytest

@pytest.fixture
def process():
    processes.run(['true'])

def test_it(process):
    pass
"""
NOT_QUICK = {
    "test_process": (f"{HIDDEN}\ndef test_it():\n    processes.run(['true'])\n", "started a process"),
    "test_shell": ("import os\n\ndef test_it():\n    os.system('true')\n", "started a process"),
    "test_swallows": (SWALLOWS, "started a process"),
    "test_fixture": (FIXTURE, "started a process"),
    "test_server": (CONNECTS, "connected to a server"),
    "test_chdb": ("import importlib\n\ndef test_it():\n    importlib.import_module('ch' + 'db')\n", "loaded chdb"),
}


@pytest.mark.parametrize("options", [(), ("--tier", "quick")], ids=["all", "quick"])
def test_a_quick_test_that_is_none_fails(tests_of, options):
    ended = tests_of("--tb=short", *options, **{module: text for module, (text, _) in NOT_QUICK.items()})
    ended.assert_outcomes(failed=len(NOT_QUICK) - 1, errors=1)
    for module, (_, told) in NOT_QUICK.items():
        ended.stdout.re_match_lines([f"(FAILED|ERROR) {module}.py::test_it - .*a quick test {told} "])


def test_what_a_fixture_or_a_module_of_ours_imports_counts():
    assert parts_of(ROOT / "tests" / "domain" / "test_gtin.py") == set()
    assert "subprocess" in parts_of(ROOT / "tests" / "conftest.py")
    assert "chdb" in parts_of(ROOT / "tests" / "domain" / "test_normal_form_sql.py")
    assert "faust" in parts_of(ROOT / "tests" / "streams" / "test_any_order.py")


@pytest.mark.parametrize("part", [part for part in PARTS if part.startswith(("suyuan.", "tests."))])
def test_parts_of_ours_are_where_they_are_looked_for(part):
    path = ROOT / part.replace(".", "/")
    assert path.is_dir() or path.with_suffix(".py").is_file()


REAL_TIME = """
import pathlib
import pytest

seen = pathlib.Path({folder!r})

@pytest.fixture
def ground(tmp_path):
    yield tmp_path

@pytest.mark.real_time
def test_passes_the_second_time(ground):
    (seen / "first").exists() or (seen / "first").touch() or pytest.fail("it was slow")

@pytest.mark.real_time
def test_fails_twice():
    assert "never" == "so"

def test_fails_and_depends_on_nothing():
    raise ValueError("once is enough")
"""


@pytest.mark.parametrize("spread", [(), ("-n", "2")], ids=["alone", "spread"])
def test_what_depends_on_time_is_run_once_more_and_both_outcomes_are_told(tests_of, pytester, spread):
    folder = pytester.mkdir("seen")
    ended = tests_of("--rerun-show-tracebacks", *spread, test_time=REAL_TIME.format(folder=str(folder)))
    assert ended.ret == pytest.ExitCode.TESTS_FAILED
    assert ended.parseoutcomes() | {"seconds": 0} == {"passed": 1, "failed": 2, "rerun": 2, "seconds": 0}
    (_, _, told) = ended.stdout.str().partition("rerun test summary info")
    first, second = told.index("RERUN test_time.py::test_passes"), told.index("PASSED test_time.py::test_passes")
    assert "it was slow" in told[first:second]
    assert told.index("RERUN test_time.py::test_fails_twice") < told.index("FAILED test_time.py::test_fails_twice")
    assert "RERUN test_time.py::test_fails_and" not in told


def test_the_suite_asks_for_those_tracebacks(pytestconfig):
    assert pytestconfig.getoption("rerun_show_tracebacks")


def test_spread_over_processes_the_longest_files_begin(tests_of):
    slow = "import pytest\nimport subprocess\n\n@pytest.mark.real_time\ndef test_slow():\n    pass\n"
    ended = tests_of(
        "-n", "1", "--dist=loadfile", "--no-loadscope-reorder", "-v", test_a=QUICK, test_b=STARTS, test_c=slow
    )
    said = ended.stdout.str()
    assert said.index("PASSED test_c.py") < said.index("PASSED test_b.py") < said.index("PASSED test_a.py")


def test_stories_are_there_and_nothing_else_is_one():
    tests = ROOT / "tests"
    assert all((tests / name).exists() for name in STORIES)
    assert is_story(tests / "faults" / "test_watchdog.py")
    assert not any(map(is_story, (tests / "cluster" / "test_workers.py", ROOT / "faults" / "test_x.py")))
