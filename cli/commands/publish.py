"""`suyuan publish`: events from files or standard input into the log, or to Kafka."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import IO, Annotated

import typer

from suyuan.cli.exits import CommandError, Exit
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.publishing import embedded
from suyuan.cli.publishing.files import publish_files
from suyuan.cli.publishing.progress import watch
from suyuan.cli.publishing.publisher import Outlet, Publisher
from suyuan.cli.publishing.sources import STDIN
from suyuan.cli.publishing.tally import Tally
from suyuan.cli.screen import print_json, put, say
from suyuan.cli.settings import Settings, load
from suyuan.schemas.kinds import KINDS

_SHOWN = 20
"""reasons written to a terminal; --errors and --json give more"""


def publish(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="JSONL or CSV, also as .gz; - for standard input.")
    ],
    data: Data = None,
    kafka: Kafka = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Kind of the records that do not name theirs; default: what the file's name begins with."),
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write every rejected record's reason here, as JSONL.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Publish events: an object per line ({"kind": "listing", …}), or CSV with a header per kind.

    Says how many were accepted, were there before (duplicate) and were rejected, and why. On Kafka, what an
    earlier publication brought counts as accepted again, and makes no difference: intake knows it.
    Exit code 1 when any was rejected.
    """
    if kind is not None and kind not in KINDS:
        raise CommandError(f"--kind {kind}: not one of {', '.join(KINDS)}", Exit.WRONG_USAGE)
    missing = [name for name in files if name != STDIN and not Path(name).exists()]
    if missing:
        raise CommandError(f"no such file: {', '.join(missing)}; nothing was published", Exit.WRONG_USAGE)
    settings = load(data=data, kafka=kafka)
    tally = Tally()
    failure: CommandError | None = None
    with ExitStack() as opened:
        if errors is not None:
            tally.report = opened.enter_context(_report(errors))
        try:
            with _outlet(settings, tally) as outlet, watch(tally) as progress:
                publish_files(files, kind, Publisher(outlet), tally, progress)
        except CommandError as error:
            failure = error
    _answer(tally, failure, as_json=as_json)
    if failure is not None:
        raise failure
    if tally.rejected:
        raise typer.Exit(Exit.FAILED)


def _outlet(settings: Settings, tally: Tally) -> AbstractContextManager[Outlet]:
    if not settings.kafka:
        return embedded.outlet(settings.data, settings.partitions, tally, fsync=settings.fsync)
    from suyuan.cli.publishing import kafka  # noqa: PLC0415 - Kafka's client takes a while to load

    return kafka.outlet(settings.kafka_connection(), tally)


def _report(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--errors {path}: {error.strerror}; nothing was published", Exit.WRONG_USAGE) from None


def _answer(tally: Tally, failure: CommandError | None, *, as_json: bool) -> None:
    if as_json:
        print_json([{**tally.as_json(), **({"failure": str(failure)} if failure else {})}])
    else:
        for problem in tally.problems[:_SHOWN]:
            say(str(problem))
        if tally.rejected > _SHOWN:
            say(f"… {tally.rejected:,} rejected in all; --errors FILE writes down every reason")
    for (kind, field), count in tally.ignored.items():
        say(f"note: a {kind} has no field {field}: left aside in {count:,} records")
    if not as_json:
        put(f"accepted {tally.accepted:,}, duplicate {tally.duplicate:,}, rejected {tally.rejected:,}")
