"""Since when anything is known of lots, products or producers."""

from __future__ import annotations

from collections.abc import Mapping

from suyuan.access.scope import OutsideScope, Scope
from suyuan.queries.rows import Tables, read
from suyuan.queries.visible import visible_of_kinds
from suyuan.sinks.tables import event_columns

_KINDS = ("product", "lot", "shipment", "inspection", "recall", "listing")


def first_record(tables: Tables, scope: Scope, named: Mapping[str, str]) -> int | None:
    """When the log took in the first record that has these values (`producer_code`, `gtin`, `lot`), ms UTC; None: none
    that the scope shows.
    """
    searches, values = [], dict[str, object](named)
    for kind, visible in visible_of_kinds(scope).items():
        if kind in _KINDS and set(named) <= set(event_columns(kind)):
            conditions = " AND ".join(f"{column} = {{{column}:String}}" for column in named)
            searches.append(
                f"SELECT received_at FROM event_{kind}"  # noqa: S608
                f" WHERE outcome = 'accepted' AND {conditions} AND {visible.condition}"
            )
            values |= visible.values
    if not searches:
        raise OutsideScope.of(scope, "records")
    either = " UNION ALL ".join(searches)
    (found,) = read(tables, f"SELECT count() AS n, min(received_at) AS first FROM ({either})", values)  # noqa: S608
    return found["first"] if found["n"] else None
