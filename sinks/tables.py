"""Which topic is loaded into which table: what the topics say of themselves (`schemas/topics.py`).

From the same insert materialised views fill `chain` from `chain_history`, `finding` from `finding_history`, and
`alert_state` and `desk_day` from `alert_state_history`.
"""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.schemas.blocks import block_schema
from suyuan.schemas.kinds import BUSINESS_KEYS, event_schema
from suyuan.schemas.topics import TOPICS, topic

GROUP = "loader"
"""consumer group of the loaders of the tables"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the rows of a topic go. `name`: the table, or what else a sink has; `max_wait_seconds`: how long rows may
    wait for others before they are written.
    """

    topic: str
    name: str
    max_wait_seconds: float

    @property
    def block(self) -> str:
        """Name of the topic's block schema."""
        return topic(self.topic).schema

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the topic's block; a table may have more, made from these."""
        return tuple(block_schema(self.block))


def key_columns(kind: str) -> tuple[str, ...]:
    """The business key of a kind in SQL. An absent part is the empty text, as everywhere, since nulls equal nothing."""
    optional = {field.name for field in event_schema(kind).fields if field.optional}
    return tuple(f"ifNull({name}, '')" if name in optional else name for name in BUSINESS_KEYS[kind])


_LAST = ("occurred_at", "publisher", "event_id")
_PROVENANCE = ("outcome", "digest", "tie", "source_partition", "source_offset", "received_at")


def event_columns(kind: str) -> tuple[str, ...]:
    """The columns of event_<kind> in their order: its own fields, what every kind has, where and when it was taken."""
    own = (field.name for field in event_schema(kind).fields if field.name not in _LAST)
    return (*own, *_LAST, *_PROVENANCE)


def list_columns(kind: str) -> frozenset[str]:
    """Those of them that hold lists: they are empty where others are null."""
    return frozenset(field.name for field in event_schema(kind).fields if field.items is not None)


TARGETS = tuple(
    Target(each.name, each.table, each.insert_within)
    for each in sorted(TOPICS, key=lambda topic: topic.insert_within)
    if each.table is not None
)
"""of the tables"""
