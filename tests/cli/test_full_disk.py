"""A start on a full disk: one line says so. The system refuses to let files grow, as it does when there is no room."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.errors import TablesFull

HOUSE = Path(__file__).parents[2]


def start(limit, *command, **environment):
    """Of a process whose files may grow to so many bytes: exit code and what it says."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=120,
        cwd=HOUSE,
        env={**os.environ, "SUYUAN_FSYNC": "false", **environment},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("limit", [0, 20_000])
@pytest.mark.parametrize("once", [True, False])
def test_no_room_for_the_log(data, limit, once):
    options = ["--once"] if once else []
    code, said = start(limit, "-m", "suyuan.cli.main", "run", *options, SUYUAN_DATA=str(data))
    assert code == 1
    assert said.startswith(f"suyuan: no room for the log in {data / 'log'}")
    assert said.count("\n") == 1
    assert "free space, then try again" in said


def test_no_room_for_the_state(tmp_path):
    script = "import sys; from pathlib import Path; from suyuan.streams.state.rocks_store import RocksStore\n"
    opened = tmp_path / "db"
    for limit in (0, 5000):
        code, said = start(limit, "-c", f"{script}RocksStore(Path(sys.argv[1]))", opened)
        assert code == 1
        last = said.splitlines()[-1]
        assert last.startswith(f"suyuan.streams.state.errors.StateUnwritableError: no room for the state in {opened}")
    # with room for what it needs to open, and none for its writes, it closes all the same
    closing = "s = RocksStore(Path(sys.argv[1])); s.write_batch([b'%d' % i for i in range(9999)], [bytes(99)] * 9999)"
    code, said = start(20_000, "-c", f"{script}{closing}; s.close(); s.close()", opened)
    assert code == 0, said
    assert "closed without its last writes" in said


def test_state_that_cannot_be_used_is_said_once(suyuan, data):
    """The framework would tell of the crash at length."""
    tables = data / "state" / "v1" / "tables"
    tables.mkdir(parents=True)
    (tables / "intake-state-0.db").write_text("")
    answer = suyuan("run", "--once", own=True)
    assert answer.code == 1
    assert answer.errors.startswith(f"suyuan: state {tables / 'intake-state-0.db'} cannot be used")
    assert answer.errors.count("\n") == 1


def test_a_framework_that_could_not_start_hides_no_cause(suyuan, data):
    """It flushes its producer at the end, which never began."""
    (data / "state").mkdir(parents=True)
    (data / "state" / "v1").write_text("")
    answer = suyuan("run", "--once", own=True)
    assert answer.code == 3
    assert answer.errors.startswith(f"suyuan: {data}: [Errno ")


def test_no_room_for_the_tables(tmp_path):
    script = (
        "import sys; from pathlib import Path; from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings\n"
        "ClickHouse(ClickHouseSettings(path=Path(sys.argv[1])))"
    )
    code, said = start(0, "-c", script, tmp_path / "clickhouse")
    assert code == 1
    assert said.splitlines()[-1] == (
        f"suyuan.sinks.errors.TablesFull: no room in {tmp_path}: free space, then start again"
    )


def test_what_clickhouse_says_of_a_full_disk_is_one_line(tmp_path):
    with ClickHouse(ClickHouseSettings(path=tmp_path / "clickhouse")) as tables:
        for error in (
            DatabaseError("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)"),
            DatabaseError(
                "Code: 75. DB::Exception: Cannot write to file: errno: 28, strerror: No space left on device"
            ),
            OSError(28, "No space left on device"),
        ):
            with pytest.raises(TablesFull, match="no room for the tables at"):
                raise_within(tables, error)


def raise_within(tables, error):
    with tables.answering():
        raise error
