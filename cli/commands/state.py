"""`suyuan state`: what the stages keep."""

from __future__ import annotations

from typing import Annotated

import typer

from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.screen import print_json, put
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load

app = typer.Typer(no_args_is_help=True, help="What the stages keep.")


@app.callback()
def _state() -> None:
    """What the stages keep."""


@app.command("rebuild")
def rebuild(
    kafka: Kafka = None,
    data: Data = None,
    partition: Annotated[
        int | None, typer.Option(help="Only what this partition of sellers and producers lacks, while all go on.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Have the state made anew from the input topics, as after a change of what is kept: the next run, or the workers
    when they start, forget it and read every event again. Results that come out a second time replace the first.
    Nothing may run meanwhile.

    With --partition nothing stops and nothing is forgotten: what belongs to the one partition is sent to it again from
    the state of all, which mends what it lacks, and its chains are assessed again.
    """
    deployment = deployment_of(load(kafka=kafka, data=data))
    if partition is not None:
        messages = deployment.rebuild_partition(partition)
        if as_json:
            print_json([{"partition": partition, "messages": messages}])
        else:
            put(f"what belongs to partition {partition} is sent to it again; the verifier tells whether it helped")
        return
    events = deployment.rebuild_state()
    if as_json:
        print_json([{"events": events}])
    else:
        put(f"the state will be made anew from {events:,} events by the next start")
