"""Facts of a seller: its registration, and the penalties in force against it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import polars as pl

from suyuan.domain.records import Entity, Penalty

SELLER = pl.Struct(
    {
        "seller_registered": pl.Boolean,
        "seller_status": pl.String,
        "seller_name": pl.String,
        "seller_division": pl.String,
        "seller_evidence": pl.String,
        "seller_penalties": pl.Int64,
    }
)
"""the columns that a seller's facts give each of its listings"""
UNKNOWN = b'{"seller_registered":false,"seller_penalties":0}'
"""facts of a code of which there are no records"""


def summarise_seller(entity: Entity | None, penalties: Iterable[Penalty]) -> bytes:
    """The facts of one seller as JSON that SELLER reads. `penalties`: the current ones against the code, lifted ones
    too.
    """
    facts: dict[str, object] = {"seller_registered": False, "seller_penalties": 0}
    if entity is not None:
        facts |= {
            "seller_registered": True,
            "seller_status": entity.status,
            "seller_name": entity.name,
            "seller_division": entity.division,
            "seller_evidence": entity.evidence,
        }
    facts["seller_penalties"] = sum(penalty.status == "in_force" for penalty in penalties)
    return msgspec.json.encode(facts)
