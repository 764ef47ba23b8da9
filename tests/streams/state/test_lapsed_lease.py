"""An owner that stood still, whose partition another one took meanwhile, and whose heartbeat a coordinator answers
blindly that is still loading its groups (Kafka's GroupCoordinatorService.heartbeat: COORDINATOR_LOAD_IN_PROGRESS is
answered with NONE, whoever asks).

Real: the worker's producer and consumer with their lease, aiokafka's heartbeat and commit, the state, Faust's recovery.
Stand-ins: what the coordinator answers, and the embedded log for Kafka's.
"""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace

import pytest
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.protocol.commit import OffsetCommitRequest
from faust.types.tuples import TP

from suyuan.eventlog.records import Records
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.transport.errors import LeaseLost
from suyuan.streams.transport.kafka.consumer import Consumer
from suyuan.streams.transport.kafka.producer import Producer
from tests.streams.state.probe import CHANGELOG, after, block, running

STABLE, LOADING, GONE = (0, 0), (0, 14), (25, 25)
"""(to a heartbeat, to a commit): errors 14 COORDINATOR_LOAD_IN_PROGRESS, 25 UNKNOWN_MEMBER_ID"""
AT, INPUT = TP(CHANGELOG, 0), TP("in", 0)


class Leased:
    """The Kafka producer and consumer of a worker, with `append` for the broker's log."""

    def __init__(self, append=None):
        self.app = SimpleNamespace(consumer_generation_id=8, rebalancing=False)
        self.consumer, self.producer = Consumer.__new__(Consumer), Producer.__new__(Producer)
        self.app._consumer, self.producer.app, self.producer._append = self.consumer, self.app, append
        self.consumer.app, self.consumer.log = self.app, logging.getLogger("worker")
        self.consumer._session_seconds, self.consumer._lease_ends = 6.0, float("inf")
        self.consumer._committed, self.consumer._committing = {INPUT: 41}, asyncio.Lock()
        self.coordinator = coordinator = GroupCoordinator.__new__(GroupCoordinator)
        coordinator.group_id, coordinator.generation, coordinator.member_id = "suyuan", 8, "w1"
        coordinator.coordinator_id = 1
        coordinator._rejoin_needed_fut = asyncio.get_running_loop().create_future()
        self.answers, self.commits = STABLE, []

        async def send(request):
            heartbeat, commit = self.answers
            if isinstance(request, OffsetCommitRequest):
                self.commits.append(request._topics)
                return SimpleNamespace(topics=[("in", [(0, commit)])])
            return SimpleNamespace(error_code=heartbeat)

        coordinator._send_req = send
        self.consumer._coordinator = coordinator
        self.consumer._note_answers()

    def stand_still(self):
        """SIGSTOP for longer than the session timeout, and SIGCONT."""
        self.consumer._lease_ends = 0.0

    async def heartbeat(self, answers):
        self.answers = answers
        await self.coordinator._do_heartbeat()
        if answers == GONE:
            self.app.rebalancing = True  # the rebalance listener sets it before the group is joined again


@pytest.mark.parametrize(("answers", "comes_back"), [(STABLE, True), (LOADING, False), (GONE, False)])
def test_a_lapsed_lease_comes_back_only_by_an_answer_that_knows_the_member(answers, comes_back):
    async def scenario():
        worker = Leased()
        worker.stand_still()
        await worker.heartbeat(answers)
        assert worker.consumer.holds_lease == comes_back
        if answers != GONE:
            assert worker.commits == [[("in", [(0, 41, "")])]], "an offset that is committed already"

    asyncio.run(scenario())


def test_a_heartbeat_prolongs_an_unbroken_lease_by_itself():
    async def scenario():
        worker = Leased()
        worker.consumer._lease_ends = before = worker.consumer._lease_ends = asyncio.get_running_loop().time() + 3
        await worker.heartbeat(STABLE)
        assert worker.consumer._lease_ends > before
        assert worker.commits == []

    asyncio.run(scenario())


def test_a_commit_without_a_generation_says_nothing_of_a_lease():
    """A coordinator takes it from anybody while the group is empty."""

    async def scenario():
        worker = Leased()
        worker.stand_still()
        worker.coordinator.generation = -1
        await worker.heartbeat(STABLE)
        assert not worker.consumer.holds_lease

    asyncio.run(scenario())


async def own(probe):
    """Have the probe write its changelog through a Kafka producer under a lease."""
    broker = probe.app.producer

    async def append(at, records):
        return list((await broker.append_many({at: records}))[at])

    leased = Leased(append)

    async def append_many(topic, partition, keys, values):
        at = TP(topic, partition)
        return (await leased.producer.append_many({at: Records(keys, values)}))[at][-1]

    probe.append_many, probe.broker = append_many, broker
    return leased


class Interim:
    """w2: has what the changelog has, and writes on under the next epoch."""

    def __init__(self, probe):
        self.broker, self.state = probe.broker, PartitionState(MemoryStore())
        self.state.replay(read(self.broker._log))
        self.state.begin_epoch()

    async def write(self, number):
        view = self.state.view()
        for key, value in block(number).items():
            view.delete(key) if value is None else view.put(key, value)
        commit = self.state.prepare(view, {("in", 0): number})
        offset = (await self.broker.append_many({AT: Records(*commit.records())}))[AT][-1]
        self.state.write(commit, offset)


def read(log):
    fetched = log.fetch(CHANGELOG, 0, 0, 100_000, 100 << 20)
    return list(zip(fetched.offsets, fetched.keys, fetched.values, strict=True))


@pytest.mark.parametrize("answers", [(GONE,), (LOADING, GONE)], ids=["coordinator knows", "coordinator loads"])
def test_an_owner_that_stood_still_has_what_the_next_one_wrote(tmp_path, answers):
    """w1 commits blocks 0 and 1 and stands still in block 2; w2 does 2 to 9; w1 goes on and its heartbeat is answered;
    w2 does 10; then the partition is w1's again.
    """

    async def scenario():
        async with running(tmp_path) as probe:
            w1 = await own(probe)
            assert probe.state.begin_epoch(0) == 1
            for number in range(2):
                await probe.write(0, block(number), number)
            w1.stand_still()
            in_flight = asyncio.create_task(probe.write(0, block(2), 2))
            await asyncio.sleep(0.25)
            assert not in_flight.done(), "without a lease nothing is written"
            w2 = Interim(probe)
            for number in range(2, 10):
                await w2.write(number)
            for answer in answers:
                await w1.heartbeat(answer)
                await asyncio.sleep(0.25)
            ended = (await asyncio.gather(in_flight, return_exceptions=True))[0]
            await w2.write(10)
        async with running(tmp_path) as probe:
            assert dict(probe.state.view(0).scan(b"")) == after(11)
            assert probe.state.digest(0) == w2.state.store.digest()
            assert isinstance(ended, LeaseLost)

    asyncio.run(scenario())
