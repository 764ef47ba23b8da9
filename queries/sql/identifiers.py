"""Who uses an identifier, which others are like it, and whose name has a text in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.readings import SHORTEST_PREFIX
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import visible_identifiers
from suyuan.sinks.identifiers import fold_sql

MOST_WORDS = 8
_BEGINNING = 8
_AROUND = 4

_DISTINCT = "arraySlice(arrayDistinct(groupArraySorted(60)(subject)), 1, 5)"
"""the first subjects, each of which may be there once for each field"""
OF_FORMS = "identifier IN {forms:Array(String)}"


def uses(tables: Tables, scope: Scope, forms: Sequence[str], prefixes: Sequence[str]) -> list[Row]:
    """Rows of (`how`, `identifier`, `kind`, `field`, `n`, `first`), by one query. `exact`: records of a kind that have
    one of the forms in a field, of which `first` are the first five business keys; with no field, in any. `begins`:
    other identifiers that begin with one of the prefixes.
    """
    visible = visible_identifiers(scope)
    parts = [
        f"""
        SELECT 'exact' AS how, identifier, kind, field, uniqExact(subject) AS n, {_DISTINCT} AS first
        FROM (SELECT DISTINCT identifier, kind, field, subject FROM identifier WHERE {OF_FORMS} AND {visible.condition})
        GROUP BY GROUPING SETS ((kind), (identifier, kind, field))
        """  # noqa: S608 - fixed texts, bound values, here and below
    ]
    values: dict[str, Any] = {"forms": list(forms), **visible.values}
    for number, prefix in enumerate(prefixes):
        values[f"prefix_{number}"] = prefix
        begins = f"startsWith(identifier, {{prefix_{number}:String}}) AND NOT {OF_FORMS} AND {visible.condition}"
        parts.append(_some("begins", begins, _BEGINNING))
    return read(tables, " UNION ALL ".join(parts), values)


def alike(
    tables: Tables, scope: Scope, mistyped: Sequence[str], around: Sequence[str], words: Sequence[str]
) -> list[Row]:
    """Rows as those of `uses`. `mistyped`: which of these there are; `nearest`: identifiers just before and behind each
    of `around` with which they share their first characters; `name`: records of a kind in whose names all words are.
    """
    visible = visible_identifiers(scope)
    parts: list[str] = []
    values: dict[str, Any] = {**visible.values}
    if mistyped:
        values["mistyped"] = list(mistyped)
        parts.append(
            f"""
            SELECT DISTINCT 'mistyped' AS how, identifier, kind, '' AS field, toUInt64(0) AS n, {_NONE} AS first
            FROM identifier WHERE identifier IN {{mistyped:Array(String)}} AND {visible.condition}
            """  # noqa: S608
        )
    for number, text in enumerate(around):
        values |= {f"around_{number}": text, f"begun_{number}": text[:SHORTEST_PREFIX]}
        shared = f"startsWith(identifier, {{begun_{number}:String}}) AND {visible.condition}"
        parts += [
            _some("nearest", f"identifier > {{around_{number}:String}} AND {shared}", _AROUND),
            _some("nearest", f"identifier < {{around_{number}:String}} AND {shared}", _AROUND, "DESC"),
        ]
    if words:
        named, bound = in_names(words)
        values |= bound
        parts.append(
            f"""
            SELECT 'name' AS how, '' AS identifier, kind, '' AS field, uniqExact(subject) AS n, {_DISTINCT} AS first
            FROM (SELECT DISTINCT kind, subject FROM name WHERE {named} AND {visible.condition})
            GROUP BY kind
            """  # noqa: S608
        )
    return read(tables, " UNION ALL ".join(parts), values) if parts else []


def in_names(words: Sequence[str]) -> tuple[str, dict[str, Any]]:
    """A condition on rows of `name`: each word is in it, in whatever case and width. And what is bound to that."""
    folded = [fold_sql(f"{{word_{number}:String}}") for number in range(len(words))]
    literal = [f"replaceRegexpAll({each}, '([%_\\\\\\\\])', '\\\\\\\\\\\\1')" for each in folded]
    conditions = [f"folded LIKE concat('%', {each}, '%')" for each in literal]
    return " AND ".join(conditions), {f"word_{number}": word for number, word in enumerate(words)}


_NONE = "emptyArrayString()"


def _some(how: str, condition: str, most: int, order: str = "") -> str:
    """The first identifiers by their order, read no further than that."""
    return f"""
        SELECT '{how}' AS how, identifier, kind, '' AS field, toUInt64(0) AS n, {_NONE} AS first FROM (
            SELECT DISTINCT identifier, kind FROM identifier WHERE {condition}
            ORDER BY identifier {order}, kind {order} LIMIT {most}
        )
    """  # noqa: S608
