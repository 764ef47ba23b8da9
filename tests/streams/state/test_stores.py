"""One contract for both stores, and the view over each against a plain dict."""

from threading import Thread
from time import sleep

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from suyuan.streams.state.errors import (
    StateClosedError,
    StateCorruptError,
    StateError,
    StateLockedError,
    StateUnwritableError,
)
from suyuan.streams.state.memory_store import MemoryStore
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.rocks_store import RocksStore, set_aside


@pytest.fixture(params=["memory", "rocks"])
def store(request, tmp_path):
    store = MemoryStore() if request.param == "memory" else RocksStore(tmp_path / "db")
    yield store
    store.close()


def test_a_batch_sets_deletes_and_lets_the_later_of_equal_keys_win(store):
    store.write_batch([b"a", b"b", b"a"], [b"1", b"2", b"3"])
    store.write_batch([b"b", b"absent"], [None, None])
    assert store.get(b"a") == b"3"
    assert store.get_many([b"b", b"a", b"a"]) == [None, b"3", b"3"]


def test_many_keys_come_back_in_the_order_asked(store):
    keys = [b"%03d" % (i * 37 % 100) for i in range(100)]
    store.write_batch(keys, [key * 2 for key in keys])
    asked = [*reversed(keys), b"none", *keys]
    assert store.get_many(asked) == [None if key == b"none" else key * 2 for key in asked]
    ordered = [*sorted(keys), b"none"]
    assert store.get_many(ordered) == [*(key * 2 for key in ordered[:-1]), None]


def test_a_scan_is_in_byte_order_within_its_prefix_after_a_key_and_up_to_a_limit(store):
    keys = [b"", b"p", b"p\x00", b"p\x1f1", b"p\x1f2", b"p\xff", b"p\xff\xff", b"q", b"\xff", b"\xff\xff"]
    store.write_batch(keys, keys)

    def found(*args):
        return [key for key, value in store.scan(*args) if value == key]

    assert found(b"") == sorted(keys)
    assert found(b"p") == [b"p", b"p\x00", b"p\x1f1", b"p\x1f2", b"p\xff", b"p\xff\xff"]
    assert found(b"p\x1f", b"p\x1f1") == [b"p\x1f2"]
    assert found(b"p\x1f", b"a") == [b"p\x1f1", b"p\x1f2"]
    assert found(b"p\x1f", b"q") == []
    assert found(b"p", None, 2) == [b"p", b"p\x00"]
    assert found(b"p\xff") == [b"p\xff", b"p\xff\xff"]
    assert found(b"\xff") == [b"\xff", b"\xff\xff"]


def test_digest_tells_pairs_apart_and_leaves_reserved_keys_out(store):
    empty = store.digest()
    store.write_batch([b"\x00own"], [b"1"])
    assert store.digest() == empty
    store.write_batch([b"ab", b"c"], [b"c", b"d"])
    first = store.digest()
    store.write_batch([b"ab", b"a"], [None, b"bc"])
    assert store.digest() not in {first, empty}


def test_a_cleared_store_holds_nothing_and_takes_new_pairs(store):
    store.clear()
    keys = [b"\x00own", b"a", b"\xff\xff\xff"]
    store.write_batch(keys, keys)
    store.clear()
    assert store.get_many(keys) == [None] * 3
    assert store.scan(b"") == []
    store.write_batch([b"b"], [b"1"])
    assert store.scan(b"") == [(b"b", b"1")]


def test_after_close_every_call_says_closed(store):
    store.close()
    store.close()
    for call in (
        lambda: store.get(b"a"),
        lambda: store.get_many([b"a"] * 20),
        lambda: store.scan(b""),
        lambda: store.write_batch([b"a"], [b"1"]),
        store.clear,
        store.flush,
        store.digest,
    ):
        with pytest.raises(StateClosedError):
            call()


def test_closing_in_the_middle_of_writes_ends_them_with_closed_and_frees_the_folder(tmp_path):
    keys = [b"%d" % number for number in range(2000)]
    for number in range(5):
        store = RocksStore(tmp_path / str(number))
        errors = []

        def write(store=store, errors=errors):
            try:
                while True:
                    store.write_batch(keys, keys)
            except StateError as error:
                errors.append(type(error))

        writer = Thread(target=write)
        writer.start()
        sleep(0.02)
        store.close()
        writer.join()
        assert errors == [StateClosedError]
        RocksStore(tmp_path / str(number)).close()


def test_what_is_written_is_there_when_the_folder_is_opened_again(tmp_path):
    store = RocksStore(tmp_path / "db")
    store.write_batch([b"a"], [b"1"])
    digest = store.digest()
    store.close()
    assert RocksStore(tmp_path / "db").digest() == digest


def test_a_folder_in_use_is_refused_by_name(tmp_path):
    store = RocksStore(tmp_path / "db")
    with pytest.raises(StateLockedError, match=str(tmp_path / "db")):
        RocksStore(tmp_path / "db")
    store.close()


