"""The pages that a person reads, and the blocks of code in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def pages():
    """README, CONTRIBUTING, CHANGELOG and everything below docs/."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def code_blocks(page, language):
    """The fenced blocks of a page in a language."""
    return [text for name, text in _FENCE.findall(page.read_text(encoding="utf-8")) if name == language]
