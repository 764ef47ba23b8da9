"""What every sink promises: each dead letter is there once, whatever dies when and whatever comes again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from suyuan.sinks.attempts import BackOff
from suyuan.sinks.batches import Batch, Span, read_for_batch
from suyuan.sinks.loader import Loader
from tests.sinks.memory_log import HOLE, KilledError
from tests.sinks.rows import block, dead_letter

TOPIC = "dead_letter"
AT_ONCE = BackOff(first=0.0, longest=0.0)


def letters(*offsets, **fields):
    return block(TOPIC, *(dead_letter("in.listing", 0, offset, **fields) for offset in offsets))


class Interrupted:
    """The sink, as a process sees it that dies, or an attempt that fails, before or after its write."""

    def __init__(self, sink, *, before=None, after=None):
        self.group, self.targets = sink.group, sink.targets
        self._sink, self._before, self._after = sink, before, after

    def write(self, batch):
        before, self._before = self._before, None
        if before is not None:
            raise before
        self._sink.write(batch)
        after, self._after = self._after, None
        if after is not None:
            raise after


class WritingContract:
    """Fixtures: `sink`, empty, whose `dead_letter` target is loaded here; `written()`: (topic, partition, offset) of
    each dead letter, sorted, as often as it is stored.
    """

    def load(self, log, sink):
        targets = [target for target in sink.targets if target.topic == TOPIC]
        return Loader(log, sink, targets, back_off=AT_ONCE).drain()

    def at(self, *offsets):
        return [("in.listing", 0, offset) for offset in offsets]

    def test_the_rows_of_all_partitions_are_written(self, sink, log, written):
        log.append(TOPIC, 0, letters(0, 1))
        log.append(TOPIC, 1, letters(2))
        assert self.load(log, sink) == 3
        assert written() == self.at(0, 1, 2)
        assert log.committed(sink.group, TOPIC, 0) == (1, "")

    def test_the_same_batch_twice_is_written_once(self, sink, written):
        (target,) = (each for each in sink.targets if each.topic == TOPIC)
        batch = Batch.of(target, [Span(0, 0, 1)], [read_for_batch(letters(0, 1)), read_for_batch(letters(2))])
        sink.write(batch)
        sink.write(replace(batch, repeated=True))
        assert written() == self.at(0, 1, 2)

    @pytest.mark.parametrize("step", ["before", "after"])
    def test_killed_before_or_after_the_write(self, sink, log, written, step):
        log.append(TOPIC, 0, letters(0, 1), letters(2))
        with pytest.raises(KilledError):
            self.load(log, Interrupted(sink, **{step: KilledError()}))
        assert log.committed(sink.group, TOPIC, 0)[0] == 0
        log.append(TOPIC, 0, letters(3))
        self.load(log, sink)
        assert written() == self.at(0, 1, 2, 3)

    @pytest.mark.parametrize("commit", [1, 2])
    def test_killed_at_a_commit(self, sink, log, written, commit):
        log.append(TOPIC, 0, letters(0, 1))
        log.crash_at_commit = commit
        with pytest.raises(KilledError):
            self.load(log, sink)
        self.load(log, sink)
        assert written() == self.at(0, 1)

    @pytest.mark.parametrize("step", ["before", "after"])
    def test_an_attempt_that_fails_is_repeated(self, sink, log, written, step):
        log.append(TOPIC, 0, letters(0, 1))
        assert self.load(log, Interrupted(sink, **{step: ConnectionResetError("gone")})) == 2
        assert written() == self.at(0, 1)

    def test_offsets_without_a_record_are_gone_past(self, sink, log, written):
        log.append(TOPIC, 0, HOLE, HOLE)
        assert self.load(log, sink) == 0
        assert log.committed(sink.group, TOPIC, 0)[0] == 2
        assert written() == []
