"""Sees to it that every partition of the group has an owner, whatever brokers know when they have just started.

For a moment such a broker names no topics. Faust's assignor leaves out what it is not told of ("Ignoring missing
topic"), and aiokafka asks again after five minutes: nobody would work until then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DescribeGroupsRequest

logger = logging.getLogger(__name__)

CHECK_SECONDS = 3.0
ASK_AGAIN_SECONDS = 0.1
ANSWER_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 300.0
SHOWN = 5

TopicPartition = tuple[str, int]


def deal_all_topics(coordinator: Any) -> None:
    """Have aiokafka's coordinator, when it leads the group, assign partitions only once the brokers name every topic
    that a member wants. Brokers that take longer than a session for it let the group begin anew, with another leader.
    """
    deal, client, cluster = coordinator._perform_assignment, coordinator._client, coordinator._cluster  # noqa: SLF001

    def missing(topics: Iterable[str]) -> list[str]:
        return sorted(topic for topic in topics if not cluster.partitions_for_topic(topic))

    async def deal_all(response: Any) -> Any:
        wanted: set[str] = set()
        for member in response.members:
            wanted.update(ConsumerProtocol.METADATA.decode(member[-1]).subscription)
        client.set_topics(wanted)
        told = False
        while True:
            await client._maybe_wait_metadata()  # noqa: SLF001
            if not missing(wanted):
                dealt = await deal(response)
                if not missing(wanted):  # as it was dealt from: nothing is waited for in between
                    return dealt
            if not told:
                told = True
                logger.warning("brokers do not name %s: partitions are dealt when they do", _some(missing(wanted)))
            if coordinator._closing.done():  # noqa: SLF001
                raise KafkaError("closed before the brokers named every topic")
            await asyncio.wait(
                [client.force_metadata_update(), coordinator._closing],  # noqa: SLF001
                timeout=ANSWER_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            await asyncio.sleep(ASK_AGAIN_SECONDS)

    coordinator._perform_assignment = deal_all  # noqa: SLF001


async def rejoin_while_some_have_no_owner(coordinator: Any, topics: Iterable[str]) -> None:
    """Run for ever: join the group anew when twice in a row its coordinator names no owner of a partition of the
    topics; at longer and longer intervals where that does not help.
    """
    counts: dict[str, int] = {}
    wanted, seen, pause = sorted(topics), set[TopicPartition](), CHECK_SECONDS
    while True:
        await asyncio.sleep(pause if seen else CHECK_SECONDS)
        for topic in wanted:
            now = coordinator._cluster.partitions_for_topic(topic)  # noqa: SLF001
            counts[topic] = max(counts.get(topic, 1), len(now or ()))
        ownerless = await _without_owner(coordinator, counts)
        if ownerless is None:
            continue
        if not ownerless & seen:
            seen, pause = ownerless, CHECK_SECONDS
            continue
        logger.warning("no worker has %s: joining the group anew", _some(f"{topic}-{n}" for topic, n in ownerless))
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        client = coordinator._client  # noqa: SLF001
        await asyncio.wait([client.force_metadata_update()], timeout=ANSWER_SECONDS)
        coordinator.request_rejoin()


async def _without_owner(coordinator: Any, counts: Mapping[str, int]) -> set[TopicPartition] | None:
    """Partitions without an owner. None: that is unknown, since the brokers are away or the group is rebalancing."""
    node = coordinator.coordinator_id
    if node is None:
        return None
    try:
        # not over the coordinator's own connection, where it would wait behind a join
        request = DescribeGroupsRequest([coordinator.group_id])
        (group,) = (await coordinator._client.send(node, request)).groups  # noqa: SLF001
    except KafkaError:
        return None
    error, _, state, _, _, members, *_ = group
    if error or state != "Stable":
        return None
    owned: set[TopicPartition] = set()
    for *_, assignment in members:
        owned.update(tuple(at) for at in ConsumerProtocol.ASSIGNMENT.decode(assignment).partitions())
    return {(topic, n) for topic, count in counts.items() for n in range(count)} - owned


def _some(names: Iterable[str]) -> str:
    every = sorted(names)
    return ", ".join(every[:SHOWN]) + (f" and {len(every) - SHOWN} more" if len(every) > SHOWN else "")
