"""State in a Faust table over the embedded log: what is there after a restart, a kill, a loss."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types.tuples import TP

from suyuan.connections.refused_batch import RefusedBatch
from suyuan.connections.unpacking import CannotUnpack
from suyuan.eventlog.log import Log
from suyuan.eventlog.records import Records
from suyuan.streams import metrics
from suyuan.streams.stage import Run
from suyuan.streams.state.errors import (
    ChangelogUnreadableError,
    RecoveryStalledError,
    StateClosedError,
    StateConflictError,
    StateError,
    StateLockedError,
)
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.rocks_store import RocksStore
from suyuan.streams.state.settings import StateSettings
from tests import prepared
from tests.streams.state.probe import CHANGELOG, PARTITIONS, after, block, running

Scenario = Callable[[Path], Coroutine[Any, Any, None]]


def tables(folder: Path) -> Path:
    return next((folder / "state").rglob("tables"))


def scanned(probe, partition=0):
    return dict(probe.state.view(partition).scan(b""))


async def write_blocks(folder: Path, blocks: range) -> str:
    async with running(folder) as probe:
        for number in blocks:
            await probe.write(0, block(number), number)
        return probe.state.digest(0)


def with_log(folder: Path, work: Callable[[Log], Any]) -> Any:
    with Log.open(folder / "log") as log:
        return work(log)


def test_state_position_and_epoch_survive_a_restart(tmp_path):
    async def scenario():
        async with running(tmp_path) as probe:
            assert probe.state.applied(0) == {}
            assert probe.state.begin_epoch(0) == 1
            await probe.write(0, {b"k": b"1"}, 4)
            await probe.write(0, {b"l": b"2"}, 7, "other")
            await probe.write(1, {b"k": b"of partition 1"}, 9)
        async with running(tmp_path) as probe:
            assert scanned(probe) == {b"k": b"1", b"l": b"2"}
            assert probe.state.view(1).get(b"k") == b"of partition 1"
            assert probe.state.applied(0) == {("in", 0): 4, ("other", 0): 7}
            assert probe.state.begin_epoch(0) == 2

    asyncio.run(scenario())


def test_a_restart_replays_nothing_and_a_lost_folder_everything(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    digest = asyncio.run(write_blocks(tmp_path, range(3)))
    written = with_log(tmp_path, lambda log: log.end_offset(CHANGELOG, 0))
    assert asyncio.run(write_blocks(tmp_path, range(0))) == digest
    assert "probe-state-0 is whole: 0 changelog records replayed" in caplog.text
    shutil.rmtree(tables(tmp_path))

    async def scenario():
        async with running(tmp_path) as probe:
            assert f"probe-state-0 is whole: {written} changelog records replayed" in caplog.text
            assert probe.state.digest(0) == digest
            assert scanned(probe) == after(3)
            assert probe.state.applied(0) == {("in", 0): 2}

    asyncio.run(scenario())


def test_metrics_tell_that_state_is_read_back_and_how_much(tmp_path, monkeypatch):
    asyncio.run(write_blocks(tmp_path, range(3)))
    written = with_log(tmp_path, lambda log: log.end_offset(CHANGELOG, 0))
    shutil.rmtree(tables(tmp_path))
    recovering, recovered = metrics.RECOVERING.labels("probe"), metrics.RECOVERED.labels("probe")
    replay, meanwhile, before = PartitionState.replay_columns, [], recovered._value.get()

    def noting(state, *run):
        meanwhile.append(recovering._value.get())
        replay(state, *run)

    monkeypatch.setattr(PartitionState, "replay_columns", noting)
    asyncio.run(write_blocks(tmp_path, range(0)))
    assert set(meanwhile) == {1}
    assert recovering._value.get() == 0
    assert recovered._value.get() - before == written


def test_a_compacted_changelog_rebuilds_the_same(tmp_path):
    digest = asyncio.run(write_blocks(tmp_path, range(5)))
    assert with_log(tmp_path, lambda log: log.compact(CHANGELOG)) > 0
    shutil.rmtree(tables(tmp_path))
    assert asyncio.run(write_blocks(tmp_path, range(0))) == digest


def test_what_was_read_of_a_partition_that_was_taken_away_is_passed_over(tmp_path):
    """What Faust holds may come when the partition is another's."""
    run = {"timestamps": [0], "redelivered": False}
    read = [
        SimpleNamespace(message=SimpleNamespace(partition=each, value=Run(CHANGELOG, each, [0], [b"k"], [b"1"], **run)))
        for each in (0, 1)
    ]

    async def scenario():
        async with running(tmp_path) as probe:
            store, taken = probe.state.table.data, {TP(CHANGELOG, 0)}
            await store.on_rebalance(set(), taken, set())
            for each in read:
                await store.apply(each)
            assert scanned(probe, 1) == {b"k": b"1"}
            assert not probe.app.crashed
            await store.on_rebalance(taken, set(), taken)
            assert scanned(probe) == {}

    asyncio.run(scenario())


