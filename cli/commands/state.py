"""`suyuan state`: what the stages keep."""

from __future__ import annotations

import typer

from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.screen import print_json, put
from suyuan.cli.settings import load
from suyuan.cli.state_rebuild import embedded
from suyuan.cli.state_rebuild import kafka as cluster
from suyuan.streams.transport.embedded.errors import LogError, LogLocked

app = typer.Typer(no_args_is_help=True, help="What the stages keep.")


@app.callback()
def _state() -> None:
    """What the stages keep."""


@app.command("rebuild")
def rebuild(kafka: Kafka = None, data: Data = None, *, as_json: AsJson = False) -> None:
    """Have the state made anew from the input topics, as after a change of what is kept: the next run, or the workers
    when they start, forget it and read every event again. Results that come out a second time replace the first.
    Nothing may run meanwhile.
    """
    settings = load(kafka=kafka, data=data)
    if settings.kafka:
        events = cluster.rebuild(settings.kafka_connection())
    else:
        if not settings.data.exists():
            raise CommandError(f"{settings.data}: no such folder", Exit.BAD_CONFIGURATION)
        try:
            events = embedded.rebuild(settings.data)
        except LogLocked as error:
            raise CommandError(str(error), Exit.UNAVAILABLE) from error
        except LogError as error:
            raise CommandError(str(error)) from error
    if as_json:
        print_json([{"events": events}])
    else:
        put(f"the state will be made anew from {events:,} events by the next start")
