"""Which topic is loaded into which table, on one screen.

| topic              | block        | table inserted into | filled from the same insert (materialised view) |
|--------------------|--------------|---------------------|-------------------------------------------------|
| event.<kind>       | event_<kind> | event_<kind>        |                                                 |
| chain              | chain        | chain_history       | chain                                           |
| alert              | alert        | alert_history       | alert                                           |
| dead_letter        | dead_letter  | dead_letter         |                                                 |
| dead_letter.replay | replay       | dead_letter_replay  |                                                 |
"""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.schemas.blocks import block_schema
from suyuan.schemas.kinds import BUSINESS_KEYS, KINDS, event_schema
from suyuan.schemas.topics import topic


@dataclass(frozen=True, slots=True)
class Target:
    """`max_wait_seconds`: how long rows may wait for others before they are inserted."""

    topic: str
    table: str
    max_wait_seconds: float

    @property
    def block(self) -> str:
        """Name of the topic's block schema."""
        return topic(self.topic).schema

    @property
    def columns(self) -> tuple[str, ...]:
        """What a block has; the table may have more, made from these."""
        return tuple(block_schema(self.block))


def key_columns(kind: str) -> tuple[str, ...]:
    """The business key of a kind in SQL: an absent part is the empty text, as everywhere, since nulls equal nothing."""
    optional = {field.name for field in event_schema(kind).fields if field.optional}
    return tuple(f"ifNull({name}, '')" if name in optional else name for name in BUSINESS_KEYS[kind])


TARGETS = (
    Target("alert", "alert_history", 0.1),
    Target("chain", "chain_history", 0.5),
    *(Target(f"event.{kind}", f"event_{kind}", 1.0) for kind in KINDS),
    Target("dead_letter", "dead_letter", 0.5),
    Target("dead_letter.replay", "dead_letter_replay", 0.1),
)
