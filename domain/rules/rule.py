from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from suyuan.domain.divisions import Level
from suyuan.domain.rules.errors import RuleError
from suyuan.domain.rules.explanation import check_template

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""the least first"""
Mode = Literal["active", "shadow", "off"]
Jurisdiction = Literal["seller", "producer"]
About = Literal["listing", "lot", "product", "producer", "seller"]

_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")
_CHOICES: dict[str, tuple[str, ...]] = {
    name: get_args(choices)
    for name, choices in (
        ("severity", Severity),
        ("mode", Mode),
        ("about", About),
        ("jurisdiction", Jurisdiction),
        ("level", Level),
    )
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One risk that listings are watched for (docs/reference/rules.md).

    expression: SQL, see `sql.py`; the rule fires where it IS TRUE and the listing is not removed
    version: grows whenever the expression or the severity changes
    mode: active raises alerts, shadow is only run over history, off not at all
    about: what an alert of the rule is about: each listing on its own, or what listings have in common
    jurisdiction: whose bureau is in charge: the seller's (how it is sold) or the producer's (how it is made)
    level: of which level that bureau is
    explanation_zh, explanation_en: templates with {column} placeholders

    Raises RuleError for a field that cannot be; the expression is checked when it is translated.
    """

    id: str
    version: int
    title_zh: str
    title_en: str
    severity: Severity
    expression: str
    explanation_zh: str
    explanation_en: str
    jurisdiction: Jurisdiction = "seller"
    mode: Mode = "active"
    about: About = "listing"
    level: Level = "county"

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise RuleError(self.id, "an id is a lower-case name of letters, digits and _")
        if self.version < 1:
            raise RuleError(self.id, "versions start at 1", str(self.version))
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                known = ", ".join(choices)
                raise RuleError(self.id, f"{name} is one of {known}, not", repr(getattr(self, name)))
        check_template(self.id, self.explanation_zh)
        check_template(self.id, self.explanation_en)
