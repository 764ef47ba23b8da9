"""The migration that is made from a kind's schema is the one that was written by hand."""

from __future__ import annotations

import re
import shutil

import pytest

from suyuan.schemas.kinds import EVENTS, KINDS
from suyuan.sinks.errors import MigrationError
from suyuan.sinks.identifiers import fills, views
from suyuan.sinks.migrations import FOLDER, migrations
from suyuan.sinks.new_kind import main, migration_text, statements, write


def written(name):
    """The last statement of the migrations that makes a table or view of that name, with the columns that the table was
    given later.
    """
    there = [
        statement.strip()
        for migration in migrations()
        for statement in migration.statements({"replacing": "${replacing}", "settings": "${settings}"} | _OTHERS)
    ]
    made = [each for each in there if re.match(rf"CREATE (TABLE IF NOT EXISTS|OR REPLACE VIEW) {name} ", each)][-1]
    for statement in there:
        if more := re.fullmatch(rf"ALTER TABLE {name} ADD COLUMN IF NOT EXISTS (.*) AFTER (\w+)", statement):
            made = re.sub(rf"(?m)^    {more[2]} .*,$", rf"\g<0>\n    {more[1]},", made)
    return made


_OTHERS = {"replacing_version": "ReplacingMergeTree(version)"}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_made_is_what_there_is(kind):
    table, view, current = statements(kind)
    assert by_line(table) == by_line(written(f"event_{kind}"))
    assert (view, current) == (written(f"event_{kind}_v"), written(f"current_{kind}"))


@pytest.mark.parametrize("kind", KINDS)
def test_events_of_each_kind_are_found_by_their_numbers_those_too_that_were_there_before(kind):
    there = {
        statement.strip(): migration.number
        for migration in migrations()
        for statement in migration.statements({"replacing": "", "settings": ""} | _OTHERS)
    }
    (made,) = {number for text, number in there.items() if text.startswith(f"CREATE TABLE IF NOT EXISTS event_{kind} ")}
    (filled,) = {number for text, number in there.items() if text.startswith("CREATE TABLE IF NOT EXISTS identifier ")}
    assert {*views(kind)} <= there.keys()
    # a kind that came later has no events from before its views
    assert {*fills(kind)} <= there.keys() or made > filled
    assert all(f"{view};" in migration_text(kind) for view in views(kind))
    assert bool(views(kind)) == (kind not in {"day", "alert_act", "check_act", "order_answer"})


def by_line(table):
    """Indexes in any order: which comes first means nothing."""
    lines = [line.rstrip(",") for line in table.splitlines()]
    indexes = {line for line in lines if line.startswith("    INDEX")}
    return [line for line in lines if line not in indexes], indexes


@pytest.fixture
def house(tmp_path):
    """(schemas, migrations) that know no kind `day` yet."""
    events, folder = tmp_path / "events", tmp_path / "sql"
    shutil.copytree(EVENTS, events)
    folder.mkdir()
    text = (FOLDER / "0001_events.sql").read_text()
    (folder / "0001_events.sql").write_text(text[: text.index("CREATE TABLE IF NOT EXISTS event_day")])
    return events, folder


def test_the_next_number_is_taken_and_nothing_else_touched(house):
    events, folder = house
    before = sorted(path.read_bytes() for path in events.rglob("*.avsc"))
    assert write("day", events, folder) == [folder / "0002_event_day.sql"]
    assert (folder / "0002_event_day.sql").read_text() == migration_text("day")
    assert [migration.name for migration in migrations(folder)] == ["events", "event_day"]
    assert sorted(path.read_bytes() for path in events.rglob("*.avsc")) == before


def test_the_schema_is_kept_as_it_is_published(house):
    events, folder = house
    kept = events / "history" / "day.v1.avsc"
    as_before = kept.read_text()
    kept.unlink()
    assert write("day", events, folder)[1:] == [kept]
    assert kept.read_text() == as_before


def test_a_released_migration_is_not_written_again(house):
    events, folder = house
    write("day", events, folder)
    with pytest.raises(MigrationError, match=r"event_day is made by migration 2 \(event_day\) already"):
        write("day", events, folder)
    assert len(list(folder.iterdir())) == 2


def test_the_command_says_what_is_wrong(capsys):
    assert main(["kite"]) == 2
    assert "there is no" in capsys.readouterr().err
    assert main([]) == 2
    assert main([KINDS[0]]) == 1
    assert "by migration 1 (events) already" in capsys.readouterr().err
