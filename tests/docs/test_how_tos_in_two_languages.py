"""A how-to in Chinese has the commands and settings of the English one, and each leads to the other."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import DOCS, code_blocks

HOW_TOS = sorted((DOCS / "how-to").glob("*.zh.md"))
WORDS = re.compile(r'"[^"{]*"|[ ]*# .*')
"""what people call things, and what is said beside a command"""


def shown(page):
    return [[WORDS.sub("", block) for block in code_blocks(page, kind)] for kind in ("sh", "text")]


@pytest.mark.parametrize("chinese", HOW_TOS, ids=lambda page: page.name)
def test_both_languages_show_the_same_commands_and_lead_to_one_another(chinese):
    english = chinese.with_name(chinese.name.replace(".zh.", "."))
    assert shown(english) == shown(chinese)
    assert f"[中文]({chinese.name})" in english.read_text(encoding="utf-8")
    assert f"[English]({english.name})" in chinese.read_text(encoding="utf-8")


def test_there_are_such():
    assert len(HOW_TOS) >= 3
