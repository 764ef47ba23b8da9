"""Whether topic chains holds what it must: every chain, byte for byte, and each once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.trace_join.market import PARTITIONS, Market


@dataclass(frozen=True, slots=True)
class Output:
    """`times`: ms since the epoch at which the broker took each message, ascending. `sha256`: of all distinct chains in
    the order of their listings, when none is missing or wrong. `taken`: the time of each listing's first right chain, 0
    for none.
    """

    times: list[int]
    taken: list[int]
    missing: int
    repeated: int
    wrong: int
    sha256: str | None

    @property
    def exact(self) -> bool:
        """Every chain there is, once, and nothing else."""
        return not (self.missing or self.repeated or self.wrong)


async def read_chains(servers: str, market: Market) -> Output:
    """Reads the whole topic."""
    expected = market.chains(0, market.all_listings)
    seen = bytearray(len(expected))
    times: list[int] = []
    taken = [0] * len(expected)
    wrong = repeated = 0
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, max_partition_fetch_bytes=4 << 20)
    await consumer.start()
    try:
        partitions = [TopicPartition("chains", partition) for partition in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        left = {at: end for at, end in (await consumer.end_offsets(partitions)).items() if end}
        while left:
            for at, messages in (await consumer.getmany(timeout_ms=1000, max_records=50_000)).items():
                for message in messages:
                    times.append(message.timestamp)
                    number = _number(message.key)
                    if not 0 <= number < len(expected) or message.value != expected[number]:
                        wrong += 1
                    elif seen[number]:
                        repeated += 1
                    else:
                        seen[number] = 1
                        taken[number] = message.timestamp
                if messages and messages[-1].offset + 1 >= left.get(at, 0):
                    left.pop(at, None)
    finally:
        await consumer.stop()
    missing = seen.count(0)
    whole = None if missing or wrong else hashlib.sha256(b"".join(expected)).hexdigest()
    return Output(sorted(times), taken, missing, repeated, wrong, whole)


def _number(key: bytes | None) -> int:
    """Of the listing that a chain's key names; -1 for none."""
    return int(key[1:]) if key and key[:1] == b"I" and key[1:].isdigit() else -1
