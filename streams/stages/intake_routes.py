"""Where intake sends a record: as the kind's .avsc says (`schemas/declarations.py`)."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from suyuan.schemas.declarations import LISTING_KEY
from suyuan.schemas.kinds import DECLARATIONS
from suyuan.streams.stages.listing_rows import LISTING_KEY_EXPR


@dataclass(frozen=True, slots=True)
class Route:
    """`topic`, and the column of the event whose text chooses the partition; `moves_with`: when one of these columns
    changes, the version before is retracted where it had gone. What the business key holds never changes.
    """

    topic: str
    by: str
    moves_with: tuple[str, ...] = ()


MOVES_WITH = {kind: each.moves_with for kind, each in DECLARATIONS.items()}
"""of each kind, the fields whose change has a version retracted from where it had gone"""

LISTING_ROUTE = MOVES_WITH["listing"]

ROUTES: dict[str, tuple[Route, ...]] = {
    kind: tuple(Route(topic, by, (by,) if by == LISTING_KEY else each.moves_with) for topic, by in each.routes)
    for kind, each in DECLARATIONS.items()
}
"""where each kind is kept; none: its events go to the tables alone. Listings have a route of their own"""

HOMED = tuple(kind for kind, each in DECLARATIONS.items() if each.looked_up)
"""kinds that partitions may look up by business key (intake.lookup), and are sent every later change of"""


def with_route_columns(kind: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with the columns that routes name and events lack: `listing_key` of a complaint (platform_code,
    listing_id joined by U+001F; null when it names no listing).
    """
    if kind != "complaint":
        return rows
    named = pl.col("listing_id").is_not_null()
    return rows.with_columns(pl.when(named).then(LISTING_KEY_EXPR).alias(LISTING_KEY))
