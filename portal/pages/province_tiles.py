"""The provinces as tiles, each about where it is: a picture of the ranking table beside it, and no map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from suyuan.queries.answers import DivisionFigures

WIDTH, HEIGHT = 46, 38
"""of a tile and what is between two, in the units of the picture"""
SHADES = 4
"""beside that of nothing"""
_LAYOUT = """
.. .. .. .. .. .. .. 23
.. .. .. .. .. 15 .. 22
65 .. .. 64 .. 11 12 21
.. 63 62 61 14 13 37 ..
54 .. .. .. 41 34 32 31
.. .. 51 50 42 36 33 ..
.. .. 53 52 43 .. 35 71
.. .. .. 45 44 81 .. ..
.. .. .. 46 82 .. .. ..
"""
LETTERS = dict(
    pair.split(":")
    for pair in (  # noqa: SIM905 - a table reads better as text
        "11:BJ 12:TJ 13:HE 14:SX 15:NM 21:LN 22:JL 23:HL 31:SH 32:JS 33:ZJ 34:AH 35:FJ 36:JX 37:SD 41:HA 42:HB 43:HN "
        "44:GD 45:GX 46:HI 50:CQ 51:SC 52:GZ 53:YN 54:XZ 61:SN 62:GS 63:QH 64:NX 65:XJ 71:TW 81:HK 82:MO"
    ).split()
)
"""of GB/T 2260, by the first digits"""


@dataclass(frozen=True, slots=True)
class Tile:
    """`x`, `y`: of its upper left corner; `shade`: from 0, nothing serious, to SHADES, the most of all."""

    division: str
    letters: str
    x: int
    y: int
    shade: int
    figures: DivisionFigures | None


def tiles_of(parts: Iterable[DivisionFigures]) -> list[Tile]:
    """All 34, shaded by the serious alerts that stand of 10,000 listings."""
    figures = {part.division: part for part in parts}
    most = max((part.serious_per_10k or 0.0 for part in figures.values() if part.division in LETTERS), default=0.0)
    return [
        Tile(division, LETTERS[division], column * WIDTH, row * HEIGHT, _shade(figures.get(division), most), found)
        for row, line in enumerate(_LAYOUT.split("\n")[1:-1])
        for column, division in enumerate(line.split())
        if division in LETTERS
        for found in [figures.get(division)]
    ]


def size() -> tuple[int, int]:
    """Width and height of the picture."""
    lines = _LAYOUT.split("\n")[1:-1]
    return len(lines[0].split()) * WIDTH, len(lines) * HEIGHT


def _shade(figures: DivisionFigures | None, most: float) -> int:
    if figures is None or not figures.open_critical + figures.open_high:
        return 0
    return min(SHADES, int((figures.serious_per_10k or 0.0) / most * SHADES) + 1) if most else 1
