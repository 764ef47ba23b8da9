"""`suyuan demo`: see it work on a simulated market."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.live import Live

from suyuan.cli.demo.picture import Figures, draw, draw_report, line
from suyuan.cli.demo.stage import Show, perform
from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.memory import let_memory_be
from suyuan.cli.options import AsJson
from suyuan.cli.screen import console, print_json, say
from suyuan.cli.settings import load
from suyuan.simulation.market import FEWEST
from suyuan.sinks.errors import SinkError
from suyuan.streams.state.errors import StateError
from suyuan.streams.transport.embedded.errors import LogError

_RATE = 2_000
_EVERY = 5.0
"""seconds between plain lines"""


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep everything in this folder, which must be empty; default: one of its own, removed at the end.",
            show_default=False,
        ),
    ] = None,
    events: Annotated[int, typer.Option(help=f"How many events; at least {FEWEST}, or 0: without end.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Another seed is another market; the same one is the same again.")] = 7,
    rate: Annotated[int, typer.Option(help="Events per second while one looks; 0: as fast as they are taken.")] = _RATE,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="As fast as possible, without a screen; then the report.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Stream a simulated market with planted faults through everything, and report which of them were found.

    Exit code 1 when a planted fault was missed or something was found without cause.
    """
    if (events and events < FEWEST) or events < 0 or rate < 0:
        raise CommandError(f"--events: at least {FEWEST} (or 0: without end); --rate: not below 0", Exit.WRONG_USAGE)
    if once and not events:
        raise CommandError("--once needs an end: --events N", Exit.WRONG_USAGE)
    let_memory_be()
    with ExitStack() as opened:
        folder = data or Path(opened.enter_context(TemporaryDirectory(prefix="suyuan-demo-")))
        if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
            raise CommandError(
                f"{folder} is not an empty folder: the report would count what is there", Exit.WRONG_USAGE
            )
        show = Show(load(data=folder), seed, events or None, None if once else rate or None)
        try:
            report, count, seconds = asyncio.run(perform(show, None if once else _screen(opened)))
        except (LogError, SinkError, StateError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            say("stopped")
            raise typer.Exit(Exit.DONE) from None
    if as_json:
        print_json([{"events": count, "seconds": round(seconds, 3), **report.as_json()}])
    else:
        console().print(draw_report(report, count, seconds))
    raise typer.Exit(Exit.DONE if report.complete else Exit.FAILED)


def _screen(opened: ExitStack) -> Callable[[Figures], None]:
    """A live picture on a terminal; elsewhere a line every five seconds."""
    if sys.stdout.isatty():
        live = opened.enter_context(Live(console=console(), auto_refresh=False))
        return lambda figures: live.update(draw(figures), refresh=True)
    said = 0.0

    def tell(figures: Figures) -> None:
        nonlocal said
        if figures.seconds - said >= _EVERY:
            said = figures.seconds
            say(line(figures))

    return tell
