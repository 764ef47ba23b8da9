"""Filters of alerts: read from texts that people write, and held against alerts at hand."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Protocol, get_args

from suyuan.access.scope import Scope
from suyuan.domain.identifiers.normal_form import code_form
from suyuan.domain.rules.rule import Severity
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.hops.nodes import NodeKey
from suyuan.queries.sql.alerts import AlertFilter
from suyuan.queries.visible import Placed, sees_alert

SEVERITIES: tuple[str, ...] = get_args(Severity)
"""the least first"""
CONDITIONS = {"standing": "raised", "cleared": "cleared"}
"""as people say them: as the tables do"""
MOST_VALUES = 50


class BadFilter(SuyuanError):
    """A filter that makes no sense. `field`: which, by the name that people write."""

    kind = ErrorKind.USAGE

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


def read_filter(
    *,
    severity: str | None = None,
    condition: str | None = None,
    rule: str | None = None,
    bureau: str | None = None,
    platform: str | None = None,
    seller: str | None = None,
    subject: str | None = None,
    since: int | None = None,
) -> AlertFilter:
    """Of each field one value, or several with commas between them; a bureau by the first digits of its division;
    `subject`: `listing:PLATFORM/LISTING`; `since`: ms UTC. Raises BadFilter.
    """
    severities, bureaus = _values("severity", severity), _values("bureau", bureau)
    for each in severities:
        if each not in SEVERITIES:
            raise BadFilter("severity", f"not one of {', '.join(SEVERITIES)}")
    for each in bureaus:
        if not (each.isascii() and each.isdecimal() and len(each) <= 6):
            raise BadFilter("bureau", "the first digits of a division, up to six")
    if condition and condition not in CONDITIONS:
        raise BadFilter("condition", f"not one of {', '.join(CONDITIONS)}")
    platforms, listing_id = _values("platform", platform), None
    if subject:
        of, listing_id = _subject(subject)
        platforms = (of,) if not platforms or of in map(code_form, platforms) else ("",)  # of another platform: none
    return AlertFilter(
        severity=severities,
        state=CONDITIONS[condition] if condition else None,
        rule=_values("rule", rule),
        platform_code=platforms,
        listing_id=listing_id,
        bureau=bureaus,
        seller_code=_values("seller", seller),
        since=since,
    )


class Filtered(Placed, Protocol):
    """What filters look at, of an alert at hand."""

    @property
    def severity(self) -> str:
        """Of SEVERITIES."""

    @property
    def state(self) -> str:
        """As the tables say it."""

    @property
    def rule(self) -> str:
        """Its id."""

    @property
    def listing_id(self) -> str:
        """The platform's number."""

    @property
    def seller_code(self) -> str | None:
        """Who sells."""

    @property
    def raised_at(self) -> int:
        """Ms UTC."""


Test = Callable[[Filtered], bool]


def alert_matcher(scope: Scope, wanted: AlertFilter) -> Test:
    """Whether an alert is within the scope and as the filter wants it: as the tables answer (`queries.sql.alerts`)."""
    tests = [_TESTS[name](value) for name, value in wanted.values.items()]
    return lambda alert: sees_alert(scope, alert) and all(test(alert) for test in tests)


def _one_of(column: str) -> Callable[[list[str]], Test]:
    get = attrgetter(column)

    def test_of(values: list[str]) -> Test:
        chosen = frozenset(values)
        return lambda alert: get(alert) in chosen

    return test_of


def _same(column: str) -> Callable[[str], Test]:
    get = attrgetter(column)
    return lambda value: lambda alert: bool(get(alert) == value)


def _of_bureau(prefixes: list[str]) -> Test:
    beginnings = tuple(prefixes)
    return lambda alert: (alert.bureau or "").startswith(beginnings)


def _since(moment: int) -> Test:
    return lambda alert: alert.raised_at >= moment


_TESTS: dict[str, Callable[[Any], Test]] = {
    **{name: _one_of(name) for name in ("severity", "rule", "platform_code", "seller_code")},
    **{name: _same(name) for name in ("state", "listing_id")},
    "bureau": _of_bureau,
    "since": _since,
}


def _values(field: str, text: str | None) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part for each in (text or "").split(",") if (part := each.strip())))
    if len(found) > MOST_VALUES:
        raise BadFilter(field, f"at most {MOST_VALUES} values")
    return found


def _subject(text: str) -> tuple[str, str]:
    node: NodeKey | None
    try:
        node = NodeKey.parse(text)
    except SuyuanError:
        node = None
    if node is None or node.kind != "listing":
        raise BadFilter("subject", "alerts are about listings: listing:PLATFORM/LISTING")
    return node.parts[0], node.parts[1]
