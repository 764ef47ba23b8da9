"""How long the log of an input partition has been the same one."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Life:
    """Of an input partition's log, from when it was made until its topic is deleted. `log`: what the transport tells it
    by, empty where it cannot; `passed`: offsets of the lives before; `reached`: offset behind the last that was read.
    """

    log: str = ""
    passed: int = 0
    reached: int = 0

    def read(self, log: str, reached: int) -> Life:
        """The same life, read up to offset `reached`."""
        return replace(self, log=self.log or log, reached=max(self.reached, reached))

    def next(self, log: str, first_offset: int) -> Life:
        """The life after this one, or this one whose end was lost: read from offset `first_offset` on. (passed +
        offset) goes on rising.
        """
        return Life(log, self.passed + max(0, self.reached - first_offset), first_offset)
