"""A store on RocksDB."""

from __future__ import annotations

import logging
import tempfile
from contextlib import contextmanager, suppress
from itertools import islice
from operator import lt
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import rocksdict

from suyuan.streams.state import rocks_scans
from suyuan.streams.state.errors import (
    StateClosedError,
    StateCorruptError,
    StateError,
    StateLockedError,
    StateUnwritableError,
)
from suyuan.streams.state.store import prefix_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

MIB = 1 << 20
REMEDY = "the next start of suyuan run or suyuan worker sets it aside and rebuilds it from its changelog"
"""ends what a StateCorruptError says"""
ONE_BY_ONE = 64
BLOCK_BYTES = 8 << 10
ZSTD_WINDOW = -14
"""RocksDB's default, which zstd takes no notice of"""
MANY_FILES = 10_000
FILTERED = 0.05
"""of a write buffer's size, for a filter over its keys: it spares an absent key 3 us, and costs 0.2 us a key written"""
_BULK = {"disable_auto_compactions": "true", "memtable_prefix_bloom_size_ratio": "0"}
_NOT_BULK = {"disable_auto_compactions": "false", "memtable_prefix_bloom_size_ratio": str(FILTERED)}
FULL = ("No space left on device", "Disk quota exceeded", "File too large")


class RocksMemory:
    """Memory that all stores given the same instance share: one block cache, write buffers counted within it."""

    def __init__(self, cache_bytes: int = 320 * MIB, write_bytes: int = 256 * MIB) -> None:
        """`cache_bytes` in all, of which `write_bytes` may be unflushed writes; beyond that the greatest buffer is
        flushed.
        """
        self.cache = rocksdict.Cache(cache_bytes)
        self.writes = rocksdict.WriteBufferManager.new_write_buffer_manager_with_cache(
            write_bytes, allow_stall=False, cache=self.cache
        )


