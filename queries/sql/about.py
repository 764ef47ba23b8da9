"""The records that are about something, by when they happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from suyuan.access.scope import OutsideScope, Scope
from suyuan.queries.rows import Row, Tables
from suyuan.queries.sql.evidence import events_where
from suyuan.queries.visible import visible_of_kinds

_LOT = "producer_code = {producer_code:String} AND gtin = {gtin:String} AND lot = {lot:String}"
_OF_MAKER = "producer_code = {producer_code:String} AND gtin = {gtin:String}"
_PARTY = {
    "entity": "code = {code:String}",
    "licence": "holder_code = {code:String}",
    "certificate": "holder_code = {code:String}",
    "penalty": "subject_code = {code:String}",
    "complaint": "subject_code = {code:String}",
    "product": "producer_code = {code:String}",
    "recall": "producer_code = {code:String}",
    "inspection": "producer_code = {code:String}",
    "shipment": "(from_code = {code:String} OR to_code = {code:String})",
}
_LISTING = "platform_code = {platform_code:String} AND listing_id = {listing_id:String}"
_CONDITIONS: Mapping[str, Mapping[str, str]] = {
    "listing": {"listing": _LISTING, "complaint": _LISTING},
    "lot": {
        "lot": _LOT,
        "shipment": _LOT,
        "inspection": f"{_OF_MAKER} AND ifNull(lot, {{lot:String}}) = {{lot:String}}",
        "recall": f"{_OF_MAKER} AND (empty(lots) OR has(lots, {{lot:String}}))",
    },
    "product": dict.fromkeys(("product", "lot", "inspection", "recall"), "gtin = {gtin:String}"),
    "entity": _PARTY,
    "producer": _PARTY,
    "holder": _PARTY,
}
_NAMES = {
    "listing": ("platform_code", "listing_id"),
    "lot": ("producer_code", "gtin", "lot"),
    "product": ("gtin",),
}


def records_about(
    tables: Tables,
    scope: Scope,
    kind: str,
    parts: tuple[str, ...],
    window: tuple[int | None, int | None],
    limit: int,
) -> list[Row]:
    """What was published of a node of the graph (`hops.nodes`) and happened within a window (since, until), what
    happened last first; the latest `limit`. Every version of a record is there. Nothing of a holding.
    """
    values: dict[str, Any] = dict(zip(_NAMES.get(kind, ("code",)), parts, strict=False))
    values |= {"about_since": window[0], "about_until": window[1]}
    within = "".join(
        f" AND occurred_at {sign} fromUnixTimestamp64Milli({{{name}:Int64}})"
        for name, sign in (("about_since", ">="), ("about_until", "<"))
        if values[name] is not None
    )
    conditions = {}
    for each, visible in visible_of_kinds(scope).items():
        if each in _CONDITIONS.get(kind, {}):
            conditions[each] = f"outcome = 'accepted' AND {_CONDITIONS[kind][each]} AND {visible.condition}{within}"
            values |= visible.values
    if not conditions and not scope.parts:
        raise OutsideScope.of(scope, "records")
    return events_where(tables, conditions, values, limit, newest=True)
