"""The `suyuan` command."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from typing import Annotated

import typer

from suyuan.cli.commands_on_demand import group_of
from suyuan.cli.screen import say, write_what_can_be_written
from suyuan.errors import SuyuanError
from suyuan.runtime.exit_codes import Exit, exit_of


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - called by typer
    if wanted:
        typer.echo(f"suyuan {metadata.version('suyuan')}")
        raise typer.Exit


COMMANDS = {
    name: f"suyuan.cli.commands.{place}"
    for name, place in {
        "publish": "publish:publish",
        "run": "run:run",
        "worker": "worker:worker",
        "loader": "loader:loader",
        "chains": "chains:chains",
        "chain": "chains:chain",
        "find": "find:find",
        "history": "chains:history",
        "feedback": "feedback:feedback",
        "alerts": "alerts:alerts",
        "alert": "alerts:alert",
        "checks": "checks:app",
        "orders": "orders:app",
        "divisions": "divisions:divisions",
        "desks": "desks:desks",
        "trace": "trace:app",
        "impact": "impact:impact",
        "unmatched": "unmatched:unmatched",
        "event": "event:event",
        "state": "state:app",
        "deadletters": "deadletters:app",
        "log": "log:app",
        "topics": "topics:app",
        "demo": "demo:demo",
        "doctor": "doctor:doctor",
        "portal": "portal:portal",
        "jobs": "jobs:jobs",
        "access": "access:app",
        "audit": "audit:app",
    }.items()
}

app = typer.Typer(
    name="suyuan",
    cls=group_of(COMMANDS),
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


def main() -> None:
    """Run the command; ends the process with one of the codes of `Exit`."""
    write_what_can_be_written()
    try:
        app(standalone_mode=True)
    except SuyuanError as error:
        say(f"suyuan: {error}")
        sys.exit(exit_of(error))
    except BrokenPipeError:
        # the reader of our output (head, less) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
