"""What names a dead letter: the place that its message has in the log."""

from __future__ import annotations

from typing import NamedTuple

from suyuan.errors import ErrorKind, SuyuanError


class Place(NamedTuple):
    """Written `topic:partition:offset`, as in `in.listing:0:17`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"

    @classmethod
    def of(cls, text: str) -> Place:
        """Raises SuyuanError for what is no place."""
        topic, *numbers = text.split(":")
        if not topic or len(numbers) != 2 or not all(number.isascii() and number.isdecimal() for number in numbers):
            raise SuyuanError(
                f"{text}: dead letters are named by topic:partition:offset, as in in.listing:0:17", ErrorKind.USAGE
            )
        return cls(topic, int(numbers[0]), int(numbers[1]))
