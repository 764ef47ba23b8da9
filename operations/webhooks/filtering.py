"""Which alerts a subscription is sent."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from suyuan.access.scope import Scope
from suyuan.operations.alerts.filters import alert_matcher, read_filter
from suyuan.operations.webhooks.events import Filters
from suyuan.queries.alert_parts import part_of
from suyuan.queries.answers import Alert


def wanted_alerts(scope: Scope, filters: Filters) -> Callable[[Alert], Alert | None]:
    """What is sent of an alert: as much as the scope shows, where that is as the filters want it; None: nothing. Raises
    BadFilter.
    """
    matches = alert_matcher(read_filter(**msgspec.structs.asdict(filters)))

    def part(alert: Alert) -> Alert | None:
        seen = part_of(scope, alert)
        return seen if seen is not None and matches(seen) else None

    return part
