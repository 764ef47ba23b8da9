"""Feedback as lines: one for each gap of each listing, with what would mend it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from suyuan.domain.chain.mending import mendings

COLUMNS = (
    *("platform_code", "listing_id", "title", "verdict", "gap", "class", "subject", "detail", "fields"),
    *("how_zh", "how_en", "proof_zh", "proof_en", "evidence", "received_at"),
)
"""of a line"""


def gap_to_mend(gap: Mapping[str, Any]) -> dict[str, Any]:
    """A gap (`gap`, `class`, `subject`, `detail`, `evidence`) with what would mend it: `fields` of the listing,
    `how_*`, `proof_*`; none of a gap that this version does not know.
    """
    told = mendings().get(gap["gap"])
    return {
        **gap,
        "fields": [] if told is None else list(told.fields),
        "how_zh": None if told is None else told.how_zh,
        "how_en": None if told is None else told.how_en,
        "proof_zh": None if told is None else told.proof_zh,
        "proof_en": None if told is None else told.proof_en,
    }


def with_mending(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of feedback, each of its gaps with what would mend it."""
    return {**row, "gaps": [gap_to_mend(gap) for gap in row["gaps"]]}


def lines_to_mend(rows: Iterable[Mapping[str, Any]], gap: str | None = None) -> Iterator[dict[str, Any]]:
    """Lines of COLUMNS of rows of feedback; `gap`: of that gap alone."""
    for row in rows:
        for each in row["gaps"]:
            if gap is None or each["gap"] == gap:
                line = {**row, **gap_to_mend(each)}
                yield {name: line[name] for name in COLUMNS}
