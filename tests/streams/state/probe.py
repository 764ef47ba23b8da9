"""A Faust app that has a state table and nothing else. Run as a program it is killed where it is told to be:
`python -m tests.streams.state.probe FOLDER WHERE`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from faust.types.tuples import TP

from suyuan.eventlog.records import Records
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.settings import StateSettings
from suyuan.streams.state.stage_state import StageState
from suyuan.streams.transport.faust_app import FaustApp

CHANGELOG = "suyuan-probe-state-changelog"
PARTITIONS = 2


class Probe:
    def __init__(self, folder: Path, settings: StateSettings | None = None) -> None:
        self.app = FaustApp(
            "suyuan",
            broker=f"suyuan-embedded://{folder / 'log'}?fsync=never",
            datadir=str(folder / "state"),
            topic_partitions=PARTITIONS,
            topic_disable_leader=True,
        )
        self.app.conf.web_enabled = False
        self.app.tables.sleep = _at_once  # Faust waits a second there, for tables that register late
        self.state = StageState(self.app, "probe", self, partitions=PARTITIONS, settings=settings)
        self.refuse_appends = False

    async def append_many(
        self, topic: str, partition: int, keys: Sequence[bytes], values: Sequence[bytes | None]
    ) -> int:
        if self.refuse_appends:
            raise OSError("no room")
        at = TP(topic, partition)
        return (await self.app.producer.append_many({at: Records(keys, values)}))[at][-1]

    async def write(self, partition: int, pairs: Mapping[bytes, bytes | None], applied: int, topic: str = "in") -> None:
        view = self.state.view(partition)
        for key, value in pairs.items():
            if value is None:
                view.delete(key)
            else:
                view.put(key, value)
        await self.state.commit(partition, view, {(topic, partition): applied})


@asynccontextmanager
async def running(folder: Path, settings: StateSettings | None = None) -> AsyncIterator[Probe]:
    """The app from its recovery on; what crashed it is raised."""
    (folder / "state").mkdir(parents=True, exist_ok=True)
    probe = Probe(folder, settings)
    try:
        await probe.app.start()  # returns when state is recovered
        if probe.app.crashed:
            raise probe.app.crash_reason
        yield probe
    finally:
        await probe.app.stop()


def block(number: int) -> dict[bytes, bytes | None]:
    """What block `number` writes: some keys again and again, some once, some deleted by the next."""
    pairs: dict[bytes, bytes | None] = {b"hot%d" % key: b"%d" % number for key in range(5)}
    pairs |= {b"once%d-%d" % (number, key): b"x" * 50 for key in range(20)}
    return pairs | {b"once%d-0" % (number - 1): None}


def after(blocks: int) -> dict[bytes, bytes]:
    """The pairs after blocks 0..blocks-1."""
    pairs: dict[bytes, bytes | None] = {}
    for number in range(blocks):
        pairs |= block(number)
    return {key: value for key, value in pairs.items() if value is not None}


def _die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_in(call: Callable[..., Any], *, after_it: bool) -> Callable[..., Any]:
    def wrapped(*arguments: Any) -> None:
        if after_it:
            call(*arguments)
        _die()

    return wrapped


async def _killed(folder: Path, where: str) -> None:
    async with running(folder) as probe:
        probe.state.begin_epoch(0)
        for number in range(4):
            if number == 3 and where == "before the changelog":
                probe.append_many = _die  # type: ignore[method-assign]
            elif number == 3:
                PartitionState.write = _die_in(PartitionState.write, after_it=where == "after the store")  # type: ignore[method-assign]
            await probe.write(0, block(number), number)


async def _at_once(_: float) -> None:
    await asyncio.sleep(0)


if __name__ == "__main__":
    asyncio.run(_killed(Path(sys.argv[1]), sys.argv[2]))
