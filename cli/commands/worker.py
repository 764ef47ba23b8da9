"""`suyuan worker`: the stages, over Kafka."""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated

import typer

from suyuan.cli.options import AcceptLoss, AcceptPoison, AsJson, Data, Kafka
from suyuan.cli.screen import print_json, say
from suyuan.runtime.cluster.worker import Worker
from suyuan.runtime.process import prepare, run_process
from suyuan.runtime.settings import Settings, load

END_SECONDS = 45.0
"""longer than blocks in flight and Faust are waited for"""


def worker(
    kafka: Kafka = None,
    data: Data = None,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve Prometheus metrics there; default: $SUYUAN_METRICS_PORT, else not.")
    ] = None,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="End when all workers together have done all that is published.")
    ] = False,
    rebuild_damaged: Annotated[
        bool,
        typer.Option(
            "--rebuild-damaged",
            help="Set a damaged state folder aside and rebuild it from its changelog, though one was set aside before.",
        ),
    ] = False,
    accept_poison: AcceptPoison = False,
    accept_loss: AcceptLoss = False,
    as_json: AsJson = False,
) -> None:
    """Run the stages of the partitions that Kafka gives this process. Start as many as there are cores; each needs a
    data folder of its own for its state.
    """
    prepare(stages=True, kafka=True)
    settings = load(kafka=kafka, data=data, metrics_port=metrics_port, dead_letter_limit=1.0 if accept_poison else None)
    seconds = run_process(
        settings,
        lambda: Worker(settings, once=once, rebuild_damaged=rebuild_damaged, accept_loss=accept_loss),
        once=once,
        started=partial(_started, settings),
        report=_seconds,
        end_seconds=END_SECONDS,
        folder=settings.data,
    )
    if seconds is not None and as_json:
        print_json([{"seconds": round(seconds, 3)}])


async def _started(settings: Settings, worker: Worker) -> None:
    say(f"suyuan works on {settings.kafka}, state in {worker.state_folder}; Ctrl-C ends")


async def _seconds(_: Worker, began: float) -> float:
    return time.monotonic() - began
