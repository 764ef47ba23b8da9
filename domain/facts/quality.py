"""Which of several inspections, and which of several recalls, counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from suyuan.domain.facts.stored import Stored, stored
from suyuan.domain.records import Inspection, Recall


@stored
class InspectionFact(Stored, frozen=True, kw_only=True):
    """The inspection that counts."""

    report_no: str
    result: str
    inspected_on: dt.date
    evidence: str


@stored
class RecallFact(Stored, frozen=True, kw_only=True):
    """The open recall that counts. Level 1 is the gravest."""

    recall_no: str
    level: int
    evidence: str


def latest(inspections: Iterable[Inspection]) -> InspectionFact | None:
    """The last inspection by (inspected_on, occurred_at, report_no, agency_code): report numbers are unique only within
    an agency. None for none.
    """
    last = max(inspections, key=lambda x: (x.inspected_on, x.occurred_at, x.report_no, x.agency_code), default=None)
    if last is None:
        return None
    return InspectionFact(
        report_no=last.report_no, result=last.result, inspected_on=last.inspected_on, evidence=last.evidence
    )


def gravest(recalls: Iterable[Recall]) -> RecallFact | None:
    """The open recall with the lowest level, the most recent of several. None for none."""
    found = [recall for recall in recalls if recall.status == "open"]
    if not found:
        return None
    level = min(recall.level for recall in found)
    first = max((recall for recall in found if recall.level == level), key=lambda x: (x.recency, x.recall_no))
    return RecallFact(recall_no=first.recall_no, level=first.level, evidence=first.evidence)
