"""A partition's state and its changelog, without Faust: whatever dies where, replay gives what some commit left."""

from __future__ import annotations

import asyncio
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.streams.state.cache import CachedReader
from suyuan.streams.state.errors import StateConflictError, StateUnwritableError
from suyuan.streams.state.key_digest import KeyDigest
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.position import BATCH_KEY, POSITION_KEY, RESET_KEY, Position, encode_position
from suyuan.streams.state.republish import mark_republish, must_republish
from suyuan.streams.state.rocks_store import RocksStore
from suyuan.streams.state.stage_state import MemoryStageState
from suyuan.streams.transport.life import Life

Record = tuple[int, bytes, bytes | None]

KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])
COMMITS = st.lists(
    st.tuples(
        st.dictionaries(KEYS, st.none() | st.binary(max_size=2), max_size=4),
        st.none()
        | st.integers(0, 5),  # records of it that reached the changelog before the writer died; None: it lived
        st.integers(0, 3),  # commits that the store had not flushed by then
    ),
    max_size=8,
)


def pairs(state: PartitionState) -> dict[bytes, bytes]:
    return dict(state.view().scan(b""))


def copied(store: MemoryStore) -> MemoryStore:
    copy = MemoryStore()
    copy.write_batch(*zip(*store.scan(b""), strict=True) if store.scan(b"") else ((), ()))
    return copy


def compacted(log: list[Record]) -> list[Record]:
    """Only the last of each key, but what no batch that counts has ended yet is left alone."""
    marks = [(index, key) for index, (_, key, _) in enumerate(log) if key in {BATCH_KEY, POSITION_KEY}]
    ended = len(log)
    if marks and marks[-1][1] == BATCH_KEY:
        ended = max((index + 1 for index, key in marks if key == POSITION_KEY), default=0)
    last = {key: offset for offset, key, _ in log[:ended]}
    return [record for record in log[:ended] if last[record[1]] == record[0]] + log[ended:]


def recovered(store: MemoryStore, log: list[Record], run: int) -> PartitionState:
    state = PartitionState(store)
    for start in range(0, len(log), run):
        state.replay(log[start : start + run])
    return state


@given(commits=COMMITS, run=st.integers(1, 5), compacting=st.booleans())
def test_replay_gives_the_last_whole_commit_wherever_writers_died(commits, run, compacting):
    log: list[Record] = []
    end = 0
    flushed = [MemoryStore()]
    state, model, applied = PartitionState(copied(flushed[0])), {}, -1
    for number, (changes, reached, unflushed) in enumerate(commits):
        view = state.view()
        for key, value in changes.items():
            if value is None:
                view.delete(key)
            else:
                view.put(key, value)
        commit = state.prepare(view, {("in", 0): number})
        records = list(zip(*commit.records(), strict=True))
        log += [(end + at, *record) for at, record in enumerate(records[:reached])]
        end = log[-1][0] + 1 if log else 0
        if reached is None or reached >= len(records):
            model, applied = model | changes, number
        if reached is None:
            state.write(commit, end - 1)
            flushed.append(copied(state.store))
        else:
            log = compacted(log) if compacting else log
            del flushed[max(1, len(flushed) - unflushed) :]
            state = recovered(copied(flushed[-1]), log, run)
        assert pairs(state) == {key: value for key, value in model.items() if value is not None}
        assert state.position.applied == ({("in", 0): applied} if applied >= 0 else {})
    commit = state.prepare(state.view(), {})  # corrects what a torn batch left in the changelog
    log += [(end + at, key, value) for at, (key, value) in enumerate(zip(*commit.records(), strict=True))]
    for whole in (log, compacted(log)):
        assert pairs(recovered(MemoryStore(), whole, run)) == pairs(state)


