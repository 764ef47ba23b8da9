"""Which listings are looked at next: a walk over all, in an order that has nothing to do with who they are."""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.queries.rows import Row, Tables, read

ALL = 1 << 64
"""values of a hash"""


@dataclass(slots=True)
class Walk:
    """Goes round the hashes of all keys, `place` on; where it begins is up to chance. Every listing that is there the
    whole time is met once in a round.
    """

    tables: Tables
    place: int
    _width: int = 0

    def next(self, count: int) -> list[tuple[str, str]]:
        """About so many listings, never twice as many: of those that have an event or a chain."""
        if not self._width:
            self._width = self._share(count)
        rows = self._within(self._width, 2 * count)
        going = self._width
        if len(rows) == 2 * count:  # what lies at the last place may go on beyond the limit: the next turn begins there
            going = rows[-1]["ahead"]
            rows = [row for row in rows if row["ahead"] < going]
        self.place = (self.place + going) % ALL
        # about as many as were wanted, whatever the tables count twice
        self._width = min(ALL, self._width * count // max(len(rows), count // 4, 1))
        return [(row["platform_code"], row["listing_id"]) for row in rows]

    def _share(self, count: int) -> int:
        (row,) = read(self.tables, "SELECT uniq(platform_code, listing_id) AS chains FROM chain")
        return ALL * count // max(int(row["chains"]), count)

    def _within(self, width: int, most: int) -> list[Row]:
        """The first ones ahead; differences of unsigned numbers go round of themselves."""
        ahead = "toUInt64(cityHash64(platform_code, listing_id) - {place:UInt64})"
        either = " UNION ALL ".join(
            f"SELECT platform_code, listing_id, {ahead} AS ahead FROM {table} WHERE ahead <= {{last:UInt64}}"  # noqa: S608
            for table in ("chain", "event_listing")
        )
        return read(
            self.tables,
            f"SELECT DISTINCT platform_code, listing_id, ahead FROM ({either})"  # noqa: S608 - fixed texts
            f" ORDER BY ahead, platform_code, listing_id LIMIT {most}",
            {"place": self.place, "last": width - 1},
        )
