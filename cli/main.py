"""The `suyuan` command."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from typing import Annotated

import typer

from suyuan.cli.commands import (
    alerts,
    chains,
    deadletters,
    demo,
    doctor,
    loader,
    publish,
    run,
    state,
    topics,
    trace,
    worker,
)
from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.screen import say


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - called by typer
    if wanted:
        typer.echo(f"suyuan {metadata.version('suyuan')}")
        raise typer.Exit


app = typer.Typer(
    name="suyuan",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _command(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Product-quality traceability for online trade: listings meet producers' records in a stream."""


app.command("publish")(publish.publish)
app.command("run")(run.run)
app.command("worker")(worker.worker)
app.command("loader")(loader.loader)
app.command("chains")(chains.chains)
app.command("chain")(chains.chain)
app.command("alerts")(alerts.alerts)
app.add_typer(state.app, name="state")
app.add_typer(trace.app, name="trace")
app.add_typer(deadletters.app, name="deadletters")
app.add_typer(topics.app, name="topics")
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command; ends the process with one of the codes of `Exit`."""
    try:
        app(standalone_mode=True)
    except CommandError as error:
        say(f"suyuan: {error}")
        sys.exit(error.code)
    except BrokenPipeError:
        # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
