"""`suyuan publish`: events from files or standard input into the log, or to Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.progress import progress_bar
from suyuan.cli.screen import print_json, put, say
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.publishing.door import Door
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.checked import NoOutlet, Shown
from suyuan.publishing.files.columns import OwnWords, nearest, read_own_words
from suyuan.publishing.files.encoding import Encoding, named
from suyuan.publishing.files.outlet import Outlet
from suyuan.publishing.files.problems import a
from suyuan.publishing.files.publish import Publication
from suyuan.publishing.files.records import Options
from suyuan.publishing.files.refused_rows import RefusedRows
from suyuan.publishing.files.sources import STDIN
from suyuan.publishing.files.tally import Tally
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.pseudonyms import trial_pseudonyms
from suyuan.runtime.settings import load
from suyuan.schemas.kinds import KINDS

_SHOWN = 20
"""reasons written to a terminal; --errors and --json give more"""


def publish(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="CSV, JSON, .xlsx, .xls, also within .gz and .zip; - for standard input."),
    ],
    data: Data = None,
    kafka: Kafka = None,
    kind: Annotated[
        str | None,
        typer.Option(help="Kind of the records that do not name theirs; default: what the file's name begins with."),
    ] = None,
    columns: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What your columns are called: TOML, header = field.")
    ] = None,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook; default: the first.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of the files, such as gb18030; default: as their bytes say.")
    ] = None,
    errors: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write refused rows here with the reason, to be mended and sent again."),
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Read and judge everything, publish nothing, show how it is understood.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Publish events: tables with a header, a file per kind, or JSON objects ({"kind": "listing", …}).

    Says how many were accepted, were there before (duplicate) and were rejected, and why. On Kafka, what an
    earlier publication brought counts as accepted again, and makes no difference: intake knows it.
    Exit code 1 when any was rejected.
    """
    if kind is not None and kind not in KINDS:
        raise SuyuanError(f"--kind {kind}: not one of {', '.join(KINDS)}", ErrorKind.USAGE)
    options = Options(kind, sheet, _encoding(encoding), _own_words(columns))
    missing = [name for name in files if name != STDIN and not Path(name).exists()]
    if missing:
        raise SuyuanError(f"no such file: {', '.join(missing)}; nothing was published", ErrorKind.USAGE)
    tally = Tally()
    shown = Shown() if check else None
    failure: SuyuanError | None = None
    with ExitStack() as opened:
        settings = None if check else load(data=data, kafka=kafka)
        refused = opened.enter_context(closing(_refused_rows(errors, files))) if errors is not None else None
        try:
            if settings is None:
                to: AbstractContextManager[Outlet] = nullcontext(NoOutlet())
                door = Door(lambda: trial_pseudonyms(load(data=data, kafka=kafka)))
            else:
                deployment = deployment_of(settings)
                to, door = deployment.outlet(), Door(deployment.pseudonyms)
            with to as outlet, progress_bar(tally) as progress:
                publisher = Publisher(outlet, tally, door=door)
                Publication(publisher, tally, progress, options, refused, shown).publish(files)
        except SuyuanError as error:
            failure = error
    _answer(tally, failure, shown, refused, as_json=as_json)
    if failure is not None:
        raise failure
    if tally.rejected:
        raise typer.Exit(Exit.FAILED)


def _encoding(name: str | None) -> Encoding | None:
    try:
        return named(name) if name is not None else None
    except LookupError:
        raise SuyuanError(f"--encoding {name}: not known; try utf-8 or gb18030", ErrorKind.USAGE) from None


def _own_words(path: Path | None) -> OwnWords:
    try:
        return read_own_words(path) if path is not None else OwnWords()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SuyuanError(f"--columns {path}: {why}; nothing was published", ErrorKind.USAGE) from None


def _refused_rows(path: Path, files: list[str]) -> RefusedRows:
    try:
        if any(name != STDIN and path.exists() and path.samefile(name) for name in files):
            raise SuyuanError(f"--errors {path}: is to be published itself; name another file", ErrorKind.USAGE)
        return RefusedRows(path)
    except OSError as error:
        raise SuyuanError(f"--errors {path}: {error.strerror}; nothing was published", ErrorKind.USAGE) from None


def _answer(
    tally: Tally, failure: SuyuanError | None, shown: Shown | None, refused: RefusedRows | None, *, as_json: bool
) -> None:
    notes = list(_notes(tally, refused))
    if as_json:
        answer = {
            **tally.as_json(),
            **({"notes": notes} if notes else {}),
            **({"failure": str(failure)} if failure else {}),
        }
        print_json([answer | ({"published": False, "files": shown.files} if shown is not None else {})])
    else:
        for line in shown.lines() if shown is not None else ():
            put(line)
        for problem in tally.problems[:_SHOWN]:
            say(str(problem))
        if tally.rejected > _SHOWN:
            say(f"… {tally.rejected:,} rejected in all; --errors FILE writes down every row with its reason")
    for note in notes:
        say(f"note: {note}")
    if not as_json:
        counts = f"accepted {tally.accepted:,}, duplicate {tally.duplicate:,}, rejected {tally.rejected:,}"
        put(f"{counts} (a check: nothing was published)" if shown is not None else counts)


def _notes(tally: Tally, refused: RefusedRows | None) -> Iterator[str]:
    yield from tally.notes
    for (kind, field, reason), (count, first) in tally.cautions.items():
        yield f"a {kind}'s {field} ({first}): {reason}; accepted, {count:,} of them"
    for (kind, field), count in tally.assumed.items():
        yield f"{field} of {a(kind)} has no offset from UTC: read as China time in {count:,} records"
    for (kind, field), count in tally.ignored.items():
        near = nearest(kind, field)
        hint = f"; if it is {near}, name it so, or say so with --columns" if near else ""
        yield f"{a(kind)} has no field {field}: left aside in {count:,} records{hint}"
    if tally.reused_id:
        yield (
            f"reused_id {tally.reused_id:,}: accepted as further versions, but their event_id stands for something "
            "else already; give each event an id of its own"
        )
    if refused is not None and len(refused.paths) > 1:
        yield f"refused rows with other headers are in {', '.join(map(str, refused.paths[1:]))}"
