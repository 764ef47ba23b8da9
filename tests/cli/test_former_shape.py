"""A folder on which a former shape of the streams worked: refused, made anew, and then as if it had always been of this
one.
"""

from __future__ import annotations

import json
import sqlite3
from itertools import count

import pytest

from suyuan.eventlog.log import Log
from suyuan.operations.state_rebuild.embedded import rebuild
from suyuan.schemas.former_shape import MARK, is_former
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.streams.consumer_group import GROUP
from tests.former_shape import GONE, PARTITIONS, alert_rows, former_folder, standing


class Killed(BaseException):
    pass


@pytest.fixture
def former(tmp_path):
    return former_folder(tmp_path / "former")


def contents(folder):
    """Of every file but the one that says who runs, and SQLite's index of a write-ahead file that is there only while
    the log is open.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    left_out = {"running.lock", "log.sqlite-shm", "log.sqlite-wal"}
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name not in left_out}


def chains(suyuan, folder):
    answer = suyuan("chains", "--json", "--data", folder)
    assert answer.code == 0, answer.errors
    rows = [json.loads(line) for line in answer.output.splitlines()]
    return {(row["platform_code"], row["listing_id"]): (row["verdict"], row["gap_names"]) for row in rows}


def run(suyuan, folder, **environment):
    answer = suyuan("run", "--once", "--json", "--data", folder, own=True, **environment)
    assert answer.code == 0, answer.errors
    assert (answer.row["gap"], answer.row["duplicates"]) == (0, 0)
    return answer.row


def interrupted_rebuilds(folder, monkeypatch):
    """A rebuild is killed before its first write, another before its second, and so on, until one is through. Returns
    how many were killed.
    """
    for moment in count():
        if not killed_rebuild(folder, monkeypatch, moment):
            return moment
        with Log.open(folder, "read") as log:
            assert is_former(log.topics()), "a start would go on with what is half of either shape"
    raise AssertionError


def killed_rebuild(folder, monkeypatch, moment):
    """Whether one that is killed before that write was not through before."""
    write, writes = Log.write, count()

    def write_or_die(log, *arguments):
        if next(writes) == moment:
            raise Killed
        return write(log, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Log, "write", write_or_die)
        try:
            rebuild(folder)
        except Killed:
            return True
    return False


def test_a_folder_of_a_former_shape_is_refused_with_the_remedy_and_left_alone(suyuan, former):
    before = contents(former)
    for command in (("run", "--once"), ("state", "rebuild", "--partition", "0")):
        refused = suyuan(*command, "--data", former)
        assert refused.code == 3, refused.errors
        assert f"there is no topic {MARK}" in refused.errors
        assert f"`suyuan state rebuild --data {former}`" in refused.errors
    assert contents(former) == before
    looked = [json.loads(line) for line in suyuan("doctor", "--json", "--data", former).output.splitlines()]
    (found,) = [finding for finding in looked if finding["check"] == "shape"]
    assert (found["status"], "suyuan state rebuild" in found["detail"]) == ("failed", True)


def test_what_is_published_meanwhile_does_not_make_it_look_new(suyuan, former, tmp_path):
    events = tmp_path / "events.jsonl"
    exported = suyuan("log", "export", "--data", former, "--out", events)
    assert exported.code == 0, exported.errors
    published = suyuan("publish", events, "--data", former, "--json")
    assert published.row["accepted"] == 0
    assert suyuan("run", "--once", "--data", former).code == 3


def test_a_folder_that_nobody_worked_on_is_of_no_shape(suyuan, former, data):
    assert suyuan("log", "export", "--data", former, "--out", data.parent / "events.jsonl").code == 0
    assert suyuan("publish", data.parent / "events.jsonl").code == 0
    with Log.open(data, "read") as log:
        assert not is_former(log.topics())


@pytest.mark.parametrize("killed", [False, True], ids=["at once", "killed at every moment"])
def test_made_anew_it_is_as_a_fresh_one_and_alerts_are_raised_anew(suyuan, former, tmp_path, monkeypatch, killed):
    events, fresh = tmp_path / "events.jsonl", tmp_path / "fresh"
    assert suyuan("log", "export", "--data", former, "--out", events).code == 0
    with Log.open(former, "read") as log:
        not_loaded = {at: behind for at, behind in log.lag(LOADERS).items() if at[0] == "chain"}
        waiting = {topic for (topic, _), behind in log.lag(GROUP).items() if behind}
    assert set(GONE[:1]) | {"in.listing", "producer.listing", "producer.record", "chain"} <= waiting
    assert all(not_loaded.values()), "the case has nothing that a loader has to load yet"

    if killed:
        assert interrupted_rebuilds(former, monkeypatch) > len(GONE)
    else:
        assert suyuan("state", "rebuild", "--data", former).code == 0
    run(suyuan, former)

    assert suyuan("publish", events, "--data", fresh, SUYUAN_PARTITIONS=str(PARTITIONS)).code == 0
    run(suyuan, fresh)
    assert chains(suyuan, former) == chains(suyuan, fresh)
    rows = alert_rows(former)
    assert standing(rows) == standing(alert_rows(fresh))
    assert len(standing(rows)) > 10
    assert shown(suyuan, former) == sorted((row["alert_id"], row["sequence"], row["state"]) for row in newest(rows))


def test_what_nobody_reads_any_more_is_gone(suyuan, former):
    size = (former / "log" / "log.sqlite").stat().st_size
    assert suyuan("state", "rebuild", "--data", former).code == 0
    with Log.open(former, "read") as log:
        assert {topic: log.lag(GROUP).get((topic, 0)) for topic in GONE} == dict.fromkeys(GONE)
        for topic in GONE:
            for number in range(PARTITIONS):
                assert not log.fetch(topic, number, 0).offsets
                assert log.start_offset(topic, number) == log.end_offset(topic, number)
    with sqlite3.connect(former / "log" / "log.sqlite") as connection:
        (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    assert free * 8192 > size / 20, "their room is there for what comes"
    run(suyuan, former)
    assert not list((former / "state").rglob("seller-state*"))
    assert suyuan("state", "rebuild", "--data", former).code == 0, "as often as one likes"


def newest(rows):
    return {row["alert_id"]: row for row in rows}.values()


def shown(suyuan, folder):
    answer = suyuan("alerts", "--json", "--data", folder)
    assert answer.code == 0, answer.errors
    rows = [json.loads(line) for line in answer.output.splitlines()]
    return sorted((row["alert_id"], row["sequence"], row["state"]) for row in rows)