def test_a_partition_that_is_taken_away_while_a_run_is_applied_is_left_and_nothing_stops(tmp_path, monkeypatch):
    run = Run(CHANGELOG, 0, [0], [b"k"], [b"1"], [0])
    applying, taken = threading.Event(), threading.Event()
    replay = PartitionState.replay_columns

    def held(state, *columns):
        applying.set()
        assert taken.wait(30)
        replay(state, *columns)

    async def scenario():
        async with running(tmp_path) as probe:
            store = probe.state.table.data
            monkeypatch.setattr(PartitionState, "replay_columns", held)
            applied = asyncio.ensure_future(
                store.apply(SimpleNamespace(message=SimpleNamespace(partition=0, value=run)))
            )
            await asyncio.to_thread(applying.wait, 30)
            opened = asyncio.ensure_future(store.on_rebalance({TP(CHANGELOG, 0)}, {TP(CHANGELOG, 0)}, set()))
            await asyncio.sleep(0.05)
            assert not opened.done(), "a state is for one thread at a time"
            store.partitions.pop(0).store.close()
            taken.set()
            await applied
            await opened
            assert not probe.app.crashed

    asyncio.run(scenario())


def test_a_changelog_with_a_batch_that_cannot_be_unpacked_stops_the_app(tmp_path):
    refused = RefusedBatch.of(CannotUnpack("zstd", b"packed", "unpacks to more than 9 bytes"), 3, 7)
    run = Run(CHANGELOG, 0, [2, 7], [b"k", None], [b"1", refused], [0, 0])

    async def scenario():
        async with running(tmp_path) as probe:
            store = probe.state.table.data
            with pytest.raises(ChangelogUnreadableError, match="offset 7: a packed batch, offsets 3 to 7"):
                await store.apply(SimpleNamespace(message=SimpleNamespace(partition=0, value=run)))
            await asyncio.sleep(0.1)
            assert probe.app.crashed

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("where", "blocks"),
    [("before the changelog", 3), ("before the store", 4), ("after the store", 4)],
)
def test_killed_at_any_step_a_block_is_in_the_state_whole_or_not_at_all(tmp_path, where, blocks):
    program = [sys.executable, "-m", "tests.streams.state.probe", str(tmp_path), where]
    died = prepared.run(program, capture_output=True, text=True, check=False)
    assert died.returncode == -9, died.stderr

    async def scenario():
        async with running(tmp_path) as probe:
            assert scanned(probe) == after(blocks)
            assert probe.state.applied(0) == {("in", 0): blocks - 1}
            assert probe.state.begin_epoch(0) == 2
            await probe.write(0, block(blocks), blocks)
            digest = probe.state.digest(0)
        shutil.rmtree(tables(tmp_path))
        async with running(tmp_path) as probe:
            assert probe.state.digest(0) == digest
            assert scanned(probe) == after(blocks + 1)

    asyncio.run(scenario())


def test_the_front_of_a_batch_in_the_changelog_is_not_applied_and_is_corrected_later(tmp_path):
    asyncio.run(write_blocks(tmp_path, range(2)))
    keys = [b"\x00batch", b"hot0", b"torn"]
    with_log(tmp_path, lambda log: log.append(CHANGELOG, 0, Records(keys, [b"1", b"torn", b"torn"])))

    async def scenario():
        async with running(tmp_path) as probe:
            assert scanned(probe) == after(2)
            await probe.write(0, {b"new": b"1"}, 2)
        with_log(tmp_path, lambda log: log.compact(CHANGELOG))
        shutil.rmtree(tables(tmp_path))
        async with running(tmp_path) as probe:
            assert scanned(probe) == after(2) | {b"new": b"1"}

    asyncio.run(scenario())


