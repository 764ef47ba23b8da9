"""The least tickets of each stratum, over any number of rows, in memory for those that may still be drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from suyuan.domain.checks.frame import FrameError, codes, parts
from suyuan.domain.checks.tickets import ENDS, HEAD, HEADS, Tickets, digits

_NONE_YET = "~"
_SPARE = 4096
"""rows more than wanted that are kept before they are sorted out"""


class Candidate(NamedTuple):
    """A row and its ticket; the least is drawn first. `ticket`: digits behind `0.`."""

    ticket: str
    id: str
    stratum: str
    parties: tuple[str, ...]
    weight: int


class Selection:
    """Rows of which each stratum's least are kept: as many as are wanted, and the next one. Parts of a frame can be
    gone through apart, and what they gave joined.
    """

    def __init__(self, seed: str, wanted: Mapping[str, int]) -> None:
        """`wanted`: of each stratum, how many."""
        self._tickets = Tickets(seed)
        self._strata = {name.encode(): _Least(name, size + 1) for name, size in wanted.items()}

    def add(self, frame: Iterable[bytes]) -> None:
        """Goes through lines of the frame. Raises FrameError, for a row of a stratum that nobody wants too."""
        strata, copy, heads, from_bytes = self._strata, self._tickets.state.copy, HEADS, int.from_bytes
        for part in parts(frame):
            for name, parties, stratum, weight in part.rows:
                least = strata.get(stratum)
                if least is None:
                    raise FrameError(f"id {name.decode()}: stratum {stratum.decode()!r} is none of the plan's")
                for end in ENDS[weight]:
                    # `Tickets.numbers`, without a call and a list for each row
                    state = copy()
                    state.update(name + end)
                    number = from_bytes(state.digest(), "big")
                    if heads[number % 1000] <= least.head:
                        least.offer(digits(number), name, parties, weight)

    def join(self, other: Selection) -> None:
        """Takes in what was found in another part of the frame."""
        for stratum, least in other._strata.items():
            self._strata[stratum].candidates.extend(least.candidates)

    def least(self, stratum: str) -> list[Candidate]:
        """The least of a stratum, the very least first, and one more where there is one."""
        return self._strata[stratum.encode()].settled()


class _Least:
    """Those of one stratum. What has a greater ticket than `bound`, which begins with `head`, is not among them."""

    def __init__(self, stratum: str, size: int) -> None:
        self.stratum, self.size, self.bound, self.head = stratum, size, _NONE_YET, _NONE_YET
        self.candidates: list[Candidate] = []

    def offer(self, ticket: str, name: bytes, parties: bytes, weight: bytes) -> None:
        if ticket > self.bound:
            return
        self.candidates.append(Candidate(ticket, name.decode(), self.stratum, codes(parties), int(weight)))
        if len(self.candidates) >= 2 * self.size + _SPARE:
            self.settled()

    def settled(self) -> list[Candidate]:
        """Sorts out, and returns what is left. An id that was offered by several tickets has its least."""
        once: dict[str, Candidate] = {}
        for each in sorted(self.candidates):
            once.setdefault(each.id, each)
        self.candidates = list(once.values())[: self.size]
        if len(self.candidates) == self.size:
            self.bound = self.candidates[-1].ticket
            self.head = self.bound[:HEAD]
        return self.candidates
