"""A bit that flipped in the write-ahead file of a log whose process was killed, before the next one opened it."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing

import pytest

from suyuan.eventlog import wal
from suyuan.eventlog.errors import LogCorrupt
from suyuan.eventlog.log import Log
from tests import prepared
from tests.flips import flip

APPEND = """
import os, sys
from suyuan.eventlog.log import Log, Record
log = Log.open(sys.argv[1], "process", sys.argv[2])
log.create_topic("t", 1)
for size in range(1, 40):
    log.append("t", 0, [Record(b"k", os.urandom(size * 300))] * 2)
os.kill(os.getpid(), 9)
"""
AGAIN = """
import sqlite3, sys, os
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size=10")
connection.execute("BEGIN")
connection.execute("CREATE TABLE IF NOT EXISTS more (data BLOB)")
for _ in range(int(sys.argv[2])):
    connection.execute("INSERT INTO more VALUES (randomblob(20000))")
if sys.argv[3] == "back":
    connection.execute("ROLLBACK")
    connection.execute("CREATE TABLE few (data BLOB)")
elif sys.argv[3] == "commit":
    connection.execute("COMMIT")
os.kill(os.getpid(), 9)
"""


def killed(*arguments):
    assert prepared.run([sys.executable, "-c", *map(str, arguments)], check=False).returncode == -9


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What a process left that was killed."""
    folder = tmp_path_factory.mktemp("left")
    killed(APPEND, folder, "interval")
    return folder


@pytest.fixture
def folder(left, tmp_path):
    return shutil.copytree(left, tmp_path / "folder")


def path_of(folder):
    return folder / "log" / "log.sqlite"


def flipped(folder, chance, **where):
    file = path_of(folder).with_name("log.sqlite-wal")
    return flip(file, chance, **where)


def content(folder):
    try:
        with closing(sqlite3.connect(path_of(folder))) as connection:
            return connection.execute("SELECT * FROM batches").fetchall()
    except sqlite3.DatabaseError as error:
        return str(error)


def test_a_kill_alone_is_no_damage(folder):
    """However often, in the middle of whatever: rolled back, spilled to the file and never committed, committed."""
    assert wal.lost_end(path_of(folder)) is None
    for rows, how in ((200, "back"), (300, "kill"), (20, "commit"), (100, "kill"), (1, "commit"), (0, "commit")):
        killed(AGAIN, path_of(folder), rows, how)
        assert wal.lost_end(path_of(folder)) is None, (rows, how)
    with Log.open(folder, "process") as log:
        assert log.end_offsets()["t", 0] == 78


def test_every_flip_that_takes_something_away_is_found(left, tmp_path):
    chance = random.Random(8)
    whole = content(shutil.copytree(left, tmp_path / "whole"))
    file = path_of(left).with_name("log.sqlite-wal")
    frames = (file.stat().st_size - 32) // 8216
    heads = [32 + 8216 * chance.randrange(frames) for _ in range(15)]
    places = [{}] * 30 + [{"start": 0, "until": 32}] * 10
    places += [{"start": head, "until": head + 24} for head in heads]
    places += [{"start": 32 + 8216 * (frames - 1)}] * 10
    lost = 0
    for number, place in enumerate(places):
        copy = shutil.copytree(left, tmp_path / "copies" / str(number))
        at = flipped(copy, chance, **place)
        found = wal.lost_end(path_of(copy))
        if content(copy) != whole:
            assert found is not None, at
            lost += 1
        shutil.rmtree(copy)
    assert lost > len(places) / 2


def test_nobody_opens_a_log_whose_end_would_be_dropped(folder):
    flipped(folder, random.Random(1), start=0.3, until=0.5)
    for role in ("process", "publish", "read"):
        with pytest.raises(LogCorrupt, match=r"restore the data folder from a backup.*--accept-loss"):
            Log.open(folder, role)
    before = path_of(folder).with_name("log.sqlite-wal").read_bytes()
    wal.accept_lost_end(folder)
    assert path_of(folder).with_name("log.sqlite-wal.aside-1").read_bytes() == before
    with Log.open(folder, "process") as log:
        assert 0 < log.end_offsets()["t", 0] < 78


@pytest.mark.parametrize("fsync", ["interval", "always"])
def test_after_a_crash_of_the_machine_it_is_told_and_stops_only_who_was_promised_more(folder, fsync, caplog):
    flipped(folder, random.Random(1), start=0.3, until=0.5)
    os.utime(path_of(folder).with_name("log.sqlite-wal"), (1_600_000_000, 1_600_000_000))
    if fsync == "always":
        with pytest.raises(LogCorrupt):
            Log.open(folder, "process", fsync)
        return
    with Log.open(folder, "process", fsync) as log:
        assert 0 < log.end_offsets()["t", 0] < 78
    assert "the machine was restarted" in caplog.text
    assert path_of(folder).with_name("log.sqlite-wal.aside-1").exists()


def test_a_log_that_somebody_has_open_is_left_to_them(folder):
    with Log.open(folder, "process"):
        assert wal.lost_end(path_of(folder)) is None
        code = (
            "import sys; from pathlib import Path; from suyuan.eventlog import wal;"
            "print(wal._index(Path(sys.argv[1]))[0])"
        )
        asked = prepared.run([sys.executable, "-c", code, path_of(folder)], check=True, capture_output=True, text=True)
        assert asked.stdout == "True\n"
