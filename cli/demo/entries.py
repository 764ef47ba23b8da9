"""Links into the portal of a demo: one for each role, with a division and a platform of its market."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from suyuan.access.principal import Role
from suyuan.access.scope import EVERYTHING
from suyuan.operations.access import Wanted
from suyuan.queries.api import AlertFilter, Page, Queries
from suyuan.runtime.embedded.deployment import Embedded
from suyuan.runtime.entry_link import entry_link
from suyuan.runtime.settings import Settings

_LOOKED_AT = 500
_CITY = 4
"""digits of its code"""


def entries(settings: Settings, queries: Queries) -> list[tuple[str, str]]:
    """For whom, and the link: good once, within ten minutes."""
    outlet = Embedded(settings).outlet
    return [(said, entry_link(settings, outlet, wanted, "demo")) for said, wanted in _wanted(queries)]


def _wanted(queries: Queries) -> Iterator[tuple[str, Wanted]]:
    """Of those who have most to do in this market."""
    alerts = queries.alerts(EVERYTHING, AlertFilter(state="raised"), Page(_LOOKED_AT)).rows
    cities = Counter(alert.bureau[:_CITY] for alert in alerts if alert.bureau)
    platforms = Counter(each.platform_code for alert in alerts for each in alert.platforms)
    if cities:
        city = cities.most_common(1)[0][0]
        yield f"regulator of {city}", Wanted(Role.REGULATOR, "demo", division=city)
    if platforms:
        platform = platforms.most_common(1)[0][0]
        yield f"platform {platform}", Wanted(Role.PLATFORM, "demo", code=platform)
    yield "investigator", Wanted(Role.INVESTIGATOR, "demo", division="")
