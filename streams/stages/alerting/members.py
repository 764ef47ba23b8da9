"""Findings of a block: which stand, and what that changes of their alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from suyuan.streams.stages.alerting.kept import Member, age_of, decode_member, encode, member_key, offers_of

if TYPE_CHECKING:
    from suyuan.streams.stage import Block, StateView

SHOWN = (
    "rule", "rule_version", "subject_kind", "subject", "platform_code", "listing_id", "verdict", "seller_code",
    "producer_code", "gtin", "lot", "gap_names", "listed_at", "triggering", "evidence", "seller_division",
    "producer_division", "bureau", "bureau_why", "severity",
)  # fmt: skip
"""columns of a finding that its alert may show"""
_READ = (
    "alert_id",
    "finding_id",
    "sequence",
    "change",
    "listed_at",
    "severity",
    "basis",
    "platform_code",
    "received_at",
)
_TEXT = pl.struct(SHOWN).struct.json_encode()


@dataclass(slots=True)
class Changes:
    """What findings change of one alert. `severities`, `platforms`, `bases`: by how much; `came`: age and id of the
    newest offer that stands now and did not, `gone`: of those that did; `cleared`: row of the last one that was;
    `received_at`: of the last.
    """

    severities: dict[str, int] = field(default_factory=dict)
    platforms: dict[str, int] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    came: str = ""
    gone: set[str] = field(default_factory=set)
    cleared: str = ""
    received_at: int = 0

    def count(self, member: Member, by: int) -> None:
        """Count a standing finding in or out."""
        self.severities[member.severity] = self.severities.get(member.severity, 0) + by
        self.platforms[member.platform] = self.platforms.get(member.platform, 0) + by
        self.bases[member.basis] = self.bases.get(member.basis, 0) + by


def note_findings(block: Block, state: StateView) -> dict[str, Changes]:
    """Keep the findings of a block (block schema `finding`). Returns by alert what they change, nothing where all was
    known, of each that the block names.
    """
    rows = block.rows.unique(("alert_id", "finding_id"), keep="last", maintain_order=True)
    shown = rows.select(_TEXT).to_series().to_list()
    columns = [rows.get_column(name).to_list() for name in _READ]
    keys = [member_key(alert, finding) for alert, finding in zip(columns[0], columns[1], strict=True)]
    put: dict[bytes, bytes] = {}
    touched: dict[str, Changes] = {}
    for key, was, text, (alert, finding, sequence, change, listed_at, severity, basis, platform, received_at) in zip(
        keys, state.get_many(keys), shown, zip(*columns, strict=True), strict=True
    ):
        changes = touched.get(alert)
        if changes is None:
            changes = touched[alert] = Changes()
        before = decode_member(was) if was is not None else None
        if before is not None and before.sequence >= sequence:
            continue  # delivered again
        stands = change != "cleared"
        now = Member(sequence, listed_at if stands else None, severity, basis, platform)
        put[key] = encode(now)
        changes.received_at = max(changes.received_at, received_at)
        if before is not None and before.listed_at is not None:
            changes.count(before, -1)
            age = age_of(before.listed_at, finding)
            if not stands or before.listed_at != listed_at:
                changes.gone.add(age)
                state.delete(offers_of(alert) + age.encode())
        if stands:
            changes.count(now, 1)
            age = age_of(listed_at, finding)
            put[offers_of(alert) + age.encode()] = text.encode()
            changes.came = min(changes.came, age) if changes.came else age
        else:
            changes.cleared = text
    state.put_many(list(put), list(put.values()))
    return touched
