"""How large the next slice of long work is: others wait for the one under way, and alone there are none."""

from __future__ import annotations

from collections.abc import Collection

MOST_TIMES = 8


class SliceSize:
    """The slices of one stage. A slice that follows another one, with nothing else between them, is larger than that by
    the usual size, up to four times it: what a slice costs whatever it holds is paid for more rows. Whatever else is
    done ends that, so others wait for one large slice at most.

    No outcome depends on it: slices of any size give the same.
    """

    def __init__(self, rows: int, slices: Collection[str]) -> None:
        """`rows`: the usual size; `slices`: the topics of the stage's long work."""
        self._rows = rows
        self._slices = slices
        self._in_a_row = 0

    def rows(self, topic: str) -> int:
        """Of the block of that topic that is done next, how many rows a slice of it has. To call once for each block,
        in their order.
        """
        self._in_a_row = min(self._in_a_row + 1, MOST_TIMES) if topic in self._slices else 0
        return self._rows * max(1, self._in_a_row)
