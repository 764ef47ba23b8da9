"""The reference says what the code says."""

from __future__ import annotations

import datetime as dt
import importlib.util

import pytest

from suyuan.domain.chain.gaps import GAPS
from suyuan.schemas.events import decode_event, encode_event
from suyuan.schemas.framing import MAX_EVENT_BYTES
from tests.docs.pages import DOCS, code_blocks

REFERENCE = DOCS / "reference"


def _writer():
    spec = importlib.util.spec_from_file_location("write_reference", REFERENCE / "write.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


WRITER = _writer()


@pytest.mark.parametrize("name", WRITER.PAGES)
def test_a_page_is_what_the_code_says(name):
    written = (REFERENCE / name).read_text(encoding="utf-8")
    assert written == WRITER.page(name), f"docs/reference/{name} is out of date: make reference"


def test_no_gap_setting_or_code_is_described_that_is_not_there():
    assert set(WRITER.WORDS["gap"]) == {gap.gap for gap in GAPS}
    assert set(WRITER.WORDS["setting"]) == set(WRITER.Settings.model_fields)
    assert set(WRITER.WORDS["exit"]) == {code.name for code in WRITER.Exit}


def test_the_example_of_the_wire_format_is_that_event():
    (block,) = code_blocks(REFERENCE / "wire-format.md", "hex")
    message = bytes.fromhex("".join(line[:16] for line in block.splitlines()))
    event = {"event_id": "E1", "publisher": "P", "occurred_at": 1, "date": dt.date(2026, 9, 21)}
    assert decode_event(message) == ("day", event)
    assert encode_event("day", event) == message


def test_the_limit_of_a_message_is_the_one_named():
    assert MAX_EVENT_BYTES == 1 << 20
    assert "at most 1 MiB" in (REFERENCE / "wire-format.md").read_text(encoding="utf-8")
