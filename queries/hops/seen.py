"""What of a graph somebody may see: the scope, and the moment that is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from suyuan.access.scope import OutsideScope, Scope
from suyuan.queries.records import current_of_any, current_where, known_by
from suyuan.queries.rows import Row, Tables, read
from suyuan.queries.visible import Visible, in_division, scope_values, visible_chains, visible_entity, visible_events

NOTHING = Visible("0", {})
_OF_CHAINS = """platform_code, listing_id, version, status, gtin, lot, producer_code, seller_code, seller_division,
    producer_division, listing_event"""
"""what chains are chosen by and shown by, where not their key does it: each column takes time to be looked up"""


@dataclass(frozen=True, slots=True)
class Seen:
    """Asks on behalf of a scope. `as_of`, `happened_by`: ms UTC, None for now."""

    tables: Tables
    scope: Scope
    as_of: int | None
    happened_by: int | None

    def read(self, statement: str, values: Mapping[str, Any]) -> list[Row]:
        """Rows; moments and the scope's values are bound beside those given."""
        moments = {"as_of": self.as_of, "happened_by": self.happened_by}
        return read(self.tables, statement, {**scope_values(self.scope), **moments, **values})

    @property
    def known(self) -> str:
        """AND that an event was known, and had happened, then."""
        return known_by("received_at", self.as_of, "as_of") + known_by("occurred_at", self.happened_by, "happened_by")

    def records(self, kind: str, told: str, condition: str, *, by_key: bool) -> str:
        """SELECT of the current records that meet a condition: what is `told` of them, in SQL, and `seen`, whether the
        scope shows them. `by_key`: the business key alone decides.
        """
        shown = f"SELECT {told}, {self.shows(kind)} AS seen"
        if by_key:
            return current_where(kind, f"{condition}{self.known}", shown)
        return f"{shown} FROM ({current_of_any(kind, condition, self.known)}) WHERE {condition}"

    def chains(
        self, told: str, condition: str, *, by_key: bool = False, wider: str | None = None, and_now: str = "1"
    ) -> str:
        """The same of the chains of listings. Which listings may meet the condition the narrower table says, by its
        indices; what is current of them, and whether that meets `and_now` too, is read from the history, whose granules
        are small. `wider`: a condition that the narrower table answers with fewer columns.
        """
        moments = known_by("received_at", self.as_of, "as_of") + known_by("as_of", self.happened_by, "happened_by")
        shown = f"SELECT {told}, {self._visible_chains().condition} AS seen"
        order = "ORDER BY platform_code, listing_id, version DESC LIMIT 1 BY platform_code, listing_id"
        if by_key:
            return f"{shown} FROM chain_history WHERE {condition} {moments} {order}"
        candidates = f"SELECT platform_code, listing_id FROM {'chain_history' if moments else 'chain'}"  # noqa: S608
        return f"""
            {shown} FROM (
                SELECT {_OF_CHAINS} FROM chain_history
                WHERE (platform_code, listing_id) IN ({candidates} WHERE {wider or condition})
                {moments}
                {order}
            ) WHERE {condition} AND {and_now}
        """  # noqa: S608 - fixed texts, bound values

    def versions(self, condition: str) -> str:
        """SELECT of every version of the chains of listings that met a condition while they were active, each once,
        with `fits`: whether that one meets it.
        """
        known = known_by("received_at", self.as_of, "as_of")
        listings = f"SELECT platform_code, listing_id FROM chain_history WHERE {condition} AND status = 'active'"  # noqa: S608
        return f"""
            SELECT *, version, ifNull({condition}, 0) AS fits, {self._visible_chains().condition} AS seen
            FROM chain_history WHERE (platform_code, listing_id) IN ({listings}) {known}
            ORDER BY platform_code, listing_id, version LIMIT 1 BY platform_code, listing_id, version
        """  # noqa: S608 - fixed texts, bound values

    def shows(self, kind: str) -> str:
        """Condition on rows of event_<kind>."""
        visible = visible_entity(self.scope) if kind == "entity" else visible_events(self.scope, kind)
        return (visible or NOTHING).condition

    @property
    def in_division(self) -> str:
        """Condition on rows of event_entity: that the scope has the division."""
        return in_division(self.scope).condition

    def _visible_chains(self) -> Visible:
        try:
            return visible_chains(self.scope)
        except OutsideScope:
            return NOTHING
