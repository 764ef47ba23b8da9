"""What an upgrade of a library takes away that nobody had promised, by name; and that nobody goes past the modules
which say what is used (`suyuan.connections.private_names`).
"""

from __future__ import annotations

import ast
import dis
import importlib
import platform
import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import faust  # noqa: F401 - starts a process where it is loaded, which a quick test may not
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LIBRARIES = {
    "suyuan.connections.aiokafka_internals": "aiokafka",
    "suyuan.connections.asyncio_internals": "asyncio",
    "suyuan.connections.kafka_python_internals": "kafka-python",
    "suyuan.portal.uvicorn_internals": "uvicorn",
    "suyuan.streams.faust_internals": "faust-streaming",
}
PINNED = {*LIBRARIES.values(), "mode-streaming"} - {"asyncio"}
IN_EVERY_CLASS = {"_abc_impl"}
PRIVATE = re.compile(r"_(?!_)\w+")


def installed(library: str) -> str:
    return f"Python {platform.python_version()}" if library == "asyncio" else f"{library} {version(library)}"


def names_of(module: str) -> Any:
    try:
        return importlib.import_module(module).NAMES
    except ImportError as error:
        raise AssertionError(f"{installed(LIBRARIES[module])}: {error} (needed by {module})") from error


@pytest.mark.parametrize("module", LIBRARIES)
def test_the_library_has_every_private_name_that_is_used(module: str) -> None:
    gone = [
        f"{installed(LIBRARIES[module])} has no {owner}.{name} any more, used in {module}: {why}"
        for owner, name, why in names_of(module)
        if not has(owner, name)
    ]
    assert not gone, "\n".join(gone)


@pytest.mark.parametrize("module", LIBRARIES)
def test_every_private_name_that_is_used_is_told_with_its_reason(module: str) -> None:
    told = {name for _, name, _ in names_of(module)}
    tree = ast.parse(source_of(module).read_text("utf-8"))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr)}
    assert used <= told, f"used in {module}, and not in its NAMES"
    assert all(why.strip() for _, _, why in names_of(module))


def test_what_is_installed_of_these_libraries_goes_no_further_than_tests_have_seen() -> None:
    """To the last number but one; and constraints.txt, which everybody installs by, is within every bound."""
    wanted = [Requirement(each) for each in tomllib.loads(text_of("pyproject.toml"))["project"]["dependencies"]]
    lines = [line.split("==") for line in text_of("constraints.txt").split()]
    pinned = {canonicalize_name(name): pin for name, pin in lines}
    outside = [str(each) for each in wanted if not each.specifier.contains(pinned[each.name])]
    assert not outside
    bounds = {each.name: str(each.specifier) for each in wanted}
    unbounded = {
        library: bounds[library] for library in PINNED if not re.fullmatch(r"~=\d+\.\d+\.\d+", bounds[library])
    }
    assert not unbounded


def test_private_names_are_used_nowhere_else() -> None:
    """Ruff's SLF001 tells of every use; here, that nobody has it look away."""
    rooms = [path for path in (ROOT / "suyuan").iterdir() if path.is_dir()]
    assert rooms
    around = [path for room in rooms for path in room.rglob("*.py") if "SLF001" in path.read_text("utf-8")]
    assert not around


@pytest.mark.parametrize(
    "place",
    [
        "suyuan.streams.transport.faust_app.FaustApp",
        "suyuan.streams.transport.embedded.faust_driver.Consumer",
        "suyuan.streams.transport.embedded.faust_driver.Producer",
        "suyuan.streams.transport.kafka.faust_driver.Consumer",
        "suyuan.streams.transport.kafka.faust_driver.Producer",
        "suyuan.streams.transport.tracked_message.TrackedMessage",
        "suyuan.streams.state.table.StateStore",
        "suyuan.streams.state.table.StateTable",
    ],
)
def test_a_class_of_ours_has_no_private_name_of_the_one_it_stands_on(place: str) -> None:
    """But for those that are told: else either would take the other's for its own."""
    every = resolved(place).__mro__
    ours = [each for each in every if each.__module__.startswith("suyuan.")]
    theirs = set().union(*(vars(each).keys() | given_by(each) for each in every if each not in ours))
    told = {name for _, name, _ in names_of("suyuan.streams.faust_internals")}
    for each in ours:
        taken = {name for name in vars(each).keys() | given_by(each) if PRIVATE.fullmatch(name)} & theirs
        assert taken - IN_EVERY_CLASS <= (told if each.__module__ == "suyuan.streams.faust_internals" else set())


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def source_of(module: str) -> Path:
    return Path(str(importlib.import_module(module).__file__))


def has(owner: str, name: str) -> bool:
    """Whether a module or class has the name, or one of the class's methods gives it to its objects."""
    found = resolved(owner)
    if found is None or isinstance(found, ModuleType):
        return hasattr(found, name)
    return hasattr(found, name) or any(name in given_by(each) for each in found.__mro__)


def resolved(owner: str) -> Any:
    module, _, attribute = owner.rpartition(".")
    try:
        return importlib.import_module(owner)
    except ImportError:
        return getattr(importlib.import_module(module), attribute, None)


def given_by(owner: type) -> set[str]:
    methods = [each for each in vars(owner).values() if isinstance(each, FunctionType)]
    return {name for method in methods for name in stored_by(method.__code__)} | set(
        vars(owner).get("__annotations__", ())
    )


def stored_by(code: CodeType) -> set[str]:
    return {each.argval for each in dis.get_instructions(code) if each.opname == "STORE_ATTR"}


def test_a_name_that_has_gone_is_missed() -> None:
    """Of an object's, a class's and a module's."""
    fetcher = "aiokafka.consumer.fetcher.Fetcher"
    assert has(fetcher, "_records")
    assert has(fetcher, "_notify")
    assert not has(fetcher, "_gone")
    assert not has("aiokafka.consumer.fetcher.Gone", "_records")
    assert not has("aiokafka.record.default_records", "gone_decode")
