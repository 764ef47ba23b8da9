"""Prometheus metrics over HTTP."""

from __future__ import annotations

import errno

from prometheus_client import start_http_server

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.settings import Settings


def serve_metrics(settings: Settings) -> None:
    """In the background, where a port is set. Raises SuyuanError where it cannot be had."""
    if not settings.metrics_port:
        return
    host, port = settings.metrics_host, settings.metrics_port
    try:
        start_http_server(port, host)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SuyuanError(
                f"port {port} of {host} is in use: serve metrics on another (--metrics-port), or end who listens there "
                f"(ss -ltnp 'sport = {port}' names it)",
                ErrorKind.UNAVAILABLE,
            ) from None
        raise SuyuanError(
            f"metrics cannot be served on port {port} of {host}: {error.strerror} (SUYUAN_METRICS_PORT, "
            "SUYUAN_METRICS_HOST)",
            ErrorKind.CONFIGURATION,
        ) from None
