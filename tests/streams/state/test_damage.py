"""A bit that has flipped on the disk: whoever reads it is told, and nobody gets less than was written."""

from __future__ import annotations

import asyncio
import random
import shutil

import pytest

from suyuan.streams import metrics
from suyuan.streams.state.errors import StateCorruptError
from suyuan.streams.state.rocks_store import RocksStore, read_all
from suyuan.streams.state.scrub import Scrub
from suyuan.streams.state.settings import StateSettings
from tests.flips import flip
from tests.streams.state.probe import after, block, running
from tests.streams.state.test_recovery import start_fails, tables, write_blocks

KEYS = [b"%06d" % number for number in range(3000)]


@pytest.fixture
def written(tmp_path):
    """A closed folder with one table, and its digest."""
    path = tmp_path / "written"
    store = RocksStore(path)
    store.write_batch(KEYS, [key * 20 for key in KEYS])
    digest = store.digest()
    store.close()
    return path, digest


def copy(path, number):
    return shutil.copytree(path, path.with_name(f"copy-{number}"))


READS = {
    "scan": lambda store: [key for key, _ in store.scan(b"")],
    "scans of a prefix each": lambda store: [key for n in range(30) for key, _ in store.scan(b"%04d" % n)],
    "many scans at once": lambda store: [
        key for pairs in store.scan_many([b"%04d" % n for n in range(30)]) for key, _ in pairs
    ],
    "scans with a limit": lambda store: in_portions(store, 7),
    "get": lambda store: [key for key in KEYS if store.get(key) == key * 20],
    "get many": lambda store: [key for key, value in zip(KEYS, store.get_many(KEYS), strict=True) if value],
    "read on": lambda store: [*KEYS] if store.read_on(None, 60) is None else [],
}


def read_whole(folder, read):
    store = RocksStore(folder)
    try:
        assert read(store) == KEYS
    finally:
        store.close()


def in_portions(store, limit):
    keys = []
    while pairs := store.scan(b"", keys[-1] if keys else None, limit):
        keys += [key for key, _ in pairs]
    return keys


@pytest.mark.parametrize("read", READS)
def test_no_way_to_read_takes_a_damaged_place_for_the_end(written, read):
    path, _ = written
    chance = random.Random(8)
    for number in range(12):
        folder = copy(path, number)
        flip(next(folder.glob("*.sst")), chance, until=0.9)  # the rest are the filter and what describes the table
        with pytest.raises(StateCorruptError, match=str(folder)):
            read_whole(folder, READS[read])
        with pytest.raises(StateCorruptError):
            RocksStore(folder)


def test_a_digest_of_less_and_a_clear_of_nothing_are_refused(written):
    path, _ = written
    for number, call in enumerate((RocksStore.digest, RocksStore.clear)):
        folder = copy(path, number)
        table = next(folder.glob("*.sst"))
        size = table.stat().st_size
        table.write_bytes(bytes(byte ^ 1 if at < size * 0.9 else byte for at, byte in enumerate(table.read_bytes())))
        store = RocksStore(folder)
        with pytest.raises(StateCorruptError):
            call(store)
        store.close()


def test_a_flip_anywhere_in_a_folder_is_said_or_changes_nothing(written):
    path, digest = written
    chance, said = random.Random(1), set()
    files = [each for each in sorted(path.iterdir()) if each.stat().st_size and not each.name.startswith("LOG")]
    for number, file in enumerate(files * 5):
        folder = copy(path, number)
        flip(folder / file.name, chance)
        doctor = reading(folder)
        try:
            store = RocksStore(folder)
            try:
                found = store.digest()
                everything = store.get_many(KEYS)  # past the filters
            finally:
                store.close()
        except StateCorruptError:
            said.add(file.name.split("-")[0])
            assert doctor is not None
        else:
            assert found == digest
            assert everything == [key * 20 for key in KEYS]
            assert doctor is None
        shutil.rmtree(folder)
    assert {"CURRENT", "MANIFEST"} < said


def reading(folder):
    try:
        read_all(folder)
    except StateCorruptError as error:
        return error
    return None


def test_a_manifest_whose_end_is_lost_is_no_older_state(tmp_path):
    path = tmp_path / "db"
    store = RocksStore(path)
    store.write_batch([b"a"], [b"1"])
    store.flush()
    store.write_batch([b"a"], [b"2"])
    early = len(next(path.glob("MANIFEST-*")).read_bytes())
    store.close()
    manifest = next(path.glob("MANIFEST-*"))
    manifest.write_bytes(manifest.read_bytes()[:early])
    assert reading(path) is not None
    with pytest.raises(StateCorruptError, match="closed at write 2, and opens at 1"):
        RocksStore(path)


