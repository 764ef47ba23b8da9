"""`suyuan portal`: the portal, beside Kafka and ClickHouse."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from suyuan.cli.options import ClickHouseServer, Data, Kafka


def portal(
    kafka: Kafka = None,
    clickhouse: ClickHouseServer = None,
    data: Data = None,
    host: Annotated[str | None, typer.Option(help="Address to serve on; default: $SUYUAN_PORTAL_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to serve on; default: $SUYUAN_PORTAL_PORT.")] = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus metrics there; default: $SUYUAN_METRICS_PORT, else not.")
    ] = None,
) -> None:
    """Serve the portal: its API, of whoever has a key (suyuan access). As many as are wanted, beside the workers and
    loaders; suyuan run serves one of its own.
    """
    given = {"kafka": kafka, "clickhouse": clickhouse, "data": data, "host": host, "port": port}
    given["metrics-port"] = metrics_port
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    sys.stdout.flush()
    # this process becomes the portal: signals, and whoever waits for its end, have one process to do with
    os.execv(sys.executable, [sys.executable, "-m", "suyuan.portal", *options])  # noqa: S606 -- no shell is wanted
