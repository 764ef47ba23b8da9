"""How long events wait for company before the stages take them."""

from __future__ import annotations

MOST_SECONDS = 0.25
SHARE = 0.5


class Pace:
    """The next run of events is read when twice as much time has passed as the last blocks took, one of each stage: a
    block costs a stage much the same whatever it holds, so stages rest for half of the time while little comes. Where
    they take longer, be it for the rows or for others on the machine, runs become fewer and larger.
    """

    def __init__(self, most: float = MOST_SECONDS) -> None:
        """`most`: seconds that no run waits longer than."""
        self._most = most
        self._seconds: dict[str, float] = {}

    def note(self, stage: str, seconds: float) -> None:
        """Note how long a stage took for a block, from taking it until what it returned was in the log."""
        self._seconds[stage] = seconds

    def linger(self) -> float:
        """Seconds from reading a run of events to reading the partition's next."""
        return min(self._most, sum(self._seconds.values()) / SHARE)
