"""What people did with one alert: every act, what became of it, and the note that was written with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from suyuan.access.scope import Scope
from suyuan.domain.alerts.acts import Act
from suyuan.domain.alerts.life import Judged, fold
from suyuan.domain.alerts.notes import Note, is_of
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import visible_alerts, whole_alerts

_MOST = 10_000
"""acts of one alert that are looked at"""
_ACTS = f"""
    SELECT * FROM current_alert_act WHERE alert_id = {{alert_id:String}}
    ORDER BY occurred_at, event_id, publisher, tie LIMIT {_MOST}
"""  # noqa: S608 - a number of our own
_NOTES = "SELECT * FROM note_v WHERE note_id IN {notes:Array(String)}"
_COLUMNS = tuple(field.name for field in msgspec.structs.fields(Act))


def alert_acts(tables: Tables, scope: Scope, alert_id: str) -> list[Row]:
    """In the order in which they count; none of an alert of which the scope does not show everything: a platform is
    told neither who acts at a bureau nor what is written there. The outcome is that which the facts of now give. Raises
    OutsideScope.
    """
    visible_alerts(scope)  # who sees no alerts at all is told so
    whole = whole_alerts(scope)
    found = read(
        tables,
        "SELECT state, basis, newest_listed_at FROM alert_current"  # noqa: S608 - a condition of our own
        f" WHERE alert_id = {{alert_id:String}} AND {whole.condition}",
        {"alert_id": alert_id, **whole.values},
    )
    if not found:
        return []
    rows = {row["event_id"]: row for row in read(tables, _ACTS, {"alert_id": alert_id})}
    life = fold(
        map(_act, rows.values()),
        standing=found[0]["state"] == "raised",
        basis=found[0]["basis"],
        newest_listed_at=found[0]["newest_listed_at"],
    )
    ids = sorted({judged.act.note_id for judged in life.judged if judged.act.note_id is not None})
    notes = {row["note_id"]: row for row in read(tables, _NOTES, {"notes": ids})} if ids else {}
    return list(_told(life.judged, rows, notes))


def _told(judged: Iterable[Judged], rows: Mapping[str, Row], notes: Mapping[str, Row]) -> Iterable[Row]:
    for act, outcome in judged:
        note, erased_at = _note(act, notes)
        received_at = rows[act.event_id]["received_at"]
        said = {name: getattr(act, name) for name in _COLUMNS}
        yield said | {"outcome": outcome, "note": note, "note_erased_at": erased_at, "received_at": received_at}


def _note(act: Act, notes: Mapping[str, Row]) -> tuple[str | None, int | None]:
    """(text, when it was erased); no text of a note that is not the one that was written with the act."""
    row = notes.get(act.note_id or "")
    if row is None:
        return None, None
    note = msgspec.convert({name: row[name] for name in Note.__struct_fields__}, Note)
    return note.text if is_of(note, act.note_id, act.note_hash) else None, note.erased_at


def _act(row: Row) -> Act:
    return Act(**{name: row[name] for name in _COLUMNS})
