"""Prometheus metrics over HTTP."""

from __future__ import annotations

import errno

from prometheus_client import start_http_server

from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.settings import Settings


def serve_metrics(settings: Settings) -> None:
    """In the background, where a port is set. Raises CommandError where it cannot be had."""
    if not settings.metrics_port:
        return
    host, port = settings.metrics_host, settings.metrics_port
    try:
        start_http_server(port, host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"port {port} of {host} is in use: serve metrics on another (--metrics-port), or end who listens there "
                f"(ss -ltnp 'sport = {port}' names it)",
                Exit.UNAVAILABLE,
            ) from None
        raise CommandError(
            f"metrics cannot be served on port {port} of {host}: {error.strerror} (SUYUAN_METRICS_PORT, "
            "SUYUAN_METRICS_HOST)",
            Exit.BAD_CONFIGURATION,
        ) from None
