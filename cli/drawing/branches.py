"""A tree whose ids stay whole on a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from suyuan.cli.drawing.words import can_show
from suyuan.cli.drawing.wrapping import wrapped


class _Guides(NamedTuple):
    more: str
    last: str
    beside: str
    beyond: str


_LINES = _Guides("├── ", "└── ", "│   ", "    ")
_PLAIN = _Guides("|-- ", "`-- ", "|   ", "    ")


class Branch:
    """A label, which may have several lines, and the branches below it."""

    def __init__(self, label: Text) -> None:
        self.label = label
        self.branches: list[Branch] = []

    def add(self, label: Text) -> Branch:
        """One more below, the last."""
        branch = Branch(label)
        self.branches.append(branch)
        return branch

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Lines of that width; a word that does not fit where it belongs begins further to the left."""
        for line in self.lines(options.max_width):
            yield from line.render(console, end="\n")

    def lines(self, width: int) -> Iterator[Text]:
        """Depth first: trees of lots may be deeper than Python calls."""
        guides = _LINES if can_show("".join(_LINES)) else _PLAIN
        waiting = [(self, "", "")]
        while waiting:
            branch, before, beside = waiting.pop()
            for number, line in zip(count(), wrapped(branch.label, max(width - cell_len(beside), 1), fold=False)):
                guide = beside if number else before
                yield Text(guide[: max(width - cell_len(line.plain), 0)]).append_text(line)
            for at, below in reversed(list(enumerate(branch.branches, 1))):
                ends = at == len(branch.branches)
                waiting.append(
                    (
                        below,
                        beside + (guides.last if ends else guides.more),
                        beside + (guides.beyond if ends else guides.beside),
                    )
                )
