"""Where events go, and what it says of each: new, there before, or not stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from suyuan.errors import SuyuanError
from suyuan.publishing.keys import Identities


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of events that were appended together. `new`: of each, True: accepted, and durable in the log; False:
    a duplicate of one that is durable; None: not known to be stored, for the reason in `failure`. `reused`: how many of
    the new ones have the event_id of another that says something else; None: that is not known.
    """

    new: Sequence[bool | None]
    reused: int | None = None
    failure: SuyuanError | None = None


class Outlet(Protocol):
    """Where events go. For any number of threads."""

    knows_reuse: bool
    """whether `Taken.reused` is known"""

    @property
    def usable(self) -> bool:
        """Whether it may yet take something: one that has given up is to be opened anew."""

    def append(self, named: Identities, values: Sequence[bytes]) -> Future[Taken]:
        """Hand over encoded events of one kind; returns before they are stored, but waits where too much is on its way.
        Raises SuyuanError, and so does the future: then none of them is known to be stored.
        """


Known = Callable[[Identities], Sequence[bool]]
"""of each event, whether it was certainly taken in before; for a log that does not remember that itself"""
