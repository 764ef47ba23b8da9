"""A finding as everybody outside is told of it: one of the listings that an alert covers, and why."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from suyuan.operations.alerts.outward import read_triggering
from suyuan.queries.answers import Finding


class OutwardFinding(msgspec.Struct, frozen=True):
    """`condition`: whether it stands. `listed_at`: when the listing was offered; `triggering`: values of the rule's
    columns by name; `evidence`: the first is the listing's own. `sequence`: 1, 2, 3 and so on per finding. Times are
    ms UTC.
    """

    finding_id: str
    alert_id: str
    sequence: int
    change: str
    condition: Literal["standing", "cleared"]
    severity: str
    rule: str
    rule_version: int
    subject: str
    platform_code: str
    listing_id: str
    title: str | None
    verdict: str
    gap_names: list[str]
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None
    bureau: str
    seller_division: str | None
    producer_division: str | None
    listed_at: int
    triggering: Any
    evidence: list[str]
    raised_at: int
    changed_at: int
    received_at: int


FINDING_COLUMNS = OutwardFinding.__struct_fields__
_SAME = tuple(name for name in FINDING_COLUMNS if name in Finding.__struct_fields__ and name != "triggering")


def outward_finding(finding: Finding) -> OutwardFinding:
    """What is told of a finding as it stands."""
    return OutwardFinding(
        **{name: getattr(finding, name) for name in _SAME},
        condition="cleared" if finding.change == "cleared" else "standing",
        triggering=read_triggering(finding.triggering),
    )
