"""Messages that a log no longer has, though a reader of it had not read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

ACCEPT = "--accept-loss"
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Lost:
    """Offsets `first` (-1: unknown) to before `beyond` of a partition that are gone: deleted by retention or by hand,
    or with the whole topic, which was made again (`remade`): then nobody knows how many there were after the last that
    was read.
    """

    topic: str
    partition: int
    first: int
    beyond: int
    remade: bool = False

    @property
    def count(self) -> int:
        """How many offsets, as far as is known."""
        return self.beyond - self.first

    def __str__(self) -> str:
        where = f"{self.topic}-{self.partition}"
        if self.remade:
            read = f"read up to offset {self.first}" if self.first >= 0 else "read before"
            return f"{where} is not the one that was {read}: the topic, or the whole log, was deleted and made again"
        if self.count < 0:
            return f"{where} ends at {self.beyond}, and was read up to {self.first}: it lost its end"
        return (
            f"{where}: {self.count:,} messages, offsets {self.first} to {self.beyond - 1}, were deleted before they "
            "were read"
        )


def refusal(lost: Sequence[Lost], remedy: str) -> str:
    """The message that says what is lost, and which decision is needed. `remedy`: what else can be done about it."""
    said = [str(each) for each in lost[:SHOWN]]
    if len(lost) > SHOWN:
        said.append(f"{len(lost) - SHOWN} more partitions")
    return (
        "; ".join(said) + f". Nothing goes on until somebody decides: restore the log from a backup; {remedy}or start "
        f"with {ACCEPT}, which goes on with what is there and keeps the loss on record (suyuan_lost_messages_total)"
    )
