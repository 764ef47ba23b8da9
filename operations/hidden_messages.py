"""Messages that an open transaction hides: no lag counts them, and they stay hidden as long as it is open, perhaps for
ever.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

from suyuan.connections.open_transactions import OpenTransaction
from suyuan.connections.topic_partition import TopicPartition
from suyuan.streams import metrics

logger = logging.getLogger(__name__)


class HiddenMessages:
    """To be given the open transactions about once a minute. One that is open twice in a row is logged once, and counts
    in the metric while it lasts.
    """

    def __init__(self, topics: Iterable[str]) -> None:
        self._topics = tuple(topics)
        self._seen: dict[TopicPartition, int] = {}
        self._told: dict[TopicPartition, int] = {}

    def look(self, found: Iterable[OpenTransaction]) -> None:
        """Take the first open transaction of each partition that has one."""
        now = {(each.topic, each.partition): each for each in found}
        lasting = {at: each for at, each in now.items() if self._seen.get(at) == each.first_offset}
        for at, each in lasting.items():
            if self._told.get(at) != each.first_offset:
                logger.error("%s", each)
        for at in self._told.keys() - lasting.keys():
            logger.warning("%s-%d: the transaction that hid messages has ended", *at)
        self._told = {at: each.first_offset for at, each in lasting.items()}
        self._seen = {at: each.first_offset for at, each in now.items()}
        hidden: Counter[str] = Counter()
        for each in lasting.values():
            hidden[each.topic] += each.end_offset - each.first_offset
        for topic in self._topics:
            metrics.HIDDEN.labels(topic).set(hidden[topic])
