"""A recovery that is worth it counts its keys at the end, and gives what any other gives, also when it is killed."""

from __future__ import annotations

import asyncio
import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.streams.state import living_keys, partition
from suyuan.streams.state.errors import StateDivergedError
from suyuan.streams.state.key_digest import KeyDigest
from suyuan.streams.state.living_keys import LivingKeys
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.position import RESET_KEY
from suyuan.streams.state.rocks_store import RocksStore
from tests.streams.state.probe import after, running
from tests.streams.state.test_partition import copied, pairs
from tests.streams.state.test_recovery import scanned, tables, write_blocks

KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
CHANGES = st.dictionaries(KEYS, st.none() | st.binary(max_size=2), max_size=5)


@pytest.fixture(autouse=True)
def _each_is_worth_it(monkeypatch):
    monkeypatch.setattr(partition, "BULK_RECORDS", 0)


class AskedNothing(MemoryStore):
    """Says so when it is asked for what keys hold."""

    def get_many(self, keys):
        raise AssertionError(keys)


def written(commits):
    """The changelog of these commits (None: a reset), and the state that its writer has."""
    log, state = [], PartitionState(MemoryStore())
    for changes in commits:
        if changes is None:
            log.append((len(log), RESET_KEY, b""))
            state.replay(log[-1:])
            continue
        view = state.view()
        for key, value in changes.items():
            view.delete(key) if value is None else view.put(key, value)
        commit = state.prepare(view, {})
        log += [(len(log) + at, *record) for at, record in enumerate(zip(*commit.records(), strict=True))]
        state.write(commit, len(log) - 1)
    return log, state


def begun(store, log):
    state = PartitionState(store)
    have = state.changelog_offset
    state.begins_at(0)
    state.begin_recovery(len(log) - (0 if have is None else have + 1))
    return state


@given(commits=st.lists(st.none() | CHANGES, max_size=6), run=st.integers(1, 7), died=st.integers(0, 40))
def test_whatever_is_read_and_wherever_it_dies_the_keys_are_counted_in_the_end(commits, run, died):
    log, writer = written(commits)
    state = begun(MemoryStore(), log)
    for start in range(0, min(died, len(log)), run):
        state.replay(log[start : start + run])
    state = begun(copied(state.store), log)
    for start in range(0, len(log), run):
        state.replay(log[start : start + run])
    state.end_recovery()
    assert pairs(state) == pairs(writer)
    assert not state.lacks_keys
    if log:
        assert state.found_keys == KeyDigest.of(list(pairs(writer)))
        assert PartitionState(state.store).found_keys == state.found_keys


def test_no_key_is_looked_for_while_an_empty_store_is_filled():
    log, writer = written([{b"a": b"1", b"b": b"1"}, {b"a": None, b"c": b"2"}])
    state = begun(AskedNothing(), log)
    state.replay(log)
    state.end_recovery()
    assert state.found_keys == writer.found_keys
    assert pairs(state) == {b"b": b"1", b"c": b"2"}


def test_a_changelog_that_lacks_a_key_is_found_and_so_is_a_store_that_lost_one_before_a_kill():
    log, _ = written([{b"a": b"1"}, {b"b": b"1"}])
    state = begun(MemoryStore(), log)
    state.replay([record for record in log if record[1] != b"a"])
    state.end_recovery()
    assert state.lacks_keys

    state = begun(MemoryStore(), log)
    state.replay(log[:3])
    state.store.write_batch([b"a"], [None])
    state = begun(copied(state.store), log)
    state.replay(log)
    state.end_recovery()
    assert state.lacks_keys
    assert not state.rebuilt, "so that its folder is set aside"


def test_a_hash_that_two_keys_share_is_no_missing_key(monkeypatch):
    log, writer = written([{b"a": b"1", b"b": b"1"}])
    monkeypatch.setattr(living_keys, "hashes_of", _all_the_same)
    state = begun(MemoryStore(), log)
    state.replay(log)
    state.end_recovery()
    assert state.found_keys == writer.found_keys


def _all_the_same(keys):
    return np.zeros(len(keys), "<u8")


def test_a_few_records_for_a_store_that_has_more_are_counted_as_they_come():
    log, _ = written([{b"%d" % key: b"1" for key in range(50)}, {b"new": b"1"}])
    state = PartitionState(MemoryStore())
    state.replay(log[:-3])
    state.begin_recovery(3)
    assert not state.recovering
    state.replay(log)
    state.end_recovery()
    assert state.found_keys.count == 51


@given(steps=st.lists(st.tuples(CHANGES, st.booleans()), max_size=12), at_once=st.integers(1, 9))
def test_keys_that_remain_are_those_of_a_dict(steps, at_once):
    before, living_keys.SETTLED_AT_ONCE = living_keys.SETTLED_AT_ONCE, at_once
    try:
        living, there = LivingKeys(), {}
        for changes, cleared in steps:
            if cleared:
                living.clear()
                there.clear()
            living.note(changes)
            there |= changes
        assert living.digest() == KeyDigest.of([key for key, value in there.items() if value is not None])
    finally:
        living_keys.SETTLED_AT_ONCE = before


def test_a_store_takes_many_writes_and_then_reads_as_before(tmp_path):
    store = RocksStore(tmp_path / "db")
    store.begin_bulk()
    for number in range(40):
        store.write_batch([b"%d" % number, b"again"], [b"x", b"%d" % number])
        store.flush()
    assert len(list((tmp_path / "db").glob("*.sst"))) == 40, "nothing is compacted meanwhile"
    store.end_bulk()
    store.write_batch([b"later"], [b"y"])
    assert store.get_many([b"0", b"39", b"again", b"later"]) == [b"x", b"x", b"39", b"y"]
    store.close()
    assert RocksStore(tmp_path / "db").get(b"again") == b"39"


def test_a_lost_folder_comes_back_whole_and_is_written_to(tmp_path):
    digest = asyncio.run(write_blocks(tmp_path, range(3)))
    shutil.rmtree(tables(tmp_path))

    async def scenario():
        async with running(tmp_path) as probe:
            state = probe.state.table.data.partition(0)
            assert probe.state.digest(0) == digest
            assert not state.recovering
            assert state.found_keys == state.position.keys
            await probe.write(0, {b"new": b"1"}, 9)
        async with running(tmp_path) as probe:
            assert scanned(probe) == after(3) | {b"new": b"1"}

    asyncio.run(scenario())


def test_a_folder_that_lost_a_key_in_a_recovery_that_was_killed_is_set_aside(tmp_path, monkeypatch):
    asyncio.run(write_blocks(tmp_path, range(3)))
    shutil.rmtree(tables(tmp_path))
    monkeypatch.setattr(PartitionState, "end_recovery", lambda _: None)  # killed before it

    async def begun_only():
        async with running(tmp_path) as probe:
            lost = next(iter(scanned(probe)))
            probe.state.table.data.partition(0).store.write_batch([lost], [None])

    asyncio.run(begun_only())
    monkeypatch.undo()
    monkeypatch.setattr(partition, "BULK_RECORDS", 0)

    async def scenario():
        async with running(tmp_path):
            raise AssertionError("it was believed")

    with pytest.raises(StateDivergedError):
        asyncio.run(scenario())
    assert list(tables(tmp_path).glob("probe-state-0.db.aside-*"))
