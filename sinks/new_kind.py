"""What a new kind of events needs beside its .avsc, made from it: `make migration KIND=certificate`.

Written are the next numbered migration (its table, `event_<kind>_v` and `current_<kind>`, and the views by which it is
found by its numbers) and, of a version that is not kept yet, the schema in history/. Neither is written a second time:
both are released with the version that has them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from suyuan.schemas.declarations import published
from suyuan.schemas.fields import Avro, Field
from suyuan.schemas.kinds import EVENTS, KINDS, EventSchema, event_schema
from suyuan.sinks.errors import MigrationError
from suyuan.sinks.identifiers import views
from suyuan.sinks.migrations import FOLDER, migrations
from suyuan.sinks.tables import key_columns

_TYPES = {
    "string": "String",
    "enum": "String",
    "long": "Int64",
    "boolean": "Bool",
    "date": "Date32",
    "timestamp-millis": "DateTime64(3, 'UTC')",
}
_LAST = ("occurred_at", "publisher", "event_id")
"""columns that every kind has, behind those of its own"""
_PROVENANCE = (
    "outcome String",
    "digest String",
    "tie Int64",
    "source_partition Int64",
    "source_offset Int64 CODEC(Delta, LZ4)",
    "received_at DateTime64(3, 'UTC')",
)


def migration_text(kind: str) -> str:
    """The migration of a kind. Raises KeyError for no such kind."""
    head = (
        f"-- Events of kind {kind}, as 0001_events.sql, 0005_event_views.sql and 0010_identifiers.sql have the others'."
    )
    return "\n\n".join([head, *(f"{statement};" for statement in [*statements(kind), *views(kind)])]) + "\n"


def statements(kind: str) -> list[str]:
    """Table and views of a kind's events, placeholders open. Raises KeyError for no such kind."""
    columns = ",\n    ".join(_columns(event_schema(kind)))
    of_key = key_columns(kind)
    key = ", ".join(of_key)
    version = ", ".join(dict.fromkeys((*of_key, "publisher", "event_id", "digest")))
    newest = ", ".join(f"{name} DESC" for name in ("occurred_at", "event_id", "publisher", "tie") if name not in of_key)
    table = f"""
CREATE TABLE IF NOT EXISTS event_{kind} (
    {columns}
) ENGINE = ${{replacing}}
ORDER BY ({version}, source_partition, source_offset)
SETTINGS ${{settings}}, min_bytes_for_wide_part = 1073741824, merge_selector_base = 10
"""
    each_once = f"""
CREATE OR REPLACE VIEW event_{kind}_v AS
SELECT * FROM event_{kind}
ORDER BY {version}, source_partition, source_offset
LIMIT 1 BY {version}
"""  # noqa: S608 - names of our own
    current = f"""
CREATE OR REPLACE VIEW current_{kind} AS
SELECT * FROM event_{kind}
WHERE outcome = 'accepted'
ORDER BY {key}, {newest}, source_offset
LIMIT 1 BY {key}
"""  # noqa: S608 - names of our own
    return [table.strip(), each_once.strip(), current.strip()]


def write(kind: str, events: Path = EVENTS, folder: Path = FOLDER) -> list[Path]:
    """Write what the kind lacks, and say what was written. Raises MigrationError where there is nothing to do, KeyError
    for no such kind.
    """
    schema, known = event_schema(kind), migrations(folder)
    made = [each for each in known if f"CREATE TABLE IF NOT EXISTS event_{kind} (" in each.text]
    if made:
        raise MigrationError(
            f"the table event_{kind} is made by migration {made[0].number} ({made[0].name}) already, and a migration "
            "that was released never changes: write one that alters the table by hand. Where it was not released yet, "
            f"delete it, and history/{kind}.v{schema.version}.avsc with it, and make both again"
        )
    migration = folder / f"{len(known) + 1:04}_event_{kind}.sql"
    kept = events / "history" / f"{kind}.v{schema.version}.avsc"
    migration.write_text(migration_text(kind), encoding="utf-8")
    if kept.exists():
        return [migration]
    kept.write_text(_line_by_line(published(schema.avro)), encoding="utf-8")
    return [migration, kept]


def _line_by_line(avro: Avro) -> str:
    """The schema as JSON text with a line for each field, as such files are written by hand."""
    parts = [f"  {_json(name)}: {_json(part)}" for name, part in avro.items() if name != "fields"]
    fields = ",\n".join(f"    {_json(field)}" for field in avro["fields"])
    return "{\n" + ",\n".join([*parts, f'  "fields": [\n{fields}\n  ]']) + "\n}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _columns(schema: EventSchema) -> list[str]:
    own = {field.name: field for field in schema.fields}
    fields = [*(field for field in schema.fields if field.name not in _LAST), *(own[name] for name in _LAST)]
    return [
        *(f"{field.name} {_type(field)}" for field in fields),
        *_PROVENANCE,
        "INDEX evidence event_id TYPE bloom_filter GRANULARITY 4",
        *(
            f"INDEX by_{field.name} {field.name} TYPE bloom_filter GRANULARITY 4"
            for field in schema.fields
            if field.indexed
        ),
    ]


def _type(field: Field) -> str:
    if field.items is not None:
        return f"Array({_type(field.items)})"
    if field.type == "record":
        return f"Tuple({', '.join(f'{inner.name} {_type(inner)}' for inner in field.fields)})"
    name = _TYPES[field.type]
    return f"Nullable({name})" if field.optional else name


def main(arguments: Sequence[str]) -> int:
    """The command; its exit code: 2 for wrong usage, 1 where nothing was written."""
    if len(arguments) != 1 or arguments[0] not in KINDS:
        given = f"{arguments[0]!r}: there is no {EVENTS}/{arguments[0]}.avsc. " if len(arguments) == 1 else ""
        sys.stderr.write(f"{given}Name one kind: make migration KIND=certificate\n")
        return 2
    try:
        written = write(arguments[0])
    except MigrationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{os.path.relpath(path.resolve())}\n" for path in written)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
