from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from faust.types.tuples import TP

from suyuan.eventlog.errors import LogLocked, RecordRefused
from suyuan.eventlog.log import Log, Record, TopicConfig
from suyuan.eventlog.shared import acquire, release
from suyuan.streams.transport.embedded.consumer import Consumer
from tests.streams.transport.contract import Reader, TransportContract, scenario


class EmbeddedBackend:
    def __init__(self, log: Log) -> None:
        self.log = log

    def url(self) -> str:
        return f"suyuan-embedded://{self.log.folder}"

    async def create_topic(self, name: str, partitions: int, *, compacted: bool = False) -> None:
        await asyncio.to_thread(self.log.create_topic, name, partitions, TopicConfig(compacted=compacted))

    async def compact(self, name: str) -> None:
        await asyncio.to_thread(self.log.compact, name)

    async def delete_before(self, name: str, partition: int, offset: int) -> None:
        await asyncio.to_thread(self.log.delete_before, name, partition, offset)


class TestEmbeddedTransport(TransportContract):
    @pytest.fixture
    def backend(self, tmp_path: Path) -> EmbeddedBackend:
        log = acquire(tmp_path)
        yield EmbeddedBackend(log)
        release(log)

    @scenario
    async def test_what_another_process_appends_arrives(self, backend: EmbeddedBackend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"])
        with Log.open(backend.log.folder, "publish") as publisher:
            async with reader.running():
                await asyncio.to_thread(publisher.append, "t", 0, [Record(None, b"v")])
                assert await reader.until(1) == [b"v"]

    @scenario
    async def test_a_commit_that_fails_for_a_while_is_tried_again(self, backend: EmbeddedBackend) -> None:
        await backend.create_topic("t", 1)
        reader = Reader(backend, "g", ["t"])
        refusals = 3
        commit_async = backend.log.commit_async

        def refuse_first(*arguments: Any) -> Any:
            nonlocal refusals
            refusals -= 1
            if refusals >= 0:
                raise LogLocked("held")
            return commit_async(*arguments)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Consumer, "RETRY_SECONDS", 0.01)
            patch.setattr(backend.log, "commit_async", refuse_first)
            async with reader.running():
                await reader.app.producer.append_many({TP("t", 0): [Record(None, b"v")]})
                await reader.until_committed("t", 1)
        assert refusals < 0
        assert backend.log.committed("g", "t", 0) == (1, "")

    @scenario
    async def test_one_refused_message_does_not_fail_its_neighbours(self, backend: EmbeddedBackend) -> None:
        await backend.create_topic("t", 1, compacted=True)
        writer = Reader(backend, "g", [])
        async with writer.running():
            good = await writer.app.producer.send("t", b"k", b"v", 0, None, None)
            with pytest.raises(RecordRefused, match="needs a key"):
                await writer.app.producer.send("t", None, b"v", 0, None, None)
            assert (await good).offset == 0
