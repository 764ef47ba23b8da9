"""`suyuan log`: the log as a whole."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.options import Data, Kafka
from suyuan.cli.screen import say
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.exporting.lines import Exported
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.settings import load

app = typer.Typer(help="The log as a whole.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """The log as a whole."""


@app.command("export")
def export(
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; default: standard output.", show_default=False)
    ] = None,
    data: Data = None,
    kafka: Kafka = None,
) -> None:
    """Write every event that came in, each once, as JSONL that `suyuan publish` takes.

    From a data folder or, where Kafka is named, from a cluster's topics; written by this version or by a former one,
    whose folders and topics nothing else reads any more. Published into a new folder or cluster they make everything
    anew.
    """
    done = Exported()
    lines = deployment_of(load(data=data, kafka=kafka)).exported_lines(done)
    if out is None:
        for line in lines:
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    else:
        try:
            with out.open("xb") as file:
                file.writelines(lines)
        except FileExistsError:
            raise SuyuanError(f"{out} is there already: name another --out", ErrorKind.USAGE) from None
        except OSError as error:
            raise SuyuanError(f"{out}: {error.strerror}") from error
    say(f"{done.events:,} events, {done.repeated:,} repeats left out")
    if done.unreadable:
        say(f"{done.unreadable:,} messages are no events: they were dead letters and stay where they are")
    if done.lacking:
        say(f"there is no topic {', '.join(done.lacking)}, or none for us: nothing of it is written down")
    if done.withheld:
        say(f"{done.withheld:,} complaints name a person: they were never accepted and are not written down")
