"""Folders in use, of a newer version, read-only, full, damaged: a clear message, and nothing lost."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from suyuan.eventlog.errors import LogCorrupt, LogFull, LogLocked, LogMissing, LogNewer
from suyuan.eventlog.log import Log, Record
from tests import prepared

HOUSE = Path(__file__).parents[3]


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    prelude = "import sys; from suyuan.eventlog.log import Log, Record\n"
    return prepared.Popen(
        [sys.executable, "-c", prelude + textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HOUSE,
    )


def run(script: str, *arguments: object) -> str:
    process = start(script, *arguments)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out


def test_a_second_running_process_is_refused_by_name_and_a_publisher_is_not(tmp_path):
    holder = start("log = Log.open(sys.argv[1]); print('open', flush=True); sys.stdin.read()", tmp_path)
    try:
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(LogLocked) as refused:
            Log.open(tmp_path)
        assert f"pid {holder.pid}, since 2" in str(refused.value)
        assert str(tmp_path) in str(refused.value)
        with Log.open(tmp_path, "publish") as publisher:
            publisher.create_topic("t", 1)
            publisher.append("t", 0, [Record(None, b"v")])
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    with Log.open(tmp_path) as log:
        assert log.fetch("t", 0, 0).values == [b"v"]


def test_a_process_that_holds_the_folder_refuses_itself_too(open_log):
    open_log()
    with pytest.raises(LogLocked, match=f"pid {os.getpid()}"):
        open_log()


def test_a_folder_of_a_newer_version_is_left_alone(open_log):
    log = open_log()
    log.create_topic("t", 1)
    log.close()
    with sqlite3.connect(log.path) as connection:
        connection.execute("UPDATE format SET version = 99")
    content = log.path.read_bytes()
    for role in ("process", "publish", "read"):
        with pytest.raises(LogNewer, match=r"newer version of suyuan \(format 99, this one reads up to 2\)"):
            open_log(role)
    assert log.path.read_bytes() == content


def test_a_file_that_is_no_log_is_left_alone(tmp_path, open_log):
    path = tmp_path / "log" / "log.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"somebody's notes\n" * 1000)
    for role in ("process", "publish", "read"):
        with pytest.raises(LogCorrupt, match="damaged or not a log"):
            open_log(role)
    assert path.read_bytes() == b"somebody's notes\n" * 1000


def test_a_reader_makes_no_log(tmp_path, open_log):
    with pytest.raises(LogMissing, match="no log in"):
        open_log("read")
    assert list(tmp_path.iterdir()) == []


def test_a_read_only_folder_is_said_and_can_be_read():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Log.open(folder) as log:
            log.create_topic("t", 1)
            log.append("t", 0, [Record(None, b"v")])
        for path in (*folder.rglob("*"), folder):
            path.chmod(0o555 if path.is_dir() else 0o444)
        out = run(
            """
            import os
            from suyuan.eventlog.errors import LogReadOnly
            if os.geteuid() == 0:
                os.setuid(65534)  # root may write everywhere
            for role in ("process", "publish"):
                try:
                    Log.open(sys.argv[1], role)
                except LogReadOnly as error:
                    print(error)
            with Log.open(sys.argv[1], "read") as log:
                print(log.fetch("t", 0, 0).values)
            """,
            folder,
        )
        folder.chmod(0o755)
        (folder / "log").chmod(0o755)
    first, second, values = out.splitlines()
    assert "cannot be written" in first
    assert name in first
    assert "cannot be written" in second
    assert values == "[b'v']"


def test_a_full_disk_refuses_the_append_keeps_what_was_and_goes_on_when_there_is_room(log):
    log.create_topic("t", 1)
    log.append("t", 0, [Record(None, b"before")])
    log.write(lambda c: c.execute("PRAGMA max_page_count=60").fetchone()).result()
    with pytest.raises(LogFull, match="no room for the log"):
        log.append_many({("t", 0): [Record(None, os.urandom(900_000))]}, {("t", 0): [bytes(16)]})
    assert log.end_offset("t", 0) == 1
    log.append("t", 0, [Record(None, b"small enough")])
    log.write(lambda c: c.execute("PRAGMA max_page_count=100000").fetchone()).result()
    again = log.append_many({("t", 0): [Record(None, b"later")]}, {("t", 0): [bytes(16)]})
    assert again["t", 0].taken == [True], "the id of a refused record is not taken"
    assert log.fetch("t", 0, 0).values == [b"before", b"small enough", b"later"]


def test_a_file_system_without_room_is_a_full_disk(tmp_path):
    """The system refuses to let the files grow, as a full disk does, in the middle of a write."""
    out = run(
        """
        import os, resource, signal
        from suyuan.eventlog.errors import LogFull
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        log = Log.open(sys.argv[1])
        log.create_topic("t", 1)
        acknowledged = [b"before"]
        log.append("t", 0, [Record(None, b"before")])
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
        try:
            while True:
                value = os.urandom(300_000)
                log.append("t", 0, [Record(None, value)])
                acknowledged.append(value)
        except LogFull as error:
            print("full" if "no room" in str(error) else error)
        print(log.fetch("t", 0, 0, 10**6, 10**9).values == acknowledged)
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        log.append("t", 0, [Record(None, b"after")])
        log.close()
        log = Log.open(sys.argv[1])
        print(log.fetch("t", 0, 0, 10**6, 10**9).values == [*acknowledged, b"after"], len(acknowledged) > 3)
        """,
        tmp_path,
    )
    assert out.split() == ["full", "True", "True", "True"]


WRITER = """
    import hashlib, random, threading
    log = Log.open(sys.argv[1], sys.argv[2], "never")
    seed = int(sys.argv[3])
    log.create_topic("t", 2)
    def write(thread):
        chance = random.Random(seed * 10 + thread)
        for n in range(10**9):
            names = [f"{seed}/{thread}/{n}/{i}" for i in range(chance.randrange(1, 200))]
            records = [Record(None, (name + "." * chance.randrange(0, 300)).encode()) for name in names]
            ids = [hashlib.sha256(name.encode()).digest()[:16] for name in names]
            at = ("t", chance.randrange(2))
            base = log.append_many({at: records}, {at: ids})[at].base_offset
            print(f"{at[1]} {base} {len(names)} {names[0]}\\n", end="", flush=True)
    threads = [threading.Thread(target=write, args=(n,), daemon=True) for n in range(2)]
    for each in threads: each.start()
    for each in threads: each.join()
