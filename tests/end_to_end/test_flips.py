"""A bit that flipped in a store of a stopped system: a start or `suyuan doctor` says so, and what it names mends it."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from suyuan.operations.checks import damage
from tests.end_to_end.conftest import Case, Suyuan
from tests.end_to_end.markets import LAST_DAY, write
from tests.flips import flip, index_of_table

STAGES = ("intake", "producer", "risk")
FAILED = 1


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A system that has worked through a market and ended."""
    suyuan = Suyuan(tmp_path_factory.mktemp("stopped"), partitions=1)
    case = Case(11)
    suyuan.publish(case.file)
    suyuan.run_once()
    assert suyuan.chains() == case.expected
    return suyuan


@pytest.fixture
def make_copy(stopped, tmp_path):
    """The stopped system again, in a folder of its own. Its log is whole without what SQLite had beside it."""

    def copy(name):
        suyuan = Suyuan(tmp_path / name, partitions=1)
        shutil.copytree(stopped.data, suyuan.data, symlinks=True)
        return suyuan

    return copy


def ended(suyuan, *arguments):
    """Exit code, output and errors of a command; never a traceback."""
    process = suyuan.begin(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert "Traceback" not in errors, errors
    return process.returncode, output, errors


def doctor(suyuan):
    """What failed: check → detail; the exit code says the same."""
    code, output, _ = ended(suyuan, "doctor", "--json")
    rows = map(json.loads, output.splitlines())
    found = {row["check"]: row["detail"] for row in rows if row["status"] == "failed"}
    assert code == (FAILED if found else 0)
    return found


def failed(findings):
    return [finding.detail for finding in findings if finding.status == "failed"]


def test_a_whole_system_is_found_whole(stopped):
    assert doctor(stopped) == {}


# --- state


def table(suyuan, stage):
    return next((suyuan.data / "state").rglob(f"{stage}-state-0.db/*.sst"))


@pytest.mark.parametrize("part", ["pairs", "index", "footer"])
def test_doctor_finds_every_flip_in_the_state(make_copy, part):
    chance = random.Random(part)
    for stage in STAGES * 2:
        suyuan = make_copy(f"{stage}-{chance.random()}")
        file = table(suyuan, stage)
        parts = {"pairs": (0, 0.5), "index": index_of_table(file), "footer": (file.stat().st_size - 8, 1.0)}
        place = flip(file, chance, *parts[part])
        (said,) = failed(damage.state(suyuan.data))
        assert str(file.parent) in said, place
        assert "the next start of suyuan run or suyuan worker sets it aside and rebuilds it" in said


@pytest.fixture(scope="module")
def undisturbed(stopped, tmp_path_factory):
    """What the chains come to when more is published."""
    suyuan = Suyuan(tmp_path_factory.mktemp("undisturbed"), partitions=1)
    shutil.copytree(stopped.data, suyuan.data, symlinks=True)
    return go_on(suyuan)


def go_on(suyuan):
    """The chains of the next market too, and of the last day: a running system publishes days of its own."""
    suyuan.publish(write(suyuan.data.with_name("last.jsonl"), [LAST_DAY]), Case(12).file)
    suyuan.run_once()
    return suyuan.chains()


def test_a_running_system_finds_what_nobody_reads_and_its_next_start_rebuilds_it(make_copy, undisturbed):
    suyuan = make_copy("folder")
    file = table(suyuan, "producer")
    flip(file, random.Random(4), until=0.5)
    code, _, errors = ended(suyuan, "run")
    assert code == FAILED
    assert f"suyuan: state {file.parent} is damaged" in errors
    assert go_on(suyuan) == undisturbed


# --- log


def content_of_log(file):
    """Every row, by table; None where SQLite cannot read on."""
    tables = ("topics", "partitions", "batches", "group_offsets", "published_ids", "published_sum")
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            connection.text_factory = bytes
            return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}  # noqa: S608
    except sqlite3.DatabaseError:
        return None


def test_doctor_finds_every_flip_in_the_log_that_changes_what_it_holds(stopped, tmp_path):
    chance, found = random.Random(3), 0
    whole = stopped.data / "log" / "log.sqlite"
    before = content_of_log(whole)
    file = tmp_path / "copy" / "log" / "log.sqlite"
    file.parent.mkdir(parents=True)
    for _ in range(60):
        for left in file.parent.iterdir():
            left.unlink()
        shutil.copy(whole, file)
        place = flip(file, chance)
        said = failed(damage.log(tmp_path / "copy"))
        if content_of_log(file) != before:
            assert said, place
            found += 1
        for each in said:
            assert "restore the data folder from a backup" in each
    assert found > 20


