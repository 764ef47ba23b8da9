"""What a partition's state does about records that another owner wrote to its changelog, whatever leases do."""

from __future__ import annotations

import asyncio
import shutil
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.eventlog.records import Records
from suyuan.streams.state.errors import StateBehindError, StateDivergedError
from suyuan.streams.state.key_digest import KeyDigest
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.position import BATCH_KEY, KEYS_KEY, OFFSET_KEY, decode_keys, encode_keys
from suyuan.streams.state.rocks_store import RocksStore
from tests.streams.state.probe import CHANGELOG, after, block, running
from tests.streams.state.test_recovery import scanned, tables, with_log, write_blocks


class Owner:
    """A state, and its changelog as a list that it shares with others."""

    def __init__(self, log):
        self.log, self.state = log, PartitionState(MemoryStore())
        self.recover()

    def recover(self):
        self.state.begins_at(0)
        self.state.replay([(offset, *record) for offset, record in enumerate(self.log)], 0, len(self.log))
        self.state.begin_epoch()

    def prepared(self, pairs, applied=0):
        view = self.state.view()
        for key, value in pairs.items():
            view.delete(key) if value is None else view.put(key, value)
        commit = self.state.prepare(view, {("in", 0): applied})
        return commit, list(zip(*commit.records(), strict=True))

    def commit(self, pairs, applied=0):
        commit, records = self.prepared(pairs, applied)
        self.log.extend(records)
        self.state.write(commit, len(self.log) - 1)

    @property
    def pairs(self):
        return dict(self.state.view().scan(b""))


def test_a_batch_that_lies_behind_records_of_another_is_not_taken_for_written():
    log = []
    w1 = Owner(log)
    w1.commit({b"a": b"1"})
    late, records = w1.prepared({b"b": b"1"})
    w2 = Owner(log)
    w2.commit({b"c": b"2"})
    log.extend(records)
    with pytest.raises(StateBehindError, match="another process wrote in between"):
        w1.state.write(late, len(log) - 1)
    assert w1.state.store.get(b"b") is None
    with pytest.raises(StateBehindError):
        w1.prepared({})
    assert Owner(log).pairs == {b"a": b"1", b"c": b"2"}


def test_an_owner_finds_what_came_from_the_one_before_and_goes_on_when_it_begins_anew():
    """w2 recovers while w1's last batch is still on its way, of the same epoch as w2's first."""
    log = []
    w1 = Owner(log)
    late, records = w1.prepared({b"a": b"1"}, 1)
    w2 = Owner(log)
    log.extend(records)
    w1.state.write(late, len(log) - 1)
    with pytest.raises(StateBehindError):
        w2.commit({b"a": b"2", b"b": b"2"}, 1)
    again = Owner(log)
    assert again.pairs == {b"a": b"1"}, "w2 stopped before it stored or sent anything"
    again.commit({b"b": b"3"}, 2)
    assert Owner(log).pairs == {b"a": b"1", b"b": b"3"}


INTERRUPTIONS = st.integers(0, 8)


@given(begun=INTERRUPTIONS, sent=INTERRUPTIONS, run=st.integers(1, 30), zombie=st.booleans())
def test_a_batch_counts_whole_or_not_at_all_wherever_another_writes_into_it(begun, sent, run, zombie):
    """Kafka appends a commit of megabytes in several requests, and another writer's may come in between: the rest of
    one that had lost the partition (`zombie`), or of the next owner.
    """
    log = []
    w1 = Owner(log)
    w1.commit({b"hot": b"0", b"gone": b"0"})
    first, ours = w1.prepared({b"hot": b"w1", **{b"w1-%d" % key: b"" for key in range(5)}, b"gone": None}, 1)
    w2 = Owner(log)
    if zombie:
        w2.commit({b"hot": b"w2"}, 1)
    second, theirs = w2.prepared({b"hot": b"w2 again", **{b"w2-%d" % key: b"" for key in range(4)}}, 2)
    cut, until = min(begun, len(ours)), min(sent, len(theirs))
    log.extend(chain(ours[:cut], theirs[:until], ours[cut:], theirs[until:]))
    written = []
    for owner, commit, last in ((w1, first, ours[-1]), (w2, second, theirs[-1])):
        try:
            owner.state.write(commit, max(offset for offset, record in enumerate(log) if record == last))
        except StateBehindError:
            continue
        written.append(owner.pairs)
    found = PartitionState(MemoryStore())
    found.begins_at(0)
    numbered = [(offset, *record) for offset, record in enumerate(log)]
    for start in range(0, len(log), run):
        part = numbered[start : start + run]
        found.replay(part, start, start + len(part))
    pairs = dict(found.view().scan(b""))
    before = {b"hot": b"w2" if zombie else b"0", b"gone": b"0"}
    w1s = {b"hot": b"w1", **{b"w1-%d" % key: b"" for key in range(5)}}
    w2s = {b"hot": b"w2 again", **{b"w2-%d" % key: b"" for key in range(4)}}
    assert pairs in (before, w1s, before | w2s), "some batch's records counted in part"
    assert all(state == pairs for state in written), "what somebody stored counts"
    assert not found.lacks_keys