"""


@pytest.mark.real_time
def test_killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path):
    chance = random.Random(1)
    acknowledged = []
    for attempt in range(5):
        role = "process" if attempt % 2 else "publish"
        writer = start(WRITER, tmp_path, role, attempt)
        lines = [writer.stdout.readline() for _ in range(chance.randrange(1, 40))]
        writer.kill()
        rest, _ = writer.communicate()
        acknowledged += [line.split() for line in "".join([*lines, rest]).splitlines() if line.count(" ") == 3]
        with Log.open(tmp_path) as log:
            values = [log.fetch("t", n, 0, 10**7, 10**10) for n in range(2)]
            names = [[value.split(b".")[0].decode() for value in each.values] for each in values]
            for fetched, end in zip(values, (log.end_offset("t", n) for n in range(2)), strict=True):
                assert fetched.offsets == list(range(end))
            for partition, base, count, first in acknowledged:
                prefix = first.rpartition("/")[0]
                expected = [f"{prefix}/{i}" for i in range(int(count))]
                assert names[int(partition)][int(base) : int(base) + int(count)] == expected
            everything = [name for each in names for name in each]
            assert len(set(everything)) == len(everything)
            with log.reading() as connection:
                ids = {row[0] for row in connection.execute("SELECT id FROM published_ids")}
            assert ids == {hashlib.sha256(name.encode()).digest()[:16] for name in everything}
    assert len(acknowledged) > 20
