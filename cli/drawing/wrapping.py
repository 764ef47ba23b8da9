"""Lines of a text that fit a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

_WORD = re.compile(r"\s*\S+\s*")


def wrapped(text: Text, width: int, *, fold: bool) -> list[Text]:
    """Lines of at most so many columns, at least one. A word that is longer than a line is broken only where `fold`
    says so, as running text may be, Chinese above all; a name, number or id stands on a line of its own, whole, however
    long that is.
    """
    lines = [
        line for part in text.split(allow_blank=True) for line in part.divide(_breaks(part.plain, width, fold=fold))
    ]
    for line in lines:
        line.rstrip()
    return lines or [Text()]


def _breaks(text: str, width: int, *, fold: bool) -> Iterator[int]:
    used = 0
    for found in _WORD.finditer(text):
        word = found[0]
        size = cell_len(word.rstrip())
        if used + size <= width:
            used += cell_len(word)
        elif fold and size > width:
            for at, character in enumerate(word, found.start()):
                if used and used + cell_len(character) > width:
                    yield at
                    used = 0
                used += cell_len(character)
        else:
            if used:
                yield found.start()
            used = cell_len(word)