@pytest.mark.parametrize("damage", ["MANIFEST-*", "CURRENT"])
def test_a_damaged_folder_is_refused_and_can_be_set_aside(tmp_path, damage):
    path = tmp_path / "db"
    store = RocksStore(path)
    store.write_batch([b"a"], [b"1"])
    store.flush()
    store.close()
    next(path.glob(damage)).write_bytes(b"not what was written" * 20)
    with pytest.raises(StateCorruptError, match="rebuilds it from its changelog"):
        RocksStore(path)
    assert set_aside(path) == tmp_path / "db.aside-1"
    assert RocksStore(path).get(b"a") is None


def test_damage_met_while_reading_is_known_at_the_next_start(tmp_path):
    path = tmp_path / "db"
    store = RocksStore(path)
    keys = [b"%06d" % i for i in range(5000)]
    store.write_batch(keys, keys)
    store.flush()
    store.close()
    table = next(path.glob("*.sst"))
    content = bytearray(table.read_bytes())
    content[100:2000] = bytes(1900)
    table.write_bytes(content)
    store = RocksStore(path)
    with pytest.raises(StateCorruptError):
        store.get_many(keys)
    store.close()
    with pytest.raises(StateCorruptError):
        RocksStore(path)


def test_a_path_that_cannot_be_a_folder_is_a_typed_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StateUnwritableError, match="file"):
        RocksStore(tmp_path / "file" / "db")


KEYS = st.lists(st.sampled_from([b"\x01", b"a", b"a\x1f", b"b", b"\xff"]), min_size=1, max_size=3).map(b"".join)
VALUES = st.binary(max_size=3)


class ViewAgainstDict(RuleBasedStateMachine):
    """Reads of a view, through cache and store, equal those of a dict; so do commits and discards."""

    make_store = MemoryStore

    @initialize()
    def start(self):
        self.store = type(self).make_store()
        # a cache of a few entries, so that it forgets
        self.partition = PartitionState(self.store, cache_entries=6, cache_bytes=4000)
        self.committed, self.model, self.view = {}, {}, self.partition.view()

    @rule(key=KEYS, value=VALUES)
    def put(self, key, value):
        self.view.put(key, value)
        self.model[key] = value

    @rule(pairs=st.lists(st.tuples(KEYS, VALUES), max_size=8))
    def put_many(self, pairs):
        self.view.put_many([key for key, _ in pairs], [value for _, value in pairs])
        self.model.update(pairs)

    @rule(keys=st.lists(KEYS, max_size=8))
    def delete(self, keys):
        for key in keys:
            self.view.delete(key)
            self.model.pop(key, None)

    @rule(keys=st.lists(KEYS, max_size=8))
    def get(self, keys):
        assert self.view.get_many(keys) == [self.model.get(key) for key in keys]
        assert [self.view.get(key) for key in keys] == [self.model.get(key) for key in keys]

    @rule(prefix=KEYS | st.just(b""), after=st.none() | KEYS, limit=st.none() | st.integers(0, 5))
    def scan(self, prefix, after, limit):
        expected = sorted(
            (key, value)
            for key, value in self.model.items()
            if key.startswith(prefix) and (after is None or key > after)
        )
        assert self.view.scan(prefix, after, limit) == expected[:limit]

    @rule(prefixes=st.lists(KEYS | st.just(b""), max_size=6), limit=st.none() | st.integers(0, 5))
    def scan_many(self, prefixes, limit):
        assert self.view.scan_many(prefixes, limit) == [
            sorted(pair for pair in self.model.items() if pair[0].startswith(prefix))[:limit] for prefix in prefixes
        ]

    @rule()
    def commit(self):
        self.partition.write(self.partition.prepare(self.view, {}))
        self.committed, self.view = dict(self.model), self.partition.view()

    @rule()
    def discard(self):
        self.view.discard()
        self.model = dict(self.committed)

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()


@pytest.mark.parametrize("kind", ["memory", "rocks"])
def test_a_view_reads_like_a_dict_with_its_own_writes(kind, tmp_path):
    folders = (tmp_path / str(number) for number in range(10_000))

    class Machine(ViewAgainstDict):
        make_store = staticmethod(MemoryStore) if kind == "memory" else staticmethod(lambda: RocksStore(next(folders)))

    run_state_machine_as_test(
        Machine,
        settings=settings(max_examples=60 if kind == "memory" else 15, stateful_step_count=40, deadline=None),
    )


def test_what_compaction_leaves_is_packed_closer_than_what_was_just_written(tmp_path):
    keys = [b"listing\x1f%06d" % i for i in range(4000)]
    store = RocksStore(tmp_path / "db")
    store.write_batch(keys, [b'{"seller":"91230102MADK380U27","offset":%d}' % (i * 7919) for i in range(4000)])
    store.flush()

    def on_disk():
        return sum(path.stat().st_size for path in (tmp_path / "db").glob("*.sst"))

    flushed = on_disk()
    store._db.compact_range(None, None)
    assert on_disk() < 0.8 * flushed
    assert store.get(keys[7]) == b'{"seller":"91230102MADK380U27","offset":55433}'
    store.close()
