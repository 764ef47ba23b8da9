"""What the tables `identifier` and `name` are filled with, made from the kinds' schemas: their materialised views, and
what fills them with rows that were there before.

identifier  a row for each number, code or GTIN that an accepted event has in some field: in which field of which kind,
            and of which record (`subject`: its business key, parts joined by U+001F)
name        a row for each name of an entity or product and each title of a listing, folded: NFKC, lower case

Both also have what says who may see the event: platform, publisher, and the codes of whom it is about. A platform's
code is not looked up so: listings are kept by platform already.
"""

from __future__ import annotations

from collections.abc import Iterator

from suyuan.domain.event_kind import Form
from suyuan.schemas.fields import Field
from suyuan.schemas.kinds import event_schema
from suyuan.sinks.tables import key_columns

PARTIES = ("code", "seller_code", "producer_code", "holder_code", "subject_code", "from_code", "to_code")
"""columns of events that name whom they are about; agencies and publishers are not"""
NAMES = {"listing": "title", "entity": "name", "product": "name"}
"""of each kind that has one, the field that people call its subject by"""

_FORMS: tuple[Form, ...] = ("code", "gtin", "lot", "number")
_ELSEWHERE = {"publisher", "event_id", "platform_code", "division", "handled_by", "line"}
"""fields of such forms that nobody looks for alone"""


def identifier_fields(kind: str) -> list[str]:
    """The fields whose values are looked up, those of the lists of records in it as `inputs.lot`."""
    return [name for name, _ in (*_plain(kind), *_lists(kind))]


def fold_sql(text: str) -> str:
    """SQL for a name as it is kept to be looked for."""
    return f"lowerUTF8(normalizeUTF8NFKC({text}))"


def views(kind: str) -> list[str]:
    """What fills the tables with the events of a kind that come."""
    return [
        f"CREATE MATERIALIZED VIEW IF NOT EXISTS {table}_of_{kind} TO {table} AS\n{select}"
        for table, select in _selects(kind)
    ]


def fills(kind: str) -> list[str]:
    """What fills them with those that are there; a second time changes nothing that is read."""
    return [f"INSERT INTO {table}\n{select}" for table, select in _selects(kind)]


def _selects(kind: str) -> Iterator[tuple[str, str]]:
    """(table, what its rows of that kind are)"""
    schema = event_schema(kind)
    named = ", ".join(_filled(field) for field in schema.fields if field.name in PARTIES)
    parties = f"[{named}]" if named else "emptyArrayString()"
    platform = next((_filled(field) for field in schema.fields if field.name == "platform_code"), "''")
    about = (
        f"{_joined(key_columns(kind))} AS subject",
        "publisher",
        platform if platform == "platform_code" else f"{platform} AS platform_code",
        f"{parties} AS parties",
    )
    if uses := _used(kind):
        said = f"arrayJoin(arrayFilter(said -> said.2 != '', {uses}))"
        identifier = f"({said} AS used).2 AS identifier"
        yield "identifier", _select(kind, identifier, f"'{kind}' AS kind", "used.1 AS field", *about)
    if kind in NAMES:
        yield "name", _select(kind, f"{fold_sql(NAMES[kind])} AS folded", f"'{kind}' AS kind", *about)


def _used(kind: str) -> str:
    """SQL for an array of what an event says: (field, identifier); nothing for a kind that is not looked up."""
    listed = [f"('{name}', {text})" for name, text in _plain(kind)]
    single = "[\n        " + ",\n        ".join(listed) + "\n    ]" if listed else ""
    parts = [*([single] if single else []), *(array for _, array in _lists(kind))]
    return f"arrayConcat({', '.join(parts)})" if len(parts) > 1 else "".join(parts)


def _plain(kind: str) -> Iterator[tuple[str, str]]:
    """Each single field that is looked up, and SQL for its text."""
    for field in event_schema(kind).fields:
        if field.form in _FORMS and field.items is None and field.name not in _ELSEWHERE:
            yield field.name, _filled(field)


def _lists(kind: str) -> Iterator[tuple[str, str]]:
    """Each list that is looked up, of a list of records each text in them, and SQL for an array as `_used` has it."""
    for field in event_schema(kind).fields:
        if field.items is not None and field.items.type == "record":
            for inner in field.items.fields:
                if inner.type == "string":
                    name = f"{field.name}.{inner.name}"
                    yield name, f"arrayMap(each -> ('{name}', each.{inner.name}), {field.name})"
        elif field.items is not None and field.form in _FORMS:
            yield field.name, f"arrayMap(each -> ('{field.name}', each), {field.name})"


def _filled(field: Field) -> str:
    return f"ifNull({field.name}, '')" if field.optional else field.name


def _joined(columns: tuple[str, ...]) -> str:
    """As `keys.join_key` joins them."""
    between = ", '\\x1f', ".join(columns)
    return f"concat({between})" if len(columns) > 1 else between


def _select(kind: str, *columns: str) -> str:
    listed = ",\n".join(f"    {column}" for column in columns)
    return f"SELECT\n{listed}\nFROM event_{kind} WHERE outcome = 'accepted'"
