"""What others may import of `suyuan`: these names and no others, each typed, each loaded only when it is asked for."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import suyuan

PUBLIC = {
    *("Publisher", "KafkaConnection", "SchemaRegistry", "Delivery", "Caution"),
    *("SuyuanError", "ErrorKind", "PublishingError", "BrokersUnavailable", "InsecureConnection", "InvalidEvent"),
    *("NotRegistered", "RegistryUnavailable", "Undelivered", "WrongConnection", "WrongTopics"),
    *("check_uscc", "classify_uscc", "UsccReport", "normalise_gtin", "check_licence_no"),
    *("text_form", "code_form", "number_form"),
    *("KINDS", "EventSchema", "event_schema", "schema_by_id", "encode_event", "decode_event"),
    *("UnreadableEvent", "parse_event", "ParsedEvent"),
}
ROOT = Path(__file__).parents[1]


def test_the_public_names_are_these():
    assert set(suyuan.__all__) == PUBLIC
    assert len(suyuan.__all__) == len(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_each_is_there_and_says_what_it_is(name):
    value = getattr(suyuan, name)
    assert name in dir(suyuan)
    assert not callable(value) or inspect.getdoc(value)


def test_there_is_nothing_else():
    with pytest.raises(AttributeError, match="'suyuan' has no attribute 'take_over_the_market'"):
        suyuan.take_over_the_market  # noqa: B018


def test_a_type_checker_sees_each_where_it_is():
    """What is imported for the type checker is what comes at run time."""
    tree = ast.parse((ROOT / "suyuan" / "__init__.py").read_text(encoding="utf-8"))
    (typed,) = (node for node in tree.body if isinstance(node, ast.If))
    places = {alias.asname or alias.name: (node.module, alias.name) for node in typed.body for alias in node.names}
    assert set(places) == PUBLIC
    for name, (module, there) in places.items():
        assert getattr(sys.modules.get(module) or __import__(module, fromlist=[there]), there) is getattr(suyuan, name)
    assert (ROOT / "suyuan" / "py.typed").is_file()


def test_importing_the_package_loads_nothing():
    code = "import suyuan, sys; print([name for name in sys.modules if name.startswith(('suyuan.', 'polars'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
