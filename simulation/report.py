"""Compare what was planted with what was found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from suyuan.simulation.planted import Planted

Key = tuple[str, str]
_EXAMPLES = 20


@dataclass(slots=True)
class Score:
    """Listings of one fault: planted = found + missed; `without_cause`: its gap, not planted."""

    planted: int = 0
    found: int = 0
    missed: int = 0
    without_cause: int = 0


@dataclass(slots=True)
class Report:
    """`without_cause` counts the listings that show a gap which was not planted there."""

    chains: dict[str, int]
    """listings by verdict"""
    findings: dict[str, int]
    """findings that stand, by severity"""
    faults: dict[str, Score] = field(default_factory=dict)
    without_cause: int = 0
    findings_without_cause: int = 0
    """findings that stand on listings where nothing was planted"""
    examples: list[dict[str, Any]] = field(default_factory=list)
    """some missed or without cause: fault (or null), platform_code, listing_id, expected, shown"""

    @property
    def complete(self) -> bool:
        """Everything planted was found, and nothing else."""
        return not (self.without_cause or self.findings_without_cause) and not any(
            score.missed for score in self.faults.values()
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def compare(
    planted: Iterable[Planted], chains: Iterable[Mapping[str, Any]], findings: Iterable[Mapping[str, Any]]
) -> Report:
    """Judge by each listing's current chain (platform_code, listing_id, verdict, gaps as names) and each finding as
    it stands (rule, severity, change, platform_code, listing_id). A cleared one was raised, so it counts as found, but
    not as standing.
    """
    gaps: dict[Key, set[str]] = {}
    verdicts: Counter[str] = Counter()
    for chain in chains:
        verdicts[chain["verdict"]] += 1
        if chain["gap_names"]:
            gaps[chain["platform_code"], chain["listing_id"]] = set(chain["gap_names"])
    raised: defaultdict[Key, set[str]] = defaultdict(set)
    severities: Counter[str] = Counter()
    standing: Counter[Key] = Counter()
    for finding in findings:
        raised[finding["platform_code"], finding["listing_id"]].add(finding["rule"])
        if finding["change"] != "cleared":
            severities[finding["severity"]] += 1
            standing[finding["platform_code"], finding["listing_id"]] += 1
    report = Report(dict(sorted(verdicts.items())), dict(sorted(severities.items())))
    caused = _look_for(report, list(planted), gaps, raised)
    report.findings_without_cause = sum(count for key, count in standing.items() if key not in caused)
    return report


def _look_for(
    report: Report, planted: list[Planted], gaps: Mapping[Key, set[str]], raised: Mapping[Key, set[str]]
) -> Mapping[Key, set[str]]:
    """The gaps that were planted on each listing."""
    caused: defaultdict[Key, set[str]] = defaultdict(set)
    fault_of: dict[str, str] = {}
    for one in planted:
        key = one.platform_code, one.listing_id
        score = report.faults.setdefault(one.fault, Score())
        caused[key].update(one.also)
        if one.gap is not None:
            caused[key].add(one.gap)
            fault_of.setdefault(one.gap, one.fault)
        shown, alarmed = gaps.get(key, set()), raised.get(key, set())
        found = (one.gap is None or one.gap in shown) and (not one.rules or not alarmed.isdisjoint(one.rules))
        score.planted += 1
        score.found += found
        score.missed += not found
        if not found:
            _example(report, one.fault, key, [one.gap, *one.rules], shown | alarmed)
    for key, shown in gaps.items():
        extra = shown - caused.get(key, set())
        for gap in extra:
            report.faults.setdefault(fault_of.get(gap, gap), Score()).without_cause += 1
        if extra:
            report.without_cause += 1
            _example(report, None, key, caused.get(key, ()), shown)
    return caused


def _example(report: Report, fault: str | None, key: Key, expected: Iterable[str | None], shown: Iterable[str]) -> None:
    if len(report.examples) < _EXAMPLES:
        report.examples.append(
            {
                "fault": fault,
                "platform_code": key[0],
                "listing_id": key[1],
                "expected": sorted(name for name in expected if name),
                "shown": sorted(shown),
            }
        )
