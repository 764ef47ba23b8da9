"""The id of a dead letter: topic, partition and offset of its message in the log."""

from __future__ import annotations

from typing import NamedTuple

from suyuan.errors import ErrorKind, SuyuanError


class Place(NamedTuple):
    """The id of a dead letter, written `topic:partition:offset`, as in `in.listing:0:17`."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"

    @classmethod
    def of(cls, text: str) -> Place:
        """The id that a text gives. Raises SuyuanError for a text that is none."""
        topic, *numbers = text.split(":")
        if not topic or len(numbers) != 2 or not all(number.isascii() and number.isdecimal() for number in numbers):
            raise SuyuanError(
                f"{text}: dead letters are named by topic:partition:offset, as in in.listing:0:17", ErrorKind.USAGE
            )
        return cls(topic, int(numbers[0]), int(numbers[1]))
