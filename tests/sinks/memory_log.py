"""A log in memory, with what loaders need of one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Fetched:
    offsets: list[int]
    values: list[bytes | None]


class MemoryLog:
    """`crash_before_commit` counts down: at zero the next commit raises, as if the process had died. `HOLE` takes an
    offset, and nobody reads it.
    """

    def __init__(self, partitions: int = 2) -> None:
        self._partitions = partitions
        self._values: dict[tuple[str, int], list[bytes | None]] = {}
        self._groups: dict[tuple[str, str, int], tuple[int, str]] = {}
        self.commits = 0
        self.crash_at_commit: int | None = None

    def start_offsets(self) -> dict[tuple[str, int], int]:
        return _Ends()

    def append(self, topic: str, partition: int, *values: bytes | None) -> None:
        self._values.setdefault((topic, partition), []).extend(values)

    def partitions(self, _topic: str) -> int:
        return self._partitions

    def end_offsets(self) -> dict[tuple[str, int], int]:
        return _Ends({at: len(values) for at, values in self._values.items()})

    def fetch(self, topic: str, partition: int, offset: int, max_records: int, max_bytes: int) -> Fetched:
        offsets: list[int] = []
        values: list[bytes | None] = []
        for at, value in enumerate(self._values.get((topic, partition), [])[offset:], offset):
            if value is HOLE:
                continue
            if len(offsets) == max_records or (offsets and sum(map(len, filter(None, values))) >= max_bytes):
                break
            offsets.append(at)
            values.append(value)
        return Fetched(offsets, values)

    def is_another(self, _topic: str) -> bool:
        return False

    def register(self, group: str, topics: list[str]) -> None:
        pass

    def committed(self, group: str, topic: str, partition: int) -> tuple[int | None, str]:
        return self._groups.get((group, topic, partition), (None, ""))

    def committed_in(self, group: str, topic: str) -> dict[tuple[str, int], tuple[int | None, str]]:
        return {(topic, number): self.committed(group, topic, number) for number in range(self.partitions(topic))}

    def commit(self, group, offsets, metadata=None) -> None:
        self.commits += 1
        if self.commits == self.crash_at_commit:
            raise KilledError
        for (topic, partition), offset in offsets.items():
            self._groups[group, topic, partition] = (offset, (metadata or {}).get((topic, partition), ""))


HOLE = b"as the end of a transaction"


class _Ends(dict[tuple[str, int], int]):
    def __missing__(self, key: tuple[str, int]) -> int:
        return 0


class KilledError(BaseException):
    """The process ends here."""
