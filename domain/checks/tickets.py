"""The number that an id draws: R. L. Rivest's consistent sampling (arXiv:1808.10016), as the package
consistent-sampler 1.0.10 computes it.

An id's ticket is a fraction between 0 and 1: the decimal digits of SHA-256(hex of SHA-256(seed) + id), the last of them
first, since the first are not evenly spread. The least tickets are drawn. An id of weight w has w tickets and draws by
the least: the first is that of the id, the g-th that of id, U+001F, `w` and g. That is drawing one after another with
chances in proportion to the weights, in integers alone.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

DIGITS = 64
"""of a ticket, at least: what is shorter has noughts at its end"""
_ENDS = (b"", *(b"\x1fw%d" % which for which in range(2, 17)))
"""of an id's tickets"""
ENDS = {b"%d" % weight: _ENDS[:weight] for weight in range(1, 17)}
"""what stands behind the id in the text of each of its tickets, by its weight as a line has it"""
HEAD = 3
HEADS = [f"{number:03}"[::-1] for number in range(10**HEAD)]
"""the first digits of a ticket, by the last ones of its number"""


class Tickets:
    """Tickets under a seed."""

    def __init__(self, seed: str) -> None:
        # 64 bytes, a block of SHA-256: hashed once for all ids. Whoever goes through millions copies it himself
        self.state = sha256(sha256(seed.encode()).hexdigest().encode())

    def after(self, beginning: bytes) -> Callable[[bytes], int]:
        """The number whose digits from the last on are those of an id's first ticket, of ids that begin alike, by their
        ends.
        """
        begun = self.state.copy()
        begun.update(beginning)

        def number(end: bytes) -> int:
            state = begun.copy()
            state.update(end)
            return int.from_bytes(state.digest(), "big")

        return number

    def numbers(self, name: bytes, weight: int) -> list[int]:
        """Of each of its tickets."""
        copy, found = self.state.copy, []
        for end in _ENDS[:weight]:
            state = copy()
            state.update(name + end)
            found.append(int.from_bytes(state.digest(), "big"))
        return found

    def ticket(self, name: str, weight: int = 1) -> str:
        """The digits behind `0.` of the ticket that an id draws by."""
        return min(map(digits, self.numbers(name.encode(), weight)))


def digits(number: int) -> str:
    """The digits of a ticket, by its number."""
    return f"{number:0{DIGITS}d}"[::-1]
