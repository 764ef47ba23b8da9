"""What other rooms say in English, in the words of whoever reads: details of gaps, reasons why a line is refused, what
a request lacks. Their texts stay as they are in the tables and in the API.

`words/said.toml` has them with `{}` where something is filled in, which is looked up itself. A text that is not in it
is shown as it is.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_DEEPEST = 2
"""texts within texts"""
_LONGEST = 1_000


class _Text(NamedTuple):
    """`literal`: what stands in each such text, which is quicker to look for."""

    literal: str
    pattern: re.Pattern[str]
    said: str


def said(text: str | None, language: str) -> str:
    """The text in that language; itself where there are no words for it."""
    return "" if text is None else _said(text, language, _DEEPEST)


def _said(text: str, language: str, depth: int) -> str:
    if len(text) > _LONGEST:
        return text
    plain, patterns = _texts(language)
    if text in plain:
        return plain[text]
    for each in patterns:
        if each.literal in text and (match := each.pattern.fullmatch(text)) is not None:
            parts = match.groups()
            return each.said.format(*(_said(part, language, depth - 1) for part in parts) if depth else parts)
    return text


@cache
def _texts(language: str) -> tuple[dict[str, str], tuple[_Text, ...]]:
    """Those without anything to fill in, and the others."""
    file = files(__package__).joinpath("words", "said.toml")
    plain, patterns = {}, []
    for each in tomllib.loads(file.read_text(encoding="utf-8"))["text"]:
        words = each.get(language)
        if words is None:
            continue
        if "{}" in each["is"]:
            literals = each["is"].split("{}")
            pattern = re.compile("(.+?)".join(map(re.escape, literals)), re.DOTALL)
            patterns.append(_Text(max(literals, key=len), pattern, words))
        else:
            plain[each["is"]] = words
    return plain, tuple(patterns)