def test_an_offset_applied_never_goes_back_and_topics_do_not_mix():
    state = PartitionState(MemoryStore())
    for topic, offset in (("in", 5), ("in", 3), ("other", 1)):
        state.write(state.prepare(state.view(), {(topic, 0): offset}))
    assert state.position.applied == {("in", 0): 5, ("other", 0): 1}


def test_reserved_keys_can_neither_be_written_nor_seen():
    state = PartitionState(MemoryStore())
    state.write(state.prepare(state.view(), {("in", 0): 5}), 7)
    view = state.view()
    assert view.scan(b"") == view.scan(b"\x00") == view.scan(b"", b"\x00") == []
    view.put(b"\x00mine", b"1")
    with pytest.raises(ValueError, match="reserved"):
        state.prepare(view, {})


def test_a_write_that_fails_can_be_repeated_and_loses_nothing(monkeypatch):
    store = MemoryStore()
    state = PartitionState(store)
    view = state.view()
    view.put(b"k", b"1")
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_batch", _full)
        with pytest.raises(StateUnwritableError):
            state.write(state.prepare(view, {("in", 0): 1}), 3)
    assert pairs(state) == {}
    state.write(state.prepare(view, {("in", 0): 1}), 6)
    assert pairs(state) == {b"k": b"1"}


def test_after_a_replay_that_failed_nothing_more_is_applied(monkeypatch):
    store = MemoryStore()
    state = PartitionState(store)
    state.replay([(0, b"\x00batch", b"1"), (1, b"held", b"1")])
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_batch", _full)
        with pytest.raises(StateUnwritableError):
            state.replay([(2, b"\x00position", b'{"format":1,"epoch":1,"applied":[]}')])
    with pytest.raises(StateUnwritableError):
        state.replay([(3, b"k", b"1")])
    assert store.scan(b"") == []


def _full(*_):
    raise StateUnwritableError("no room")


def test_that_a_changelog_must_be_written_anew_is_known_after_a_kill(tmp_path):
    state = PartitionState(RocksStore(tmp_path / "db"))
    state.write(state.prepare(state.view(), {}), 1000)
    mark_republish(state)
    shutil.copytree(tmp_path / "db", tmp_path / "killed", ignore=shutil.ignore_patterns("LOCK"))
    found = PartitionState(RocksStore(tmp_path / "killed"))
    assert must_republish(found)
    assert found.changelog_offset is None
    state.store.close()
    found.store.close()


def test_state_without_faust_commits_and_counts_epochs():
    state = MemoryStageState()
    assert state.begin_epoch(3) == 1
    view = state.view(3)
    view.put_many([b"k", b"l", b"k"], [b"1", b"2", b"3"])
    state.commit_now(3, view, {("in", 3): 8})
    assert state.begin_epoch(3) == 2
    assert state.applied(3) == {("in", 3): 8}
    assert state.view(3).get_many([b"k", b"l", b"m"]) == [b"3", b"2", None]
    assert state.view(2).get(b"k") is None
    with pytest.raises(StateConflictError, match="another commit"):
        asyncio.run(state.commit(3, view, {}))


class Counting(MemoryStore):
    """Counts the keys that are read."""

    read = 0

    def get_many(self, keys):
        self.read += len(keys)
        return super().get_many(keys)


def test_a_cache_keeps_within_its_bounds_and_reads_hot_keys_once():
    store = Counting()
    keys = [b"%05d" % number for number in range(1000)]
    store.write_batch(keys, [b"v" * 100] * 1000)
    cache = CachedReader(store, entries=200, size=1 << 20)
    hot = keys[:20]
    for start in range(20, 1000, 20):
        assert cache.get_many([*hot, *keys[start : start + 20]]) == [b"v" * 100] * 40
        assert cache.entries <= 200
    assert store.read == 1000  # each cold key once, the hot ones once for all
    small = CachedReader(store, entries=1000, size=20_000)
    small.get_many(keys)
    assert 10_000 <= small.size + 300 <= 20_300
    small.refresh(keys, [b"w" * 200] * len(keys))
    assert small.get_many(keys[-10:]) == [b"w" * 200] * 10
    absent = store.read
    assert cache.get_many([b"none"]) == cache.get_many([b"none"]) == [None]
    assert store.read == absent + 1