class RocksStore:
    """`Store` in a folder of its own, without a write-ahead log: what was not flushed when the process died comes back
    from the changelog, which has every pair before the store does. Batches are written whole or not at all, the
    changelog offset among them, so the store always is as some commit left it.
    """

    def __init__(self, path: Path, memory: RocksMemory | None = None) -> None:
        """Open or create. Raises StateLockedError, StateCorruptError, StateUnwritableError."""
        self.path = path
        self._using = Lock()  # rocksdict refuses what meets a close; a partition can be taken away in mid-write
        self._memory = memory or RocksMemory(32 * MIB, 16 * MIB)
        with self._typed_errors():
            if _damage_mark(path).exists():
                raise _corrupt(path, "found while reading")
            path.mkdir(parents=True, exist_ok=True)
            self._db = _open(path, _options(self._memory))
            try:
                _compare_with_close(path, self._db)
                _close_mark(path).unlink(missing_ok=True)
            except BaseException:
                self._db.close()
                raise
            self._db.set_write_options(_writing())

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        with self._typed_errors():
            return cast("bytes | None", self._db.get(key))

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where absent. They are read in key order: each block is unpacked once,
        which takes half the time of random order. A list is read without the GIL, and a busy thread then keeps it for 5
        ms: a few keys are read one by one (6 us each).
        """
        with self._typed_errors():
            if len(keys) < ONE_BY_ONE:
                return [cast("bytes | None", self._db.get(key)) for key in keys]
            if all(map(lt, keys, islice(keys, 1, None))):
                return cast("list[bytes | None]", self._db.get(list(keys)))
            ordered = sorted(set(keys))
            found = dict(zip(ordered, self._db.get(ordered), strict=True))
            return list(map(found.__getitem__, keys))

    def scan(self, prefix: bytes, after: bytes | None = None, limit: int | None = None) -> list[tuple[bytes, bytes]]:
        """Pairs in key order, see `Readable.scan`."""
        first = after + b"\x00" if after is not None and after >= prefix else prefix
        with self._typed_errors():
            return rocks_scans.scan(self._db, first, prefix_end(prefix), limit)

    def scan_many(self, prefixes: Sequence[bytes], limit: int | None = None) -> list[list[tuple[bytes, bytes]]]:
        """What `scan` gives of each prefix. One iterator goes through all in key order: it takes half of the time,
        and less than a tenth where there is nothing.
        """
        ordered = sorted(set(prefixes))
        if not ordered:
            return []
        with self._typed_errors():
            found = dict(zip(ordered, rocks_scans.scan_many(self._db, ordered, limit), strict=True))
        return list(map(found.__getitem__, prefixes))

    def write_batch(self, keys: Sequence[bytes], values: Sequence[bytes | None]) -> None:
        """Write all or nothing; None deletes; the later of two equal keys wins. Raises StateUnwritableError."""
        with self._typed_errors():
            batch = rocksdict.WriteBatch(raw_mode=True)
            put, delete = batch.put, batch.delete
            for key, value in zip(keys, values, strict=True):
                if value is None:
                    delete(key)
                else:
                    put(key, value)
            self._db.write(batch)

    def begin_bulk(self) -> None:
        """Leave out what serves reads, until `end_bulk`: no compaction, no filter over what is not flushed."""
        with self._typed_errors():
            self._db.set_options(_BULK)

    def end_bulk(self) -> None:
        """As before; the tables that came are compacted in the background, all in one."""
        with self._typed_errors():
            self._db.set_options(_NOT_BULK)

    def clear(self) -> None:
        """Delete every pair. Interrupted by a crash it leaves no pair, or all."""
        with self._typed_errors():
            last = rocks_scans.last_key(self._db)
            if last is not None:
                self._db.delete_range(b"", last + b"\x00")

    def flush(self) -> None:
        """Return when everything written is on the disk, also in case of a power loss."""
        with self._typed_errors():
            self._db.flush()

    def digest(self) -> str:
        """Hex digest of all pairs but the reserved ones: equal exactly when the stage's state is equal."""
        with self._typed_errors():
            return rocks_scans.digest(self._db)

    def read_on(self, after: bytes | None, seconds: float) -> bytes | None:
        """Read from behind `after` (None: from the start) for about so many seconds, to see that it can be read.
        Returns the last key read, None at the end. RocksDB compares each block's checksum; the block cache is left as
        it is.
        """
        with self._typed_errors():
            return rocks_scans.read_on(self._db, after, seconds)

    def close(self) -> None:
        """Release the folder; a second call does nothing. Writes that a full disk refuses come back from the
        changelog.
        """
        with self._using, suppress(rocksdict.DbClosedError):
            try:
                self._db.flush()
                _mark_closed(self.path, self._db)
            except rocksdict.DbClosedError:
                raise
            except Exception as error:  # noqa: BLE001 - rocksdict raises nothing more special
                logger.warning("state %s is closed without its last writes: %s", self.path, error)
            with suppress(Exception):  # it flushes too, and closes all the same
                self._db.close()

    @contextmanager
    def _typed_errors(self) -> Iterator[None]:
        # rocksdict raises plain Exception; RocksDB's status is the start of its text
        try:
            with self._using:
                yield
        except (ValueError, TypeError):
            raise
        except rocksdict.DbClosedError as error:
            raise StateClosedError(f"state {self.path} is closed: its partition was taken away") from error
        except Exception as error:
            typed = _typed(self.path, error)
            if isinstance(typed, StateCorruptError):
                mark_damaged(self.path)
            if typed is error:
                raise
            raise typed from error


def read_all(path: Path) -> None:
    """Read every pair of a folder, which may be in use by a process; nothing in it changes.

    Raises StateCorruptError, which the next opening of the folder will raise too; StateUnwritableError where it cannot
    be read.
    """
    try:
        with tempfile.TemporaryDirectory() as elsewhere:
            options = _options(RocksMemory(8 * MIB, MIB))
            options.set_db_log_dir(elsewhere)  # opening would put a new one in the place of the other process's
            options.set_max_open_files(-1)  # a table that is open stays readable when the process compacts it away
            reading = rocksdict.AccessType.read_only(error_if_log_file_exist=False)
            database = _open(path, options, access_type=reading)
            try:
                _compare_with_close(path, database)
                rocks_scans.read_on(database, None, float("inf"))
            finally:
                database.close()
    except StateError:
        raise
    except Exception as error:
        raise _typed(path, error) from error


def mark_damaged(path: Path) -> None:
    """Have the next opening of the folder raise StateCorruptError."""
    with suppress(OSError):
        _damage_mark(path).touch()


def set_aside(path: Path) -> Path:
    """Rename a state folder to the first free `<name>.aside-N` and return that; the next start rebuilds the state."""
    number = 1
    while (target := path.with_name(f"{path.name}.aside-{number}")).exists():
        number += 1
    path.rename(target)
    return target


