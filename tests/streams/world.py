"""The topology on its real runner, without Faust or disk: topics are lists, and chance decides who goes next, how many
messages wait together, and who dies when.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from suyuan.schemas.blocks import decode_block
from suyuan.schemas.kinds import KINDS
from suyuan.streams.block_cache import BlockCache
from suyuan.streams.dead_letter_limit import DeadLetterLimit
from suyuan.streams.messages import OutputMessage
from suyuan.streams.quiet import Quiet
from suyuan.streams.runner import Incoming, StageRunner
from suyuan.streams.stage import Run, Stage
from suyuan.streams.state.stage_state import MemoryStageState
from suyuan.streams.topology import TOPOLOGY
from tests.streams.event_messages import event_messages

BEGINNING = 1_800_000_000_000
"""when the log takes the first message; each further one a millisecond later"""
SECONDS_A_TURN = 0.05
"""that go by for those who wait until it is quiet"""
LAST_MOMENT = BEGINNING + 2 * 86_400_000
"""up to which every event may say that it happened"""

Message = tuple[int, bytes | None, bytes]
"""timestamp, key, value"""


class Killed(Exception):
    """The process ends here."""


class World:
    """crashes: chance that a turn ends in a kill: before the state is written, before the outputs, or before the
    acknowledgement; the stage then begins anew on the state that it left, perhaps with other messages at once.

    overlaps: chance that the stage's next turn in the partition begins while the outputs of one are sent

    batches: how many messages of a partition are taken at most at once, drawn anew each turn
    """

    def __init__(
        self,
        partitions: int,
        seed: int = 0,
        *,
        crashes: float = 0.0,
        overlaps: float = 0.0,
        slice_rows: int = 4000,
        batches: Sequence[int] = (1, 2, 7, 50, 5000),
        dead_letter_limit: DeadLetterLimit | None = None,
    ) -> None:
        self.partitions = partitions
        self.turns: list[tuple[str, str, int, int]] = []
        """stage, topic, partition, messages of each turn"""
        self.kills = 0
        self.log: dict[tuple[str, int], list[Message]] = defaultdict(list)
        self.position: dict[tuple[str, int], int] = defaultdict(int)
        self._chance = random.Random(seed)
        self._crashes = crashes
        self._overlaps = overlaps
        self._batches = batches
        self._slice_rows = slice_rows
        self._dead_letter_limit = dead_letter_limit
        self._clock = BEGINNING
        self._die_before: str | None = None
        self._spared = 0
        """how often that step is reached before it is the last"""
        self._quiet = Quiet(lambda: SECONDS_A_TURN * len(self.turns))
        self._block_cache = self._chance.choice((None, BlockCache(), BlockCache(rows=5)))
        self.states = {stage.name: _State(self) for stage in TOPOLOGY}
        self._runners = {stage.name: self._runner(stage) for stage in TOPOLOGY}

    def publish(self, topic: str, partition: int, key: bytes | None, value: bytes, taken_at: int | None = None) -> int:
        """Append; the offset. `taken_at`: the log's time of it, ms; else the world's clock, which goes on with each."""
        self._clock += 1
        messages = self.log[topic, partition]
        messages.append((self._clock if taken_at is None else taken_at, key, value))
        return len(messages) - 1

    def publish_events(
        self, events: Iterable[Mapping[str, Any]], taken_at: Sequence[int] | None = None
    ) -> list[tuple[str, int, int]]:
        """Each as a publisher sends it; topic, partition and offset of each. `taken_at`: the log's time of each."""
        messages = list(event_messages(events, self.partitions))
        moments = [None] * len(messages) if taken_at is None else taken_at
        return [(*message[:2], self.publish(*message, at)) for message, at in zip(messages, moments, strict=True)]

    def drain(self) -> None:
        """Until nothing is left to do."""
        asyncio.run(self._drain())

    def rows(self, topic: str) -> Iterator[dict[str, Any]]:
        """Every row that was ever sent to a topic of blocks."""
        for partition in range(self.partitions):
            for *_, value in self.log[topic, partition]:
                yield from decode_block(value).iter_rows(named=True)

    async def append_outputs(self, messages: Sequence[OutputMessage]) -> dict[tuple[str, int], list[int]]:
        """The runner's output log."""
        self.kill_at("outputs")
        offsets: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for message in messages:
            offset = self.publish(message.topic, message.partition, None, message.value)
            offsets[message.topic, message.partition].append(offset)
        return offsets

    def kill_at(self, step: str) -> None:
        """Die if it is to happen before this step."""
        if self._die_before == step:
            if not self._spared:
                raise Killed
            self._spared -= 1

    async def _drain(self) -> None:
        while waiting := list(self._waiting()):
            assert len(self.turns) < 100_000, "the world does not come to rest"
            await self._turn(*self._chance.choice(waiting))

    def _waiting(self, ahead: Mapping[tuple[str, int], int] | None = None) -> Iterator[tuple[Stage, str, int]]:
        for stage in TOPOLOGY:
            for topic in stage.reads:
                for partition in range(self.partitions):
                    at = (topic, partition)
                    if len(self.log[at]) > (ahead or {}).get(at, self.position[at]):
                        yield stage, topic, partition

    async def _turn(self, stage: Stage, topic: str, partition: int) -> None:
        first, end = self._taken(stage, topic, partition)
        dies = self._chance.random() < self._crashes
        self._die_before = self._chance.choice(("state", "outputs", "acknowledgement")) if dies else None
        overlapping = bool(self._overlaps) and self._chance.random() < self._overlaps
        self._spared = self._chance.choice((0, 1)) if overlapping else 0
        sending = []
        try:
            sending.append(asyncio.ensure_future(await self._runners[stage.name].begin(first)))
            others = [each for each in self._waiting({(topic, partition): end}) if each[::2] == (stage, partition)]
            if overlapping and others:
                topics = [topic, self._chance.choice(others)[1]]
                second, end_of_second = self._taken(stage, topics[1], partition, {(topic, partition): end})
                sending.append(asyncio.ensure_future(await self._runners[stage.name].begin(second)))
                ends = [end, end_of_second]
            else:
                topics, ends = [topic], [end]
            for each, done, sent in zip(topics, ends, sending, strict=True):
                await sent
                self.kill_at("acknowledgement")
                self.position[each, partition] = done
        except Killed:
            await asyncio.gather(*sending, return_exceptions=True)
            self.kills += 1
            self._runners[stage.name] = self._runner(stage)

    def _taken(
        self, stage: Stage, topic: str, partition: int, ahead: Mapping[tuple[str, int], int] | None = None
    ) -> tuple[Incoming, int]:
        """Messages that wait, as many as chance will have it, and where reading goes on behind them."""
        start = (ahead or {}).get((topic, partition), self.position[topic, partition])
        batch = self.log[topic, partition][start : start + self._chance.choice(self._batches)]
        timestamps, keys, values = zip(*batch, strict=True)
        end = start + len(batch)
        self.turns.append((stage.name, topic, partition, len(batch)))
        return Incoming(topic, partition, Run(topic, partition, range(start, end), keys, values, timestamps)), end

    def start_again(self, name: str) -> None:
        """A stage's runner anew: it remembers nothing but what is in the state."""
        (stage,) = (stage for stage in TOPOLOGY if stage.name == name)
        self._runners[name] = self._runner(stage)

    def _runner(self, stage: Stage) -> StageRunner:
        return StageRunner(
            stage,
            self.states[stage.name],
            self,
            partitions=self.partitions,
            slice_rows=self._slice_rows,
            block_cache=self._block_cache,
            dead_letter_limit=self._dead_letter_limit,
            quiet=self._quiet,
        )


class _State(MemoryStageState):
    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    async def commit(self, partition: int, view: Any, applied: Any) -> None:
        self._world.kill_at("state")
        await super().commit(partition, view, applied)


def in_topics() -> list[str]:
    """Topics that publishers write to."""
    return [f"in.{kind}" for kind in KINDS]
