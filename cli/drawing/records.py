"""Records as people and programs read them.

A terminal gets a table where every column has its room, else a few lines for each record, `field: value`; a pipe or
file gets a header and one record a line, its values separated by tabs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.text import Text

from suyuan.cli.drawing.words import NOTHING, clean, joined
from suyuan.cli.drawing.wrapping import wrapped
from suyuan.runtime.visible import shortened

Value = str | Text | Sequence[str]
"""Text carries a style; several texts are names, of which none is broken"""

_BETWEEN = "  "
_NARROWEST = 20
"""columns that text needs at least to be read"""
_LONGEST = {"whole": 64, "names": 80, "text": 400}
"""columns that a terminal shows of a value; a pipe gets all of it"""
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Column:
    """`form`: what may be done to a value where room is short. "whole": nothing, as to ids, numbers and words; "names":
    a new line between two; "text": a new line anywhere. `right`: numbers. `heading`: of the table, where it is not the
    name. `most`: columns that a terminal shows of a value, where that is not what all of the form have.
    """

    name: str
    form: Literal["whole", "names", "text"] = "whole"
    right: bool = False
    heading: str | None = None
    most: int = 0

    @property
    def shown(self) -> str:
        """What stands above the column."""
        return self.name if self.heading is None else self.heading


class Separator(Segment):
    """Between two values: a tab that is meant."""


class Records:
    """Nothing of a record is lost, whatever the width: a value longer than any table could hold is cut around an
    ellipsis on a terminal, and is whole elsewhere.
    """

    def __init__(self, columns: Sequence[Column], rows: Iterable[Mapping[str, Value]]) -> None:
        """`rows`: values by the columns' names."""
        self.columns = columns
        self.rows = [[row[column.name] for column in columns] for row in rows]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """For a terminal of that width, or for no terminal."""
        if console.is_terminal:
            for line in self.lines(options.max_width):
                yield from line.render(console, end="\n")
            return
        for values in self.plain():
            for number, value in enumerate(values):
                yield from [Separator("\t")] if number else []
                yield Segment(value)
            yield Segment.line()

    def plain(self) -> Iterator[list[str]]:
        """The header, and the values of each record, without a tab or line end in any."""
        yield [column.name for column in self.columns]
        for row in self.rows:
            yield [_whole(value) for value in row]

    def lines(self, width: int) -> Iterator[Text]:
        """Of the table, or of blocks."""
        cells = [[_shown(value, column) for value, column in zip(row, self.columns, strict=True)] for row in self.rows]
        widths = self._widths(cells, width)
        if widths is None:
            for number, row in enumerate(cells):
                if number:
                    yield Text()
                yield from _block(self.columns, row, width)
            return
        yield from _table_row(self.columns, [Text(c.shown, style="bold") for c in self.columns], widths)
        for row in cells:
            yield from _table_row(self.columns, row, widths)

    def _widths(self, cells: Sequence[Sequence[Text]], width: int) -> list[int] | None:
        """Of the columns of a table; None where they do not fit."""
        natural, least = [], []
        for at, column in enumerate(self.columns):
            values = [row[at] for row in cells]
            natural.append(max([cell_len(column.shown), *(cell_len(value.plain) for value in values)]))
            least.append(max([cell_len(column.shown), *(_least(value, column) for value in values)]))
        room = width - len(_BETWEEN) * (len(self.columns) - 1)
        if sum(least) > room:
            return None
        return _shared(natural, least, room)


def _shared(natural: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Each what it needs, and those that need more than there is alike."""
    widths = list(least)
    left = room - sum(widths)
    while left > 0 and (short := [at for at, wish in enumerate(natural) if widths[at] < wish]):
        at = min(short, key=lambda each: widths[each])
        widths[at] += 1
        left -= 1
    return widths


def _least(value: Text, column: Column) -> int:
    if column.form == "whole":
        return cell_len(value.plain)
    if column.form == "names":
        return max(map(cell_len, value.plain.split()), default=0)
    return min(cell_len(value.plain), _NARROWEST)


def _table_row(columns: Sequence[Column], row: Sequence[Text], widths: Sequence[int]) -> Iterator[Text]:
    parts = [_wrapped(value, width) for value, width in zip(row, widths, strict=True)]
    for number in range(max(map(len, parts))):
        line = Text()
        for at, (part, width) in enumerate(zip(parts, widths, strict=True)):
            piece = part[number] if number < len(part) else Text()
            pad = " " * (width - cell_len(piece.plain))
            line.append(_BETWEEN if at else "")
            line.append_text(Text(pad).append_text(piece) if columns[at].right else piece.copy().append(pad))
        line.rstrip()
        yield line


def _block(columns: Sequence[Column], row: Sequence[Text], width: int) -> Iterator[Text]:
    """As many fields on a line as it has room for; a field that is longer than a line goes on in the next."""
    line = Text()
    for column, value in zip(columns, row, strict=True):
        field = Text(overflow=value.overflow)
        field.append(f"{column.shown}: " if column.shown else "", style="dim").append_text(value or Text(NOTHING))
        if line and cell_len(line.plain) + len(_BETWEEN) + cell_len(field.plain) <= width:
            line.append(_BETWEEN).append_text(field)
            continue
        if line:
            yield line
        *full, line = _wrapped(field, width)
        yield from full
    yield line


def _wrapped(text: Text, width: int) -> list[Text]:
    return wrapped(text, width, fold=text.overflow == "fold")


def _shown(value: Value, column: Column) -> Text:
    most = column.most or _LONGEST[column.form]
    overflow: Literal["fold", "ignore"] = "fold" if column.form == "text" else "ignore"
    if isinstance(value, Text):
        return Text(shortened(value.plain, most), style=value.style, overflow=overflow)
    if isinstance(value, str):
        return Text(shortened(clean(value), most), overflow=overflow)
    return Text(joined(value, _MOST_NAMES), overflow=overflow)


def _whole(value: Value) -> str:
    if isinstance(value, Text):
        return value.plain
    return clean(value) if isinstance(value, str) else ", ".join(map(clean, value))
