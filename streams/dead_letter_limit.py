"""How much of what is read may be unreadable before reading stops: a bad deploy must not drain a topic into the dead
letters, and one publisher's must not stop the others.

For each unreadable message, those among the `window` messages that end with it are counted. Beyond the limit:

whose they are                                        | then
------------------------------------------------------|--------------------------------------------------------------
most are one publisher's, as their keys name it       | it is set aside: until it mends, its unreadable messages are
                                                      | dead letters, count no more and take no room in the window
anything else, or another one is set aside already    | reading stops: the fault is likely not a publisher's

What counts are offsets and keys alone, so the same message is the one too many however the messages came together, and
after any restart. Whoever writes under many publishers' names looks like a fault of ours, and stops the partition.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from suyuan.errors import SuyuanError


@dataclass(frozen=True, slots=True)
class DeadLetterLimit:
    """At most `share` (0 to 1) of the last `window` messages of a partition may be unreadable; a share of 1 is no
    limit.

    Where fewer than `share` times `window` are unreadable in all, as at the beginning of a topic, nothing stops.
    """

    share: float = 0.5
    window: int = 1000

    @property
    def most(self) -> float:
        """How many of the window's messages may be unreadable."""
        return self.share * self.window


class Verdict(Enum):
    """What to do about an unreadable message."""

    COUNTED = "counted"
    SET_ASIDE = "set aside"
    """it is one of many of its publisher's"""
    BEYOND = "beyond"
    """it is one too many"""


class _Counted(NamedTuple):
    position: int
    """its offset, less the unreadable ones before it that were set aside"""
    offset: int
    publisher: str | None


class Unreadable:
    """The unreadable messages of one topic's partition, as far back as they matter: at most `window` that count, and as
    many of the publisher that is set aside.
    """

    def __init__(self, limit: DeadLetterLimit, text: bytes | None = None) -> None:
        """`text`: as `dump` wrote it, perhaps under another limit; None: nothing was unreadable yet."""
        said = json.loads(text) if text else {}
        names: list[str | None] = said.get("names", [])
        self._limit = limit
        self._counted = deque(_Counted(at, offset, names[name]) for at, offset, name in said.get("counted", ()))
        self._counts = Counter(each.publisher for each in self._counted)
        self._passed: int = said.get("passed", 0)
        self._flood: deque[int] = deque(said.get("flood", ()))
        self.aside: str | None = said.get("aside")
        """the publisher that is set aside"""

    def note(self, offset: int, publisher: str | None) -> Verdict:
        """Count one more unreadable message, behind all others. `publisher`: whose it is, as its key names it. After
        BEYOND nothing follows.
        """
        self._let_back(offset)
        if publisher is not None and publisher == self.aside:
            self._flood.append(offset)
            self._passed += 1
            return Verdict.SET_ASIDE
        position = offset - self._passed
        while self._counted and self._counted[0].position <= position - self._limit.window:
            self._counts[self._counted.popleft().publisher] -= 1
        self._counted.append(_Counted(position, offset, publisher))
        self._counts[publisher] += 1
        if len(self._counted) > self._limit.most and not self._set_aside(offset):
            return Verdict.BEYOND
        return Verdict.SET_ASIDE if publisher is not None and publisher == self.aside else Verdict.COUNTED

    def dump(self) -> bytes:
        """The state as JSON text, for the `text` of a later `Unreadable`."""
        names: dict[str | None, int] = {}
        counted = [(at, offset, names.setdefault(name, len(names))) for at, offset, name in self._counted]
        said = {"names": list(names), "counted": counted, "passed": self._passed}
        said |= {"aside": self.aside, "flood": list(self._flood)}
        return json.dumps(said, separators=(",", ":")).encode()

    @property
    def count(self) -> int:
        """How many unreadable messages count now."""
        return len(self._counted)

    @property
    def first_offset(self) -> int:
        """Offset of the first that counts."""
        return self._counted[0].offset

    def publishers(self) -> list[tuple[str | None, int]]:
        """(publisher, how many count) of those that have any, the most first."""
        return [(name, count) for name, count in self._counts.most_common() if count > 0]

    def _set_aside(self, offset: int) -> bool:
        most = next(((name, count) for name, count in self.publishers() if name is not None), None)
        if self.aside is not None or most is None or 2 * most[1] <= len(self._counted):
            return False
        self.aside = most[0]
        others: deque[_Counted] = deque()
        moved = 0
        for each in self._counted:
            if each.publisher == self.aside:
                moved += 1
                if each.offset > offset - self._limit.window:
                    self._flood.append(each.offset)
            else:
                others.append(each._replace(position=each.position - moved))
        self._counted = others
        self._passed += moved
        del self._counts[self.aside]
        return True

    def _let_back(self, offset: int) -> None:
        while self._flood and self._flood[0] <= offset - self._limit.window:
            self._flood.popleft()
        if 2 * len(self._flood) <= self._limit.most:
            self.aside = None
            self._flood.clear()


class TooManyDeadLetters(SuyuanError):
    """Reading must stop before `offset`. Nothing from there on was done or acknowledged."""

    def __init__(
        self,
        topic: str,
        partition: int,
        offset: int,
        *,
        first_offset: int,
        count: int,
        window: int,
        why: str,
        whose: str = "",
        aside: str | None = None,
    ) -> None:
        """`first_offset`: the first of the `count` unreadable offsets among the last `window`; `why`: the commonest
        reason; `whose`: their publishers; `aside`: the one whose messages are not among them.
        """
        beside = f" beside those of {aside}, which count no more" if aside else ""
        super().__init__(
            f"{topic}-{partition}: {count:,} of the last {window:,} messages{beside} cannot be read (offsets "
            f"{first_offset:,} to {offset:,}, {whose and f'{whose}, '}mostly: {why}). Reading stopped before offset "
            f"{offset:,}; what follows is not lost. See `suyuan deadletters list --topic {topic}`. Mend the publisher, "
            f"or the version that runs here, and start again; what is in the topic already goes to the dead letters "
            f"with --accept-poison"
        )
        self.topic = topic
        self.partition = partition
        self.offset = offset