def found_aside(path: Path) -> list[Path]:
    """The folders that were set aside in place of a state folder, in no order."""
    return list(path.parent.glob(f"{path.name}.aside-*"))


def _damage_mark(path: Path) -> Path:
    # RocksDB opens a folder whose tables are damaged and fails only when it reads the place
    return path / "suyuan-damaged"


def _close_mark(path: Path) -> Path:
    # RocksDB takes a manifest whose end cannot be read for one that a crash cut off: an older state, without a word
    return path / "suyuan-closed"


def _mark_closed(path: Path, database: Any) -> None:
    with suppress(OSError):
        _close_mark(path).write_text(str(database.latest_sequence_number()))


def _compare_with_close(path: Path, database: Any) -> None:
    try:
        closed = int(_close_mark(path).read_bytes())
    except (FileNotFoundError, ValueError):
        return  # it was killed: whatever was not flushed is in the changelog
    found = database.latest_sequence_number()
    if found < closed:
        raise _corrupt(path, f"it was closed at write {closed}, and opens at {found}")


def _typed(path: Path, error: Exception) -> StateError:
    if isinstance(error, StateError):
        return error
    text = str(error)
    if "lock" in text and "/LOCK" in text:
        return StateLockedError(f"state {path} is in use by another process: stop it, or choose another folder")
    if text.startswith("Corruption") or "No such file" in text:
        return _corrupt(path, text)
    if any(said in text for said in FULL):
        return StateUnwritableError(f"no room for the state in {path}: free space, then start again ({text})")
    return StateUnwritableError(f"state {path} cannot be used: {text}")


def _corrupt(path: Path, detail: str) -> StateCorruptError:
    return StateCorruptError(f"state {path} is damaged ({detail}): {REMEDY}")


def _open(path: Path, options: Any, **access: Any) -> Any:
    # without the families RocksDB takes their options, a block cache of its own among them, from the folder
    return rocksdict.Rdict(str(path), options, column_families={"default": options}, **access)


def _writing() -> Any:
    options = rocksdict.WriteOptions()
    options.disable_wal = True
    return options


def _options(memory: RocksMemory) -> Any:
    # Measured with 300,000 pairs of 520 B each of what three stages keep: blocks of 2 KiB by lz4 187-227 B a pair, of 8
    # KiB 111-156, and these by zstd 69-112. A hit outside of the cache 4-5, 5-6 and 9-11 us; absent keys 0.7 (bloom
    # filters). docs/decisions/0021-what-a-million-listings-take-on-disk.md
    table = rocksdict.BlockBasedOptions()
    table.set_block_cache(memory.cache)
    table.set_block_size(BLOCK_BYTES)
    table.set_format_version(5)
    table.set_bloom_filter(10, block_based=False)
    table.set_data_block_index_type(rocksdict.DataBlockIndexType.binary_and_hash())
    table.set_data_block_hash_ratio(0.75)

    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_block_based_table_factory(table)
    options.set_compression_type(rocksdict.DBCompressionType.lz4())
    options.set_bottommost_compression_type(rocksdict.DBCompressionType.zstd())  # what is not written anew soon
    options.set_bottommost_compression_options(ZSTD_WINDOW, 1, 0, 0, enable=True)
    options.set_write_buffer_manager(memory.writes)
    # Measured with 3M keys of 250 B in batches of 8,000, us of background work a key: level compaction and buffers of
    # 16 MiB 8.3, of 64 MiB 5.5; universal compaction and 64 MiB 6.1, begun at eight files, not four, 4.0 (and a hit
    # takes 8.8 us, not 13.3)
    options.set_write_buffer_size(64 * MIB)
    options.set_max_write_buffer_number(3)
    options.set_compaction_style(rocksdict.DBCompactionStyle.universal())
    options.set_level_zero_file_num_compaction_trigger(8)
    options.set_memtable_prefix_bloom_ratio(FILTERED)
    options.set_memtable_whole_key_filtering(whole_key_filter=True)
    # After a rebuild there are a hundred files until the compaction that begins then is through. A write that RocksDB
    # holds up for that would hold the interpreter too, heartbeats and all.
    options.set_level_zero_slowdown_writes_trigger(MANY_FILES)
    options.set_level_zero_stop_writes_trigger(MANY_FILES)
    options.set_max_background_jobs(2)
    options.set_max_open_files(512)
    options.set_keep_log_file_num(2)
    options.set_stats_dump_period_sec(0)
    return options
