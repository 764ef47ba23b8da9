"""The order of an acknowledgement, and what is redelivered."""

import asyncio
import threading
from dataclasses import replace

import polars as pl
import pytest

from suyuan.connections.refused_batch import RefusedBatch
from suyuan.connections.unpacking import CannotUnpack
from suyuan.schemas.blocks import BlockError, block_schema, encode_block
from suyuan.streams.block_cache import BlockCache
from suyuan.streams.pace import Pace
from suyuan.streams.runner import Incoming, StageRunner
from suyuan.streams.stage import Output, Run, Stage
from suyuan.streams.state.stage_state import MemoryStageState

TOPIC = "producer.backlog"


class Probe:
    """A stage that counts rows in state and sends them on; `seen` is what it was called with."""

    def __init__(self, block_cache=None, pace=None):
        self.seen = []
        self.sent = []
        self.full = False
        self.state = MemoryStageState()
        stage = Stage("probe", runs={"in.day": self.run}, blocks={TOPIC: self.block}, writes=(TOPIC,))
        self.runner = StageRunner(stage, self.state, self, partitions=1, block_cache=block_cache, pace=pace)

    def run(self, run, state, context):
        self.seen.append((list(run.offsets), run.redelivered, context.epoch))
        state.put(b"values", (state.get(b"values") or b"") + b"".join(run.values))
        return []

    def block(self, block, state, _):
        self.seen.append((block.first_offset, block.offset, block.rows["reason"].to_list(), block.redelivered))
        state.put(b"rows", b"%d" % (int(state.get(b"rows") or 0) + len(block.rows)))
        return [Output(TOPIC, block.rows)]

    async def append_outputs(self, messages):
        if self.full:
            raise OSError("no space left")
        offsets = {}
        for message in messages:
            offsets.setdefault((message.topic, message.partition), []).append(len(self.sent))
            self.sent.append(message)
        return offsets

    def process(self, topic, offsets, values):
        run = Run(topic, 0, offsets, [None] * len(offsets), values, [0] * len(offsets))
        asyncio.run(self.runner.process(Incoming(topic, 0, run)))

    def value(self, key):
        return self.state.view(0).get(key)


def probes_cache():
    return BlockCache(readers={TOPIC: ("probe",)})


def tasks(*reasons):
    rows = [{"prefix": "", "reason": reason, "received_at": 0} for reason in reasons]
    return encode_block("backlog", pl.DataFrame(rows, schema=block_schema("backlog")))


def test_slices_grow_while_the_stage_has_nothing_else_to_do():
    sizes = []

    def note(_block, _state, context):
        sizes.append(context.slice_rows)
        return []

    stage = Stage("probe", runs={}, blocks={TOPIC: note, "chain": note}, writes=(), gives_way={TOPIC: ("chain",)})
    runner = StageRunner(stage, MemoryStageState(), Probe(), partitions=1, slice_rows=10)
    for offset, topic in enumerate((TOPIC, TOPIC, "chain", TOPIC)):
        run = Run(topic, 0, [offset], [None], [tasks("a") if topic == TOPIC else no_chains()], [0])
        asyncio.run(runner.process(Incoming(topic, 0, run)))
    assert sizes == [10, 20, 10, 10]


def no_chains():
    return encode_block("chain", pl.DataFrame(schema=block_schema("chain")))


def test_a_run_is_handed_over_whole_and_state_knows_its_last_offset():
    probe = Probe()
    probe.process("in.day", [3, 5, 6], [b"a", b"b", b"c"])
    assert probe.seen == [([3, 5, 6], False, 1)]
    assert (probe.value(b"values"), probe.state.applied(0)) == (b"abc", {("in.day", 0): 6})


def test_what_comes_again_is_marked_and_kept_apart_from_what_is_new():
    probe = Probe()
    probe.process("in.day", [0, 1, 2], [b"a", b"b", b"c"])
    probe.process("in.day", [1, 2, 3, 4], [b"b", b"c", b"d", b"e"])
    assert [(offsets, redelivered) for offsets, redelivered, _ in probe.seen[1:]] == [([1, 2], True), ([3, 4], False)]
    assert probe.state.applied(0) == {("in.day", 0): 4}
    probe.process("in.day", [3], [b"d"])
    assert probe.seen[-1][:2] == ([3], True)
    assert probe.state.applied(0) == {("in.day", 0): 4}, "an offset never goes back"


def test_blocks_that_wait_together_are_one_with_the_rows_in_their_order():
    probe = Probe()
    probe.process(TOPIC, [4, 7], [tasks("a", "b"), tasks("c")])
    assert probe.seen == [(4, 7, ["a", "b", "c"], False)]


def test_how_long_a_block_took_sets_the_pace():
    pace = Pace(most=60.0)
    probe = Probe(pace=pace)
    probe.process(TOPIC, [0], [tasks("a")])
    assert 0 < pace.linger() < 60
    probe.full = True
    before = pace.linger()
    with pytest.raises(OSError, match="no space"):
        probe.process(TOPIC, [1], [tasks("b")])
    assert pace.linger() == before, "it was not done"


