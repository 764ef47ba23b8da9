"""The topics that a Kafka cluster must have, and their settings."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from suyuan.schemas.topics import KEYS_MARK, TOPICS
from suyuan.streams.state.changelog import COMPACTION_LAG_MS
from suyuan.streams.topology import TOPOLOGY

UNREAD = dt.timedelta(days=7)
"""Kafka counts retention from the append and deletes what nobody has read: so long may the readers be away"""

MESSAGE_BYTES = 32 << 20
"""of a batch as sent: what a stage's producer takes for the longest block"""

_DAY_MS = 86_400_000
_CHANGELOG_SEGMENT_BYTES = 64 << 20
"""the segment being written is not compacted: with Kafka's 1 GiB a small state would never be"""


@dataclass(frozen=True, slots=True)
class Config:
    """A topic's setting. `must`: whether it must be that value, be at least that (-1: without limit), or may be
    anything and is only set when the topic is made.
    """

    value: str
    must: Literal["equal", "at least", "any"] = "equal"

    def allows(self, found: str) -> bool:
        """Whether a value is allowed."""
        if self.must == "at least":
            return _limit(found) >= _limit(self.value)
        return self.must == "any" or found == self.value


@dataclass(frozen=True, slots=True)
class WantedTopic:
    """A topic and its settings. `replication`: replicas at least."""

    name: str
    partitions: int
    replication: int
    configs: Mapping[str, Config]


def wanted_topics(partitions: int, replication: int = 1) -> Iterator[WantedTopic]:
    """Every topic and every changelog."""
    everywhere = {
        "max.message.bytes": Config(str(MESSAGE_BYTES), "at least"),
        # producers' clocks decide neither what is deleted nor what is refused, nor when an event was received
        "message.timestamp.type": Config("LogAppendTime"),
        "compression.type": Config("producer"),
        # a majority of three survives the loss of one; two replicas go on when one is lost
        "min.insync.replicas": Config("2" if replication > 2 else "1", "at least"),
    }
    for topic in TOPICS:
        policy = _compacted(topic.compacted_within) if topic.compacted else _deleted(topic.retention)
        yield WantedTopic(topic.name, partitions, replication, everywhere | policy)
    yield WantedTopic(KEYS_MARK, partitions, replication, everywhere | _deleted(None))
    for stage in TOPOLOGY:
        yield WantedTopic(changelog(stage.name), partitions, replication, everywhere | _compacted())


def changelog(stage: str) -> str:
    """The name of a stage's changelog topic."""
    return f"suyuan-{stage}-state-changelog"


def _deleted(retention: dt.timedelta | None) -> dict[str, Config]:
    kept = -1 if retention is None else round((retention + UNREAD) / dt.timedelta(milliseconds=1))
    return {
        "cleanup.policy": Config("delete"),
        "retention.ms": Config(str(kept), "at least"),
        "retention.bytes": Config("-1"),
        # whole segments are deleted: Kafka's week would keep what stays for a day for two weeks
        "segment.ms": Config(str(_DAY_MS if kept > 0 else 7 * _DAY_MS), "any"),
    }


def _compacted(within: dt.timedelta | None = None) -> dict[str, Config]:
    """`within`: the segment being written is compacted too, by then."""
    limit = (
        {} if within is None else {"max.compaction.lag.ms": Config(str(round(within / dt.timedelta(milliseconds=1))))}
    )
    return limit | {
        "cleanup.policy": Config("compact"),
        "min.compaction.lag.ms": Config(str(COMPACTION_LAG_MS), "at least"),
        # whoever catches up from state that it has must still find what was deleted since
        "delete.retention.ms": Config(str(round(UNREAD / dt.timedelta(milliseconds=1))), "at least"),
        "segment.bytes": Config(str(_CHANGELOG_SEGMENT_BYTES), "any"),
    }


def _limit(value: str) -> float:
    return math.inf if value == "-1" else float(value)
