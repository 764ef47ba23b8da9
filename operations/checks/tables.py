"""The ClickHouse server of the tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from suyuan.connections.addresses import is_loopback
from suyuan.operations.checks import damage
from suyuan.operations.checks.clock import against_now
from suyuan.operations.checks.finding import Finding
from suyuan.sinks.clickhouse import ClickHouse, ClickHouseSettings
from suyuan.sinks.errors import SinkError


def server(where: ClickHouseSettings) -> Iterator[Finding]:
    """Whether it answers, its version, who can listen in, its clock, whether its tables hold what was written."""
    try:
        with (
            ClickHouse(replace(where, readers=1, database="default"), make=False) as clickhouse,
            clickhouse.answering(),
            clickhouse.reader() as client,
        ):
            version, now = client.query("SELECT version(), toUnixTimestamp64Milli(now64(3))").first_row
    except SinkError as error:
        yield Finding("clickhouse", "failed", str(error))
        return
    yield Finding("clickhouse", "ok", f"{version} answers at {where.place}")
    if not where.secure and not is_loopback(where.host):
        yield Finding(
            "secrecy",
            "warning",
            f"plaintext to ClickHouse at {where.host}: who is on the way reads everything, the password too",
        )
    yield against_now(now, "ClickHouse")
    yield from damage.server_tables(where)