def test_a_changelog_that_is_gone_is_written_anew_from_the_state(tmp_path, monkeypatch):
    monkeypatch.setattr("suyuan.streams.state.republish.CHUNK", 7)
    digest = asyncio.run(write_blocks(tmp_path, range(3)))
    shutil.rmtree(tmp_path / "log")

    async def interrupted():
        async with running(tmp_path) as probe:
            appends = iter([False, False, True])
            append_many = probe.append_many

            async def fail_at_the_third(*arguments):
                if next(appends):
                    raise OSError("no room")
                return await append_many(*arguments)

            probe.append_many = fail_at_the_third
            with pytest.raises(OSError, match="no room"):
                await probe.write(0, {}, 2)

    async def scenario():
        async with running(tmp_path) as probe:
            assert probe.state.digest(0) == digest
            await probe.write(0, {}, 2)
        shutil.rmtree(tables(tmp_path))
        async with running(tmp_path) as probe:
            assert probe.state.digest(0) == digest
            assert probe.state.applied(0) == {("in", 0): 2}

    asyncio.run(interrupted())
    asyncio.run(scenario())


def test_a_log_that_lost_its_end_is_believed(tmp_path):
    asyncio.run(write_blocks(tmp_path, range(2)))
    shutil.copytree(tmp_path / "log", tmp_path / "earlier")
    asyncio.run(write_blocks(tmp_path, range(2, 4)))
    shutil.rmtree(tmp_path / "log")
    (tmp_path / "earlier").rename(tmp_path / "log")

    async def scenario():
        async with running(tmp_path) as probe:
            assert scanned(probe) == after(2)
            assert probe.state.applied(0) == {("in", 0): 1}

    asyncio.run(scenario())
    assert (tables(tmp_path) / "probe-state-0.db.aside-1").is_dir()


def test_a_failed_commit_is_repeated_before_anything_else_is_committed(tmp_path):
    async def scenario():
        async with running(tmp_path) as probe:
            probe.refuse_appends = True
            view = probe.state.view(0)
            view.put(b"k", b"1")
            with pytest.raises(OSError, match="no room"):
                await probe.state.commit(0, view, {("in", 0): 1})
            assert probe.state.applied(0) == {}
            probe.refuse_appends = False
            with pytest.raises(StateConflictError, match="did not finish"):
                await probe.write(0, {b"other": b"1"}, 2)
            await probe.state.commit(0, view, {("in", 0): 1})
            assert scanned(probe) == {b"k": b"1"}
            with pytest.raises(StateConflictError, match="another commit"):
                await probe.state.commit(0, view, {("in", 0): 2})

    asyncio.run(scenario())


def test_only_assigned_partitions_have_state_and_only_commit_writes_it(tmp_path):
    async def scenario():
        async with running(tmp_path) as probe:
            with pytest.raises(StateClosedError, match="not assigned"):
                probe.state.view(PARTITIONS)
            with pytest.raises(TypeError, match=r"StageState\.commit"):
                probe.state.table[b"k"] = b"v"
            view = probe.state.view(0)
        with pytest.raises(StateClosedError):
            view.get(b"k")

    asyncio.run(scenario())


def start_fails(folder: Path, error: type[StateError], settings: StateSettings | None = None) -> str:
    async def scenario():
        async with running(folder, settings):
            pass

    with pytest.raises(error) as raised:
        asyncio.run(scenario())
    return str(raised.value)


def test_a_folder_in_use_stops_the_app_and_is_named(tmp_path):
    asyncio.run(write_blocks(tmp_path, range(1)))
    other = RocksStore(tables(tmp_path) / "probe-state-0.db")
    assert "probe-state-0.db is in use" in start_fails(tmp_path, StateLockedError)
    other.close()


def test_a_recovery_without_progress_ends_at_its_deadline(tmp_path, monkeypatch):
    asyncio.run(write_blocks(tmp_path, range(1)))
    shutil.rmtree(tables(tmp_path))
    monkeypatch.setattr(Log, "fetch", lambda *_: [])
    assert "recovery is not complete" in start_fails(
        tmp_path, RecoveryStalledError, StateSettings(recovery_deadline=0.2)
    )


def test_state_of_a_newer_version_stops_the_app(tmp_path):
    asyncio.run(write_blocks(tmp_path, range(1)))
    shutil.rmtree(tables(tmp_path))
    newer = b'{"format":99,"epoch":1,"applied":[]}'
    with_log(tmp_path, lambda log: log.append(CHANGELOG, 0, Records([b"\x00position"], [newer])))
    assert "newer than this version" in start_fails(tmp_path, StateError)
