"""`suyuan demo`: see it work on a simulated market."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated

import typer
from rich.live import Live

from suyuan.cli.demo.picture import Figures, draw, draw_report, draw_spot_check, draw_tour, line
from suyuan.cli.demo.stage import Outcome, Show, perform
from suyuan.cli.options import AsJson
from suyuan.cli.screen import console, print_json, say, show
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.memory import tune_allocator
from suyuan.runtime.settings import load
from suyuan.simulation.market import FEWEST

_EVENTS = 5_000
_RATE = 1_000
_EVERY = 5.0
"""seconds between plain lines"""


def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the market in this folder, which must be empty; default: a new one among the temporary files.",
            show_default=False,
        ),
    ] = None,
    events: Annotated[int, typer.Option(help=f"How many events; at least {FEWEST}, or 0: without end.")] = _EVENTS,
    seed: Annotated[int, typer.Option(help="Another seed is another market; the same one is the same again.")] = 7,
    rate: Annotated[int, typer.Option(help="Events per second while one looks; 0: as fast as they are taken.")] = _RATE,
    *,
    once: Annotated[
        bool, typer.Option("--once", help="As fast as possible, without a screen; then the report.")
    ] = False,
    portal: Annotated[
        bool | None,
        typer.Option(
            "--portal/--no-portal",
            help="Serve the portal too, print a link for each role, and stay until Ctrl-C; default: on a terminal, but "
            "not with --once.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Stream a simulated market with planted faults through everything, and report which of them were found; then hold
    a spot check on it, verify the draw as a stranger does, and have a sample fail. The market stays, to be looked at:
    the report ends with commands to try.

    Exit code 1 when a planted fault was missed, something was found without cause, or the check went wrong.
    """
    if (events and events < FEWEST) or events < 0 or rate < 0:
        raise SuyuanError(f"--events: at least {FEWEST} (or 0: without end); --rate: not below 0", ErrorKind.USAGE)
    if once and not events:
        raise SuyuanError("--once needs an end: --events N", ErrorKind.USAGE)
    tune_allocator()
    with ExitStack() as opened:
        folder = data or Path(mkdtemp(prefix="suyuan-demo-"))
        if folder.exists() and not (folder.is_dir() and next(folder.iterdir(), None) is None):
            raise SuyuanError(f"{folder} is not an empty folder: the report would count what is there", ErrorKind.USAGE)
        settings = load(data=folder)
        stays = bool(settings.portal_port) and (portal if portal is not None else sys.stdout.isatty() and not once)
        performance = Show(settings, seed, events or None, None if once else rate or None, stays)
        came: list[Outcome] = []

        def told(outcome: Outcome) -> None:
            opened.close()  # the picture is at its end
            came.append(outcome)
            _tell(outcome, folder, as_json=as_json)

        try:
            asyncio.run(perform(performance, None if once else _screen(opened), told))
        except KeyboardInterrupt:
            say(f"stopped; the market stays in {folder}")
            if not came:
                raise typer.Exit(Exit.DONE) from None
    raise typer.Exit(Exit.DONE if came[0].report.complete else Exit.FAILED)


def _tell(outcome: Outcome, folder: Path, *, as_json: bool) -> None:
    report = outcome.report
    if as_json:
        told = {"events": outcome.events, "seconds": round(outcome.seconds, 3), **report.as_json()}
        told["spot_check"] = asdict(outcome.spot_check)
        print_json([told | {"folder": str(folder), "try": outcome.tour, "enter": dict(outcome.entries)}])
    else:
        show(draw_report(report, outcome.events, outcome.seconds))
        show(draw_spot_check(outcome.spot_check))
        show(draw_tour(str(folder), outcome.tour))
    if outcome.entries:
        say("the portal stays until Ctrl-C; each of these links lets one browser in, once, within ten minutes:")
        for who, link in outcome.entries:
            say(f"  {who}: {link}")


def _screen(opened: ExitStack) -> Callable[[Figures], None]:
    """A live picture on a terminal; elsewhere a line every five seconds."""
    if sys.stdout.isatty():
        live = opened.enter_context(Live(console=console(), auto_refresh=False))
        return lambda figures: live.update(draw(figures), refresh=True)
    said = -_EVERY

    def tell(figures: Figures) -> None:
        nonlocal said
        if figures.seconds - said >= _EVERY:
            said = figures.seconds
            say(line(figures))

    return tell