def test_a_cache_holds_what_will_be_read_as_soon_as_it_is_written():
    store = MemoryStore()
    cache = CachedReader(store, entries=100, size=1 << 20, prefixes=(b"facts",))
    cache.refresh([b"facts-lot", b"listing", b"facts-gone"], [b"1", b"2", None])
    assert (cache.get(b"facts-lot"), cache.get(b"facts-gone"), cache.get(b"listing")) == (b"1", None, None)
    cache.refresh([b"facts-lot"], [b"3"])
    assert cache.get(b"facts-lot") == b"3"
    store.write_batch([b"facts-lot"], [b"4"])
    assert cache.get(b"facts-lot") == b"3"  # from memory
    nothing = CachedReader(store, entries=0, prefixes=(b"facts",))
    nothing.refresh([b"facts-lot"], [b"5"])
    assert nothing.get(b"facts-lot") == b"4"


def test_what_is_written_unread_is_counted_and_stays_out_of_the_cache():
    store = Counting()
    state = PartitionState(store)
    for expected in (6, 5):
        view = state.view()
        view.put_many([b"k%d" % number for number in range(5)], [b"v"] * 5)
        assert view.came_and_went()[0].count == 5 * (expected - 5), "the first time none of them is there"
        view.put(b"more", b"v")
        if expected == 5:
            view.delete(b"k0")
            view.delete(b"never")
        state.write(state.prepare(view, {}))
        assert state.found_keys == state.position.keys
        assert state.found_keys.count == expected
    before = store.read
    state.view().get_many([b"k1", b"k2"])
    assert store.read == before + 2


def test_a_limited_scan_reads_on_behind_what_is_pending_deletion():
    state = PartitionState(MemoryStore())
    view = state.view()
    keys = [b"k%02d" % number for number in range(50)]
    view.put_many(keys, keys)
    state.write(state.prepare(view, {}))
    view = state.view()
    for key in keys[:45]:
        view.delete(key)
    view.put(b"k03x", b"new")
    assert view.scan(b"k", None, 3) == [(b"k03x", b"new"), (b"k45", b"k45"), (b"k46", b"k46")]
    assert view.scan(b"k", b"k45", 9) == [(key, key) for key in keys[46:]]


@pytest.mark.parametrize("run", [1, 2, 100])
def test_a_reset_forgets_the_pairs_before_it_but_not_the_epoch(run, tmp_path):
    applied = {("in.listing", 0): 41, ("producer.listing", 0): 7}
    log: list[Record] = [
        (0, BATCH_KEY, b"1"),
        (1, b"before", b"1"),
        (2, POSITION_KEY, encode_position(Position(7, applied))),
        (3, BATCH_KEY, b"1"),
        (4, b"torn", b"1"),
        (5, RESET_KEY, b"1"),
    ]
    empty = recovered(MemoryStore(), log, run)
    at_hand = recovered(MemoryStore(), log[:3], run)
    at_hand.replay(log[3:])
    on_disk = recovered(RocksStore(tmp_path / "db"), log, run)
    for state in (empty, at_hand, on_disk):
        assert pairs(state) == {}
        orders = {("in.listing", 0): Life(reached=42)}  # a listing's versions
        assert state.position == Position(7, {}, orders, keys=KeyDigest())
        assert state.begin_epoch() == 8
        state.replay([(6, BATCH_KEY, b"1"), (7, b"after", b"1"), (8, POSITION_KEY, encode_position(Position(8, {})))])
        assert pairs(state) == {b"after": b"1"}
        assert state.changelog_offset == 8
    on_disk.store.close()