def test_a_mark_of_closing_that_is_old_or_empty_says_nothing(tmp_path):
    """As a power loss may leave it."""
    path = tmp_path / "db"
    store = RocksStore(path)
    store.write_batch([b"a"], [b"1"])
    store.close()
    mark = (path / "suyuan-closed").read_bytes()
    store = RocksStore(path)
    store.write_batch([b"a"], [b"2"])
    store.close()
    for left in (mark, b""):
        (path / "suyuan-closed").write_bytes(left)
        store = RocksStore(path)
        assert store.get(b"a") == b"2"
        store.close()


def test_reading_all_goes_beside_a_process_and_changes_nothing(written):
    path, digest = written
    store = RocksStore(path)
    store.write_batch([b"new"], [b"1"])
    before = {file.name: file.stat().st_mtime_ns for file in path.iterdir() if file.name != "rocksdict-config.json"}
    read_all(path)
    assert before == {
        file.name: file.stat().st_mtime_ns for file in path.iterdir() if file.name != "rocksdict-config.json"
    }
    store.write_batch([b"new"], [None])
    assert store.digest() == digest
    store.close()


def test_what_nobody_needs_is_read_in_the_background_and_damage_found(written):
    path, _ = written
    flip(next(path.glob("*.sst")), random.Random(2), until=0.9)
    store = RocksStore(path)
    with pytest.raises(StateCorruptError, match=str(path)):
        asyncio.run(asyncio.wait_for(Scrub(lambda: [store]).run(), 30))
    store.close()
    with pytest.raises(StateCorruptError):
        RocksStore(path)


def test_a_store_is_read_once_a_day_and_one_that_is_taken_away_no_more(written, tmp_path, monkeypatch):
    stores = [RocksStore(written[0]), RocksStore(tmp_path / "other")]
    monkeypatch.setattr("suyuan.streams.state.scrub.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("suyuan.streams.state.scrub.SLICE_SECONDS", 0.0)
    calls = []
    read_on = RocksStore.read_on
    monkeypatch.setattr(
        RocksStore, "read_on", lambda store, *given: calls.append((store, *given)) or read_on(store, *given)
    )
    stores[1].close()

    async def for_a_while():
        scrub = asyncio.create_task(Scrub(lambda: stores[: len(calls) // 5 + 1]).run())
        await asyncio.sleep(1)
        scrub.cancel()

    asyncio.run(for_a_while())
    whole = [given for store, *given in calls if store is stores[0]]
    assert len(whole) > 5, "in slices"
    assert [key for key, _ in whole].count(None) == 1, "once"
    stores[0].close()


def damage(folder):
    """Of what the first partition's folder holds."""
    path = tables(folder) / "probe-state-0.db"
    table = next(path.glob("*.sst"), None) or next(path.glob("MANIFEST-*"))
    flip(table, random.Random(5), until=0.1)  # the pairs; the rest describes them
    return path


def test_damage_is_rebuilt_by_the_next_start_and_counted(tmp_path, caplog):
    digest = asyncio.run(write_blocks(tmp_path, range(2)))
    path = damage(tmp_path)
    counted = metrics.STATE_DAMAGED.labels("probe")
    before = counted._value.get()

    async def scenario():
        async with running(tmp_path) as probe:
            return probe.state.digest(0), dict(probe.state.view(0).scan(b""))

    try:
        found = asyncio.run(scenario())
    except StateCorruptError:  # met by the first read, not by the opening
        found = asyncio.run(scenario())
    assert found == (digest, after(2))
    assert path.with_name(f"{path.name}.aside-1").is_dir()
    assert counted._value.get() == before + 1
    assert f"{path} is damaged" in caplog.text


def test_damage_that_comes_back_stops_the_start_unless_it_is_told_to_go_on(tmp_path):
    digest = asyncio.run(write_blocks(tmp_path, range(2)))
    path = tables(tmp_path) / "probe-state-0.db"
    next(path.glob("MANIFEST-*")).write_bytes(b"damage" * 50)
    assert asyncio.run(write_blocks(tmp_path, range(0))) == digest
    next(path.glob("MANIFEST-*")).write_bytes(b"damage" * 50)
    said = start_fails(tmp_path, StateCorruptError)
    assert "look at the disk" in said
    assert f"remove {path}.aside-1, or start with --rebuild-damaged" in said

    async def scenario():
        async with running(tmp_path, StateSettings(rebuild_corrupt=True)) as probe:
            assert probe.state.digest(0) == digest
            await probe.write(0, block(2), 2)

    asyncio.run(scenario())
    assert path.with_name(f"{path.name}.aside-2").is_dir()


def test_damage_is_not_rebuilt_from_a_changelog_that_is_gone(tmp_path):
    asyncio.run(write_blocks(tmp_path, range(2)))
    path = tables(tmp_path) / "probe-state-0.db"
    next(path.glob("MANIFEST-*")).write_bytes(b"damage" * 50)
    shutil.rmtree(tmp_path / "log")
    for _ in range(2):  # it stays so
        assert "its changelog is empty: suyuan state rebuild" in start_fails(tmp_path, StateCorruptError)
