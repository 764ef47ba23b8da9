"""What a rule may refer to: columns of the current chain of a listing, and its counters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from suyuan.domain.chain.gaps import GAPS


class Kind(Enum):
    """What a term of a rule is. Kinds are never mixed: the engines would coerce differently."""

    TEXT = "text"
    NUMBER = "number"
    TEXTS = "list of texts"
    TRUTH = "truth value"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `values`: the only ones there are, where the column has a fixed vocabulary."""

    kind: Kind
    values: frozenset[str] | None = None


TEXT = Column(Kind.TEXT)
NUMBER = Column(Kind.NUMBER)
ENTITY_STATUS = Column(Kind.TEXT, frozenset({"active", "abnormal", "revoked", "deregistered"}))

COLUMNS: dict[str, Column] = {
    "verdict": Column(Kind.TEXT, frozenset({"contradicted", "broken", "partial", "complete"})),
    "gap_names": Column(Kind.TEXTS, frozenset(gap.gap for gap in GAPS)),
    "title": TEXT,
    "category": TEXT,
    "platform_code": TEXT,
    "seller_code": TEXT,
    "producer_code": TEXT,
    "gtin": TEXT,
    "lot": TEXT,
    "price_fen": NUMBER,
    "sold_30d": NUMBER,
    "seller_status": ENTITY_STATUS,
    "producer_status": ENTITY_STATUS,
    "seller_division": TEXT,
    "producer_division": TEXT,
    "seller_penalties": NUMBER,
    "recall_level": NUMBER,
    "complaints_7d": NUMBER,
    "complaints_30d": NUMBER,
}
"""Numbers are whole (int64), texts UTF-8; each may be null but gap_names, which is empty then."""

COUNTERS: dict[str, int] = {"complaints_7d": 7, "complaints_30d": 30}
"""Counters and the days that each looks back, the present day included."""
