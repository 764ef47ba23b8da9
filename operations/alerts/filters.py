"""Filters of alerts: read from texts that people write, and held against alerts at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Protocol, get_args

from suyuan.domain.alerts.life import Handling
from suyuan.domain.rules.rule import SEVERITIES
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.hops.nodes import NodeKey
from suyuan.queries.sql.alerts import AlertFilter
from suyuan.queries.visible import Placed

CONDITIONS = {"standing": "raised", "cleared": "cleared"}
"""as people say them: as the tables do"""
HANDLINGS: tuple[str, ...] = get_args(Handling)
"""as far as people have come"""
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
    handling: str | None = None,
    assignee: str | None = None,
    rule: str | None = None,
    bureau: str | None = None,
    platform: str | None = None,
    seller: str | None = None,
    subject: str | None = None,
    since: int | None = None,
) -> AlertFilter:
    """Of each field one value, or several with commas between them; a bureau by the first digits of its division;
    `subject`: a node of traces; `since`: ms UTC. Raises BadFilter.
    """
    severities, bureaus = _known("severity", severity, SEVERITIES), _values("bureau", bureau)
    for each in bureaus:
        if not (each.isascii() and each.isdecimal() and len(each) <= 6):
            raise BadFilter("bureau", "the first digits of a division, up to six")
    if condition and condition not in CONDITIONS:
        raise BadFilter("condition", f"not one of {', '.join(CONDITIONS)}")
    return AlertFilter(
        severity=severities,
        state=CONDITIONS[condition] if condition else None,
        handling=_known("handling", handling, HANDLINGS),
        assignee=_values("assignee", assignee),
        rule=_values("rule", rule),
        platform_code=_values("platform", platform),
        subject=_subject(subject) if subject else None,
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
    def handling(self) -> str:
        """Of HANDLINGS."""

    @property
    def assignee(self) -> str | None:
        """Who has it."""

    @property
    def actor(self) -> str | None:
        """Who acted last."""

    @property
    def alert_id(self) -> str:
        """Its id."""

    @property
    def rule(self) -> str:
        """Its id."""

    @property
    def subject(self) -> str:
        """What it is about, as a node."""

    @property
    def seller_code(self) -> str | None:
        """Who sells, of one about a listing or a seller."""

    @property
    def raised_at(self) -> int:
        """Ms UTC."""


Test = Callable[[Filtered], bool]


def alert_matcher(wanted: AlertFilter) -> Test:
    """Whether an alert at hand, or as much of it as may be seen (`queries.alert_parts`), is as the filter wants it: as
    the tables answer (`queries.sql.alerts`), but that only these know whose each of many listings is: here an alert is
    of a seller where it is about one. Whether it covers a listing is not known, and not looked at.
    """
    values = wanted.values
    values.pop("listing", None)
    tests = [_TESTS[name](value) for name, value in values.items()]
    return lambda alert: all(test(alert) for test in tests)


def _one_of(column: str) -> Callable[[list[str]], Test]:
    get = attrgetter(column)

    def test_of(values: list[str]) -> Test:
        chosen = frozenset(values)
        return lambda alert: get(alert) in chosen

    return test_of


def _same(column: str) -> Callable[[str], Test]:
    get = attrgetter(column)
    return lambda value: lambda alert: bool(get(alert) == value)


def _of_platform(codes: list[str]) -> Test:
    chosen = frozenset(codes)
    return lambda alert: alert.platform_code in chosen or any(each.platform_code in chosen for each in alert.platforms)


def _of_somebody(names: list[str]) -> Test:
    chosen = frozenset(names)
    return lambda alert: alert.assignee in chosen or (alert.handling == "acknowledged" and alert.actor in chosen)


def _of_bureau(prefixes: list[str]) -> Test:
    beginnings = tuple(prefixes)
    return lambda alert: (alert.bureau or "").startswith(beginnings)


def _since(moment: int) -> Test:
    return lambda alert: alert.raised_at >= moment


_TESTS: dict[str, Callable[[Any], Test]] = {
    **{name: _one_of(name) for name in ("alert_id", "severity", "handling", "assignee", "rule", "seller_code")},
    **{name: _same(name) for name in ("state", "subject")},
    "mine": _of_somebody,
    "platform_code": _of_platform,
    "bureau": _of_bureau,
    "since": _since,
}


def _known(field: str, text: str | None, values: Sequence[str]) -> tuple[str, ...]:
    found = _values(field, text)
    if not set(found) <= set(values):
        raise BadFilter(field, f"not one of {', '.join(values)}")
    return found


def _values(field: str, text: str | None) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(part for each in (text or "").split(",") if (part := each.strip())))
    if len(found) > MOST_VALUES:
        raise BadFilter(field, f"at most {MOST_VALUES} values")
    return found


def _subject(text: str) -> str:
    try:
        return str(NodeKey.parse(text))
    except SuyuanError:
        raise BadFilter("subject", "a node of traces, as listing:PLATFORM/LISTING or lot:PRODUCER/GTIN/LOT") from None
