"""What the pages name is there: files, commands, options, make targets, metrics, events, rules."""

from __future__ import annotations

import json
import re
import shlex

import pytest
import typer

from suyuan.cli.main import app
from suyuan.domain.rules.catalogue import read_catalogue
from suyuan.schemas.validation import parse_event
from tests.docs.pages import DOCS, ROOT, code_blocks, pages

PAGES = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
COMMAND = typer.main.get_command(app)


def commands(page):
    """Each simple command of the shell blocks of a page, and in the running text, as words."""
    text = re.sub(r"\\\n\s*", " ", "\n".join(code_blocks(page, "sh")))
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`((?:\.venv/bin/)?(?:suyuan|make) [^`]+)`", prose.replace("\n", " "))
    for line in [*text.splitlines(), *spans]:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|;&")
        lexer.whitespace_split = True
        words = []
        for word in [*lexer, ";"]:
            if set(word) <= set("|;&"):
                if words:
                    yield words
                words = []
            else:
                words.append(word)


def anchors(page):
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@PAGES
def test_every_link_leads_somewhere(page):
    for target, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name} links to {target}"
        assert not anchor or anchor in anchors(file), f"{page.name} links to {target}#{anchor}"


@PAGES
def test_every_command_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for words in commands(page):
        name = words[0].rpartition("/")[2]
        if name == "make":
            assert words[1] in targets, words
        elif name == "suyuan":
            _suyuan(words[1:])


def _suyuan(words):
    command = COMMAND
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    assert command is not COMMAND or words[0] in ("--version", "--help", "COMMAND"), f"no command {words}"
    known = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    if command is not COMMAND:
        assert {word.partition("=")[0] for word in words if word.startswith("-") and word != "-"} <= known, words


def test_every_command_is_in_the_reference():
    told = (DOCS / "reference" / "command.md").read_text(encoding="utf-8")
    for name, command in COMMAND.commands.items():
        for path in [name, *(f"{name} {inner}" for inner in getattr(command, "commands", {}))]:
            assert f"\n### suyuan {path}\n" in told


@PAGES
def test_events_and_rules_shown_are_valid(page):
    for block in code_blocks(page, "json"):
        if "kind" in (event := json.loads(block)):
            assert parse_event(block.encode()).kind == event["kind"]
    for block in code_blocks(page, "toml"):
        assert read_catalogue(block)


@PAGES
def test_metrics_named_are_served(page):
    served = (DOCS / "reference" / "metrics.md").read_text(encoding="utf-8")
    for name in re.findall(r"`[^`]*?(suyuan_[a-z_]+)", page.read_text(encoding="utf-8")):
        assert f"`{name.removesuffix('_bucket')}`" in served, name
