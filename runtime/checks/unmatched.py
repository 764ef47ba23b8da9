"""Whether records match nothing that is known."""

from __future__ import annotations

from collections.abc import Iterator

from suyuan.errors import SuyuanError
from suyuan.operations.checks.finding import Finding
from suyuan.runtime import open_queries as reading
from suyuan.runtime.settings import Settings
from suyuan.runtime.unmatched_count import settled

_CALLED = {"recall": "open recalls", "inspection": "failed inspections", "shipment": "shipments", "lot": "lots"}


def records(settings: Settings) -> Iterator[Finding]:
    """Those of which what they name has had time to come."""
    if not settings.clickhouse and (settings.kafka or not (settings.data / "clickhouse").is_dir()):
        return  # no tables that are known of, or none yet
    try:
        (counts,) = reading.rows(settings, "unmatched_counts", taken_in_before=settled())
    except SuyuanError as error:
        yield Finding("unmatched", "warning", f"not looked for: {error}")
        return
    found = [f"{count:,} {_CALLED[kind]}" for kind, count in counts.items() if count]
    if found:
        yield Finding("unmatched", "warning", f"{', '.join(found)} name nothing known: suyuan unmatched lists them")
    else:
        yield Finding("unmatched", "ok", "every open recall, failed inspection, shipment and lot names what is known")