def test_records_that_do_not_join_what_the_state_has_are_not_applied():
    """Faust lets go of what it holds at a rebalance, but a put that waits survives it."""
    log = []
    owner = Owner(log)
    for number in range(5):
        owner.commit({b"%d" % number: b"1"})
    numbered = [(offset, *record) for offset, record in enumerate(log)]
    state = PartitionState(MemoryStore())
    state.begins_at(0)
    state.replay(numbered[:3], 0, 3)
    state.replay(numbered[9:12], 9, 12)
    assert not state.has_all(12)
    assert dict(state.view().scan(b"")) == {b"0": b"1"}
    state.replay(numbered[3:9], 3, 9)
    state.replay(numbered[9:], 9, len(log))
    assert state.has_all(len(log))
    assert dict(state.view().scan(b"")) == owner.pairs


def test_a_compacted_run_joins_by_the_place_that_it_was_asked_from():
    log = []
    owner = Owner(log)
    for number in range(5):
        owner.commit({b"k": b"%d" % number})
    state = PartitionState(MemoryStore())
    state.begins_at(0)
    last = [(offset, *record) for offset, record in enumerate(log)][-3:]
    state.replay(last, 0, len(log))
    assert dict(state.view().scan(b"")) == {b"k": b"4"}


def hole(log):
    """An owner whose store says that it has everything, and lacks what another wrote, as an earlier version left it."""
    w1 = Owner(log)
    w1.commit({b"a": b"1"})
    late, records = w1.prepared({b"b": b"1"}, 1)
    w2 = Owner(log)
    w2.commit({b"c": b"2"}, 1)
    log.extend(records)
    w1.state._end = len(log) - 1 - len(records)  # what no version before looked at
    w1.state.write(late, len(log) - 1)
    return w1, w2


def test_a_hole_is_found_when_the_state_is_taken_up_again():
    log = []
    w1, _ = hole(log)
    w2 = Owner(log)
    w2.commit({b"d": b"2"}, 2)
    with pytest.raises(StateDivergedError):
        w1.recover()
    assert Owner(log).pairs == w2.pairs == {b"a": b"1", b"c": b"2", b"d": b"2"}


def test_the_keys_that_a_state_has_are_counted_as_they_come_and_go():
    log = []
    owner = Owner(log)
    owner.commit({b"a": b"1", b"b": b"1", b"never": None})
    owner.commit({b"a": b"2", b"b": None, b"c": b"1"})
    assert owner.state.position.keys == owner.state.found_keys
    assert owner.state.found_keys.count == 2
    assert Owner(log).state.found_keys == owner.state.found_keys
    owner.state.store.write_batch([b"c"], [None])
    assert PartitionState(owner.state.store).found_keys == owner.state.found_keys, "counted, not looked for"


def _keys_taken_out(folder, keys):
    """As a hole would have left the store: without the keys, and with what was counted of the others."""
    store = RocksStore(folder)
    counted = decode_keys(store.get(KEYS_KEY)).changed(KeyDigest(), KeyDigest.of(keys))
    store.write_batch([*keys, KEYS_KEY], [*(None for _ in keys), encode_keys(counted)])
    store.close()


def test_a_state_that_lacks_keys_is_set_aside_and_made_from_its_changelog(tmp_path, caplog):
    asyncio.run(write_blocks(tmp_path, range(3)))
    _keys_taken_out(tables(tmp_path) / "probe-state-0.db", [b"hot1", b"once2-7"])
    with pytest.raises(StateDivergedError):
        asyncio.run(write_blocks(tmp_path, range(0)))
    assert "probe-state-0 does not come from its changelog" in caplog.text
    assert (tables(tmp_path) / "probe-state-0.db.aside-1").is_dir()

    async def scenario():
        async with running(tmp_path) as probe:
            assert scanned(probe) == after(3)

    asyncio.run(scenario())


def test_a_changelog_that_lacks_keys_is_told_and_stops_nothing(tmp_path, caplog):
    asyncio.run(write_blocks(tmp_path, range(3)))
    kept = with_log(tmp_path, lambda log: log.fetch(CHANGELOG, 0, 0, 10_000, 1 << 20))
    pairs = [pair for pair in zip(kept.keys, kept.values, strict=True) if pair[0] not in (b"once1-5", BATCH_KEY)]
    for folder in (tables(tmp_path), tmp_path / "log"):
        shutil.rmtree(folder)

    async def scenario():
        async with running(tmp_path) as probe:
            await probe.app.producer.append_many({(CHANGELOG, 0): Records(*zip(*pairs, strict=True))})
        shutil.rmtree(tables(tmp_path))
        async with running(tmp_path) as probe:
            assert scanned(probe) == {key: value for key, value in after(3).items() if key != b"once1-5"}

    asyncio.run(scenario())
    assert "suyuan state rebuild" in caplog.text


def test_a_state_whose_changelog_went_on_without_it_stops_the_process(tmp_path):
    async def scenario():
        async with running(tmp_path) as probe:
            await probe.write(0, block(0), 0)
            foreign = Records([b"\x00batch"], [b"1"])
            await probe.app.producer.append_many({(CHANGELOG, 0): foreign})
            with pytest.raises(StateBehindError):
                await probe.write(0, block(1), 1)
        async with running(tmp_path) as probe:
            assert scanned(probe) == after(2)

    asyncio.run(scenario())


def test_an_older_store_knows_no_digest_and_gets_none_by_guessing():
    log = []
    owner = Owner(log)
    owner.commit({b"a": b"1"})
    store = owner.state.store
    store.write_batch([KEYS_KEY], [None])
    assert store.get(OFFSET_KEY) is not None
    state = PartitionState(store)
    assert state.found_keys is None
    assert not state.lacks_keys
