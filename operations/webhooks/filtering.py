"""Which alerts a subscription is sent."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from suyuan.access.scope import Scope
from suyuan.operations.alerts.filters import alert_matcher, read_filter
from suyuan.operations.webhooks.events import Filters
from suyuan.queries.answers import Alert


def wanted_alerts(scope: Scope, filters: Filters) -> Callable[[Alert], bool]:
    """Whether an alert is within the scope and as the filters want it. Raises BadFilter."""
    return alert_matcher(scope, read_filter(**msgspec.structs.asdict(filters)))
