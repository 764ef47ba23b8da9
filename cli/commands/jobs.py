"""`suyuan jobs`: what is done for those who are not there, beside Kafka."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from suyuan.cli.options import Data, Kafka


def jobs(
    kafka: Kafka = None,
    data: Data = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus metrics there; default: $SUYUAN_METRICS_PORT, else not.")
    ] = None,
) -> None:
    """Deliver webhooks, and sign checkpoints of the audit each minute where SUYUAN_AUDIT_KEY_FILE names a key. One is
    enough; of several one does, and another goes on when it ends. suyuan run starts one of its own with the first
    webhook, or with a key.
    """
    given = {"kafka": kafka, "data": data, "metrics-port": metrics_port}
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    sys.stdout.flush()
    # as `suyuan portal`: signals, and whoever waits for its end, have one process to do with
    os.execv(sys.executable, [sys.executable, "-m", "suyuan.runtime.jobs", *options])  # noqa: S606 -- no shell is wanted