def test_what_a_writer_of_an_earlier_epoch_wrote_too_late_does_not_count():
    """A worker that stood still while others took its partition."""
    log: list[Record] = [
        (0, BATCH_KEY, b"1"),
        (1, b"a", b"new"),
        (2, POSITION_KEY, encode_position(Position(2, {("in.listing", 0): 9}))),
        (3, BATCH_KEY, b"1"),
        (4, b"a", b"old"),
        (5, POSITION_KEY, encode_position(Position(1, {("in.listing", 0): 4}))),
    ]
    for run in (1, 3, 6):
        state = recovered(MemoryStore(), log, run)
        assert pairs(state) == {b"a": b"new"}
        assert state.position == Position(2, {("in.listing", 0): 9})
        assert state.changelog_offset == 5


def test_the_front_of_a_batch_that_came_too_late_does_not_count():
    """Its writer could send no more of it; the owner, who never knew of it, begins a batch of its own."""
    log: list[Record] = [
        (0, BATCH_KEY, b"1"),
        (1, b"a", b"new"),
        (2, POSITION_KEY, encode_position(Position(2, {}))),
        (3, BATCH_KEY, b"1"),
        (4, b"a", b"old"),
        (5, BATCH_KEY, b"1"),
        (6, b"b", b"new"),
        (7, POSITION_KEY, encode_position(Position(2, {}))),
    ]
    for run in (1, 4, 8):
        state = recovered(MemoryStore(), log, run)
        assert pairs(state) == {b"a": b"new", b"b": b"new"}
        commit = state.prepare(view := state.view(), {})
        assert view.changes() == ([], [])
        assert (b"a", b"new") in zip(*commit.records(), strict=True), "compaction would keep the old one"


def test_the_front_of_a_batch_that_came_too_late_ends_no_batch_of_the_owner():
    log: list[Record] = [
        (0, BATCH_KEY, b"2"),
        (1, b"a", b"new"),
        (2, BATCH_KEY, b"1"),
        (3, b"c", b"old"),
        (4, b"b", b"new"),
        (5, POSITION_KEY, encode_position(Position(2, {}))),
    ]
    for run in (1, 4, 6):
        found = pairs(recovered(MemoryStore(), log, run))
        assert (found[b"a"], found[b"b"]) == (b"new", b"new")


def test_a_view_reads_a_key_once_and_keeps_what_it_peeks_at_out_of_the_cache():
    store = Counting()
    store.write_batch([b"k1", b"k2", b"k3"], [b"v"] * 3)
    state = PartitionState(store)
    before = store.read
    view = state.view()
    view.put(b"k3", b"w")
    assert view.peek_many([b"k1", b"k3", b"none"]) == [b"v", b"w", None]
    assert view.get_many([b"k2", b"k3"]) == [b"v", b"w"]
    assert [view.get(key) for key in (b"k1", b"k2", b"k3", b"none")] == [b"v", b"v", b"w", None]
    assert store.read == before + 3
    view = state.view()
    assert [view.get(key) for key in (b"k1", b"k2", b"none")] == [b"v", b"v", None]
    assert store.read == before + 5


@pytest.mark.parametrize("gone", [{2}, {2, 3}, {2, 3, 5}, {3}, {0, 2, 3, 5}])
def test_a_mark_whose_position_compaction_took_begins_a_batch_that_counts(gone):
    state, log = PartitionState(MemoryStore()), []
    for number in range(3):
        view = state.view()
        view.put(b"%d" % number, b"x")
        commit = state.prepare(view, {("in", 0): number})
        log += [(len(log) + at, *record) for at, record in enumerate(zip(*commit.records(), strict=True))]
        state.write(commit, len(log) - 1)
    kept = [record for record in log if record[0] not in gone]
    assert {log[offset][1] for offset in gone} <= {BATCH_KEY, POSITION_KEY}
    again = recovered(MemoryStore(), kept, 2)
    assert pairs(again) == pairs(state) == {b"0": b"x", b"1": b"x", b"2": b"x"}
    assert not again.lacks_keys
