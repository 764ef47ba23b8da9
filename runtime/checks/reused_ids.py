"""Whether event ids stand for more than one thing."""

from __future__ import annotations

from collections.abc import Iterator

from suyuan.errors import SuyuanError
from suyuan.operations.checks.finding import Finding
from suyuan.runtime import open_queries as reading
from suyuan.runtime.settings import Settings


def ids(settings: Settings) -> Iterator[Finding]:
    """Of all that was taken in."""
    if not settings.clickhouse and (settings.kafka or not (settings.data / "clickhouse").is_dir()):
        return  # no tables that are known of, or none yet
    try:
        (counts,) = reading.rows(settings, "reused_ids")
    except SuyuanError as error:
        yield Finding("event ids", "warning", f"not looked for: {error}")
        return
    found = [f"{count:,} of {kind}" for kind, count in counts.items() if count]
    if found:
        yield Finding(
            "event ids",
            "warning",
            f"{', '.join(found)} stand for more than one thing (reused_id): each was taken in as a version",
        )
    else:
        yield Finding("event ids", "ok", "each stands for one thing")