def test_a_log_that_doctor_found_damaged_stops_the_start_and_is_mended_by_a_backup(make_copy, stopped):
    suyuan = make_copy("folder")
    file = suyuan.data / "log" / "log.sqlite"
    content = file.read_bytes()
    for page in range(1, len(content) // 8192):
        content = content[: page * 8192] + bytes([content[page * 8192] ^ 8]) + content[page * 8192 + 1 :]
    file.write_bytes(content)
    assert "restore the data folder from a backup" in doctor(suyuan)["log"]
    code, _, errors = ended(suyuan, "run", "--once")
    assert code == FAILED
    assert "damaged" in errors
    shutil.rmtree(suyuan.data)
    shutil.copytree(stopped.data, suyuan.data, symlinks=True)  # as tar does, see docs/how-to/back-up-and-restore.md
    assert suyuan.chains() == Case(11).expected


def test_a_killed_run_whose_log_would_lose_its_end_is_not_started_until_somebody_decides(make_copy, undisturbed):
    """What was lost is published again; what is there already counts as a repeat."""
    suyuan = make_copy("folder")
    again = write(suyuan.data.with_name("last.jsonl"), [LAST_DAY])
    running = suyuan.begin("run", stderr=subprocess.PIPE)
    assert any("suyuan runs on" in line for line in running.stderr)
    suyuan.publish(again, Case(12).file)
    running.kill()
    running.communicate()
    flip(suyuan.data / "log" / "log.sqlite-wal", random.Random(5), start=0.3, until=0.6)
    assert "restore the data folder from a backup" in doctor(suyuan)["log"]
    for command in (("run", "--once"), ("publish", again)):
        code, _, errors = ended(suyuan, *command)
        assert (code, "--accept-loss" in errors) == (FAILED, True), errors
    code, _, errors = ended(suyuan, "run", "--once", "--accept-loss")
    assert "lost:" in errors
    assert go_on(suyuan) == undisturbed
    assert doctor(suyuan) == {}


# --- tables

PARTS = ("data.bin", "data.cmrk*", "primary.cidx", "checksums.txt", "columns.txt", "count.txt", "skp_idx.packed")


def greatest_part_file(suyuan, name="data.bin"):
    files = (suyuan.data / "clickhouse").glob(f"store/*/*/all_*/{name}")
    return max(files, key=lambda path: path.stat().st_size)


@pytest.mark.parametrize("name", PARTS)
def test_doctor_finds_a_flip_in_any_file_of_a_part(make_copy, name):
    suyuan = make_copy("folder")
    file = greatest_part_file(suyuan, name)
    place = flip(file, random.Random(name))
    (said,) = failed(damage.tables(suyuan.data))
    assert file.parent.name in said, place
    assert "then suyuan state rebuild, then suyuan run" in said
    assert f"move {suyuan.data / 'clickhouse'} away" in said


def test_tables_that_doctor_found_damaged_are_made_anew_from_the_log(make_copy, undisturbed):
    """And with them, in the same start, the state of every stage."""
    suyuan = make_copy("folder")
    flip(greatest_part_file(suyuan), random.Random(9))
    for stage in STAGES:
        flip(table(suyuan, stage), random.Random(stage), until=0.5)
    assert doctor(suyuan).keys() == {"state", "tables"}
    (suyuan.data / "clickhouse").rename(suyuan.data.with_name("away"))
    suyuan("state", "rebuild")
    assert go_on(suyuan) == undisturbed
    assert len(list((suyuan.data / "state").rglob("*.aside-1"))) == len(STAGES)


def definitions(suyuan):
    metadata = suyuan.data / "clickhouse" / "metadata"
    return [metadata / "suyuan.sql", *sorted((metadata / "suyuan").glob("*.sql"))]


def test_a_flip_in_a_definition_of_a_table_is_found_and_mended(make_copy, undisturbed):
    suyuan = make_copy("folder")
    chance = random.Random(6)
    files = definitions(suyuan)
    assert len(files) > 40
    before = {file: file.read_bytes() for file in files}
    for file in files:
        place = flip(file, chance)
        (said,) = failed(damage.tables(suyuan.data))
        assert str(file) in said, place
        file.write_bytes(before[file])
    assert failed(damage.tables(suyuan.data)) == []
    for file in (files[0], *chance.sample(files[1:], 3)):
        flip(file, chance)
    code, _, errors = ended(suyuan, "chains")
    assert (code, "the next start of suyuan run mends it" in errors) == (FAILED, True)
    assert doctor(suyuan).keys() >= {"tables"}
    assert go_on(suyuan) == undisturbed
    assert {file: file.read_bytes() for file in files} == before
    assert doctor(suyuan) == {}


def test_a_damaged_copy_of_the_definitions_is_made_anew(make_copy):
    suyuan = make_copy("folder")
    copy = suyuan.data / "clickhouse" / "definitions.json"
    before = copy.read_bytes()
    flip(copy, random.Random(2))
    (said,) = failed(damage.tables(suyuan.data))
    assert f"{copy}, the copy of the tables' definitions, is damaged" in said
    suyuan.run_once()
    assert copy.read_bytes() == before


def test_a_process_that_has_the_tables_open_reads_them_for_doctor(make_copy):
    suyuan = make_copy("folder")
    running = suyuan.begin("run", stderr=subprocess.PIPE)
    try:
        assert any("suyuan runs on" in line for line in running.stderr)
        file = greatest_part_file(suyuan)
        flip(file, random.Random(9))
        assert file.parent.name in doctor(suyuan)["tables"]
    finally:
        running.kill()
        running.communicate()