def test_outputs_that_fail_leave_the_state_written_and_the_block_is_redelivered():
    probe = Probe()
    probe.full = True
    with pytest.raises(OSError, match="no space"):
        probe.process(TOPIC, [0], [tasks("a")])
    assert probe.value(b"rows") == b"1"
    probe.full = False
    probe.process(TOPIC, [0], [tasks("a")])
    assert probe.seen[-1] == (0, 0, ["a"], True)
    assert len(probe.sent) == 1


def test_a_function_that_fails_leaves_nothing_behind():
    probe = Probe()
    broken = replace(probe.runner.stage, blocks={TOPIC: lambda *_: 1 // 0})
    runner = StageRunner(broken, probe.state, probe, partitions=1)
    run = Run(TOPIC, 0, [0], [None], [tasks("a")], [0])
    with pytest.raises(ZeroDivisionError):
        asyncio.run(runner.process(Incoming(TOPIC, 0, run)))
    assert (probe.value(b"rows"), probe.state.applied(0), probe.sent) == (None, {}, [])
    probe.process(TOPIC, [0], [tasks("a")])
    assert probe.seen == [(0, 0, ["a"], False)]


def test_each_start_is_an_epoch_of_its_own():
    probe = Probe()
    probe.process("in.day", [0], [b"a"])
    probe.runner = StageRunner(probe.runner.stage, probe.state, probe, partitions=1)
    probe.process("in.day", [1], [b"b"])
    assert [epoch for *_, epoch in probe.seen] == [1, 2]


def test_what_others_wrote_in_between_is_not_taken_for_what_this_process_wrote():
    """Over Kafka an append of several batches may have another worker's batches between its own."""
    probe, cache = Probe(), probes_cache()
    probe.runner = StageRunner(
        replace(
            probe.runner.stage, blocks={TOPIC: lambda block, *_: [Output(TOPIC, block.rows), Output(TOPIC, block.rows)]}
        ),
        *(probe.state, probe),
        partitions=1,
        block_cache=cache,
    )

    async def in_between(messages):
        return {(TOPIC, 0): [5, 9][: len(messages)]}

    probe.append_outputs = in_between
    probe.process(TOPIC, [0], [tasks("a")])
    assert cache.take("probe", TOPIC, 0, [8]) is None
    assert cache.take("probe", TOPIC, 0, [5, 9])["reason"].to_list() == ["a", "a"]


def test_what_this_process_wrote_is_at_hand_under_the_offsets_of_the_log():
    probe = Probe(probes_cache())
    probe.process(TOPIC, [0], [tasks("a")])
    probe.process(TOPIC, [0], [b"not looked at"])
    assert probe.seen[-1] == (0, 0, ["a"], True)


def test_a_batch_that_cannot_be_unpacked_stops_a_stage_with_its_place():
    probe = Probe()
    refused = RefusedBatch.of(CannotUnpack("zstd", b"packed", "unpacks to more than 9 bytes"), 3, 7)
    with pytest.raises(
        BlockError, match=r"producer\.backlog-0: a packed batch, offsets 3 to 7 \(zstd, 6 bytes: unpacks"
    ):
        probe.process(TOPIC, [1, 7], [tasks("a"), refused])
    assert not probe.seen


class SlowProbe(Probe):
    """Its outputs are sent when `go` is set; `twice` is when its function was called twice."""

    def __init__(self):
        super().__init__()
        self.twice = threading.Event()

    def block(self, block, state, context):
        outputs = super().block(block, state, context)
        if len(self.seen) == 2:
            self.twice.set()
        return outputs

    async def append_outputs(self, messages):
        await self.go.wait()
        return await super().append_outputs(messages)

    async def begin(self, offset, reason):
        return await self.runner.begin(
            Incoming(TOPIC, 0, Run(TOPIC, 0, [offset], [None], [tasks(reason)], [0], first_offset=offset))
        )

    async def overlapped(self, *, full):
        """Two blocks, the second begun while the outputs of the first wait; what became of each."""
        self.go = asyncio.Event()
        first = await self.begin(0, "a")
        second = asyncio.create_task(self.begin(1, "b"))
        assert await asyncio.to_thread(self.twice.wait, 60)
        await asyncio.sleep(0.02)
        assert self.state.applied(0) == {(TOPIC, 0): 0}, "the second is not committed before the first's are sent"
        self.full = full
        self.go.set()

        async def both():
            await (await second)

        return await asyncio.gather(first, both(), return_exceptions=True)


def test_the_next_block_runs_while_outputs_are_sent_and_is_committed_behind_them():
    probe = SlowProbe()
    assert asyncio.run(probe.overlapped(full=False)) == [None, None]
    assert probe.seen == [(0, 0, ["a"], False), (1, 1, ["b"], False)]
    assert [message.rows["reason"].to_list() for message in probe.sent] == [["a"], ["b"]]
    assert (probe.value(b"rows"), probe.state.applied(0)) == (b"2", {(TOPIC, 0): 1})


def test_a_block_begun_while_outputs_fail_leaves_nothing_behind():
    probe = SlowProbe()
    failed = asyncio.run(probe.overlapped(full=True))
    assert [str(each) for each in failed] == ["no space left"] * 2
    assert (probe.value(b"rows"), probe.state.applied(0), probe.sent) == (b"1", {(TOPIC, 0): 0}, [])
    probe.full = False
    Probe.process(probe, TOPIC, [0, 1], [tasks("a"), tasks("b")])
    assert probe.seen[2:] == [(0, 0, ["a"], True), (1, 1, ["b"], False)]
