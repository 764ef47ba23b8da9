"""The answer to a publisher: what was accepted, what was there already, what was refused and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from suyuan.domain.cautions import Caution
from suyuan.publishing.files.problems import Problem

_MOST_SHOWN = 100


@dataclass(slots=True)
class Tally:
    """Counts of records. `problems` holds the first hundred. `notes`: what a publisher should know beyond that."""

    accepted: int = 0
    duplicate: int = 0
    reused_id: int | None = None
    """of the accepted, those whose event_id was there with another content; None where that is not known"""
    rejected: int = 0
    problems: list[Problem] = field(default_factory=list)
    ignored: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(kind, field) that the kind does not have: how often it was left aside"""
    assumed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(kind, field): how often a time without an offset was taken for China time"""
    cautions: dict[tuple[str, str, str], tuple[int, str]] = field(default_factory=dict)
    """(kind, field, what is odd of an accepted record's cell): how often, and the first of them with its place"""
    notes: list[str] = field(default_factory=list)

    def refuse(self, problem: Problem, records: int = 1) -> None:
        """Count what cannot be taken."""
        self.rejected += records
        if len(self.problems) < _MOST_SHOWN:
            self.problems.append(problem)

    def caution(self, place: str, kind: str, caution: Caution) -> None:
        """Count what is accepted, but looks wrong."""
        odd = (kind, caution.field, caution.reason)
        count, first = self.cautions.get(odd, (0, f"{caution.value!r} at {place}"))
        self.cautions[odd] = (count + 1, first)

    @property
    def read(self) -> int:
        """Records that were read."""
        return self.accepted + self.duplicate + self.rejected

    def as_json(self) -> dict[str, Any]:
        """The answer as plain values; `errors` is capped, `rejected` is not."""
        return {
            "accepted": self.accepted,
            "duplicate": self.duplicate,
            **({} if self.reused_id is None else {"reused_id": self.reused_id}),
            "rejected": self.rejected,
            "errors": [asdict(problem) for problem in self.problems],
        }
