"""Sees to it that every partition of the group has an owner, whatever brokers know when they have just started.

For a moment such a broker names no topics. Faust's assignor leaves out what it is not told of ("Ignoring missing
topic"), and aiokafka asks again after five minutes: nobody would work until then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from aiokafka.errors import KafkaError

from suyuan.connections.aiokafka_internals import (
    Coordinator,
    ask_for_topics,
    closing,
    news_of_topics,
    owned_partitions,
    partitions_named,
    replace_dealing,
    topics_wanted,
    wait_for_news,
)
from suyuan.connections.topic_partition import TopicPartition

logger = logging.getLogger(__name__)

CHECK_SECONDS = 3.0
ASK_AGAIN_SECONDS = 0.1
ANSWER_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0
SHOWN = 5


def deal_all_topics(coordinator: Coordinator) -> None:
    """Have aiokafka's coordinator, when it leads the group, assign partitions only once the brokers name every topic
    that a member wants. Brokers that take longer than a session for it let the group begin anew, with another leader.
    """

    def missing(topics: Iterable[str]) -> list[str]:
        return sorted(topic for topic in topics if not partitions_named(coordinator, topic))

    def made_of(deal: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        async def deal_all(response: Any) -> Any:
            wanted = topics_wanted(response)
            ask_for_topics(coordinator, wanted)
            told = False
            while True:
                await wait_for_news(coordinator)
                if not missing(wanted):
                    dealt = await deal(response)
                    if not missing(wanted):  # as it was dealt from: nothing is waited for in between
                        return dealt
                if not told:
                    told = True
                    logger.warning("brokers do not name %s: partitions are dealt when they do", _some(missing(wanted)))
                if closing(coordinator).done():
                    raise KafkaError("closed before the brokers named every topic")
                await asyncio.wait(
                    [news_of_topics(coordinator), closing(coordinator)],
                    timeout=ANSWER_SECONDS,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                await asyncio.sleep(ASK_AGAIN_SECONDS)

        return deal_all

    replace_dealing(coordinator, made_of)


async def rejoin_while_some_have_no_owner(coordinator: Coordinator, topics: Iterable[str]) -> None:
    """Run for ever: join the group anew when twice in a row its coordinator names no owner of a partition of the
    topics; at longer and longer intervals where that does not help.
    """
    counts: dict[str, int] = {}
    wanted, seen, pause = sorted(topics), set[TopicPartition](), CHECK_SECONDS
    while True:
        await asyncio.sleep(pause if seen else CHECK_SECONDS)
        for topic in wanted:
            counts[topic] = max(counts.get(topic, 1), partitions_named(coordinator, topic))
        ownerless = await _without_owner(coordinator, counts)
        if ownerless is None:
            continue
        if not ownerless & seen:
            seen, pause = ownerless, CHECK_SECONDS
            continue
        logger.warning("no worker has %s: joining the group anew", _some(f"{topic}-{n}" for topic, n in ownerless))
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        await asyncio.wait([news_of_topics(coordinator)], timeout=ANSWER_SECONDS)
        coordinator.request_rejoin()


async def _without_owner(coordinator: Coordinator, counts: Mapping[str, int]) -> set[TopicPartition] | None:
    """Partitions without an owner. None: that is unknown, since the brokers are away or the group is rebalancing."""
    try:
        owned = await owned_partitions(coordinator)
    except KafkaError:
        return None
    if owned is None:
        return None
    return {(topic, n) for topic, count in counts.items() for n in range(count)} - owned


def _some(names: Iterable[str]) -> str:
    every = sorted(names)
    return ", ".join(every[:SHOWN]) + (f" and {len(every) - SHOWN} more" if len(every) > SHOWN else "")
