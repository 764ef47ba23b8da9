"""`suyuan deadletters`: what could not be read, and sending it again."""

from __future__ import annotations

import base64
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.dead_letter_options import Reason, Since, Topic, chosen
from suyuan.cli.drawing.dead_letters import draw_dead_letter, draw_dead_letters, identity
from suyuan.cli.options import AsJson, Data
from suyuan.cli.screen import console, print_json, put, say, show_records
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.dead_letters.correction import correction
from suyuan.operations.dead_letters.log import Gone
from suyuan.operations.dead_letters.place import Place
from suyuan.operations.dead_letters.replay import LARGEST_KEPT, Candidate, Outcome, Replayer
from suyuan.publishing.door import Door
from suyuan.publishing.files.sources import STDIN
from suyuan.queries.answers import WholeDeadLetter, each_plain, plain
from suyuan.queries.api import DeadLetterFilter, Queries
from suyuan.queries.questions import EVERY_DEAD_LETTER
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.exit_codes import Exit
from suyuan.runtime.registry import accept_registered_ids
from suyuan.runtime.settings import Settings, load
from suyuan.runtime.visible import visible

app = typer.Typer(
    help="Messages that could not be read: where they are, why, and sending them again.", no_args_is_help=False
)

_SHOWN = 50
_FAILED = ("unreadable", "gone", "unknown")
_TOLD = {
    "replayed": "sent again",
    "would_replay": "would be sent again",
    "replayed_before": "sent again before",
    "unreadable": "still unreadable",
    "gone": "gone from the log",
    "unknown": "unknown",
}


class State(StrEnum):
    """Whether a dead letter was sent again."""

    OPEN = "open"
    REPLAYED = "replayed"


class Form(StrEnum):
    """How bytes are written."""

    HEX = "hex"
    BASE64 = "base64"
    TEXT = "text"
    RAW = "raw"


Limit = Annotated[
    int | None,
    typer.Option(
        min=1, help=f"At most so many, the newest first; default {_SHOWN}, with --json all.", show_default=False
    ),
]
OnlyState = Annotated[
    State | None, typer.Option("--state", help="Only those not yet sent again, or only those that were.")
]
Id = Annotated[str, typer.Argument(metavar="ID", help="As listed: topic:partition:offset.", show_default=False)]


@app.callback(invoke_without_command=True)
def deadletters(context: typer.Context, data: Data = None, *, as_json: AsJson = False) -> None:
    """Messages that could not be read: where they are, why, and sending them again. Alone: the list."""
    if context.invoked_subcommand is None:
        _list(load(data=data), None, DeadLetterFilter(), as_json=as_json)
    context.obj = data


@app.command("list")
def list_letters(
    context: typer.Context,
    data: Data = None,
    topic: Topic = None,
    reason: Reason = None,
    since: Since = None,
    state: OnlyState = None,
    limit: Limit = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the newest first: open ones, and those that were sent again (replayed)."""
    wanted = chosen(topic, reason, since)
    if state is not None:
        wanted = replace(wanted, replayed=state is State.REPLAYED)
    _list(load(data=data or context.obj), limit, wanted, as_json=as_json)


def _list(settings: Settings, limit: int | None, wanted: DeadLetterFilter, *, as_json: bool) -> None:
    with deployment_of(settings).queries() as ask:
        limit = limit or (None if as_json else _SHOWN)
        found = each_plain(ask.export(EVERY_DEAD_LETTER, EVERYTHING, wanted, limit))
        if as_json:
            print_json(({"id": identity(letter)} | letter for letter in found), "no dead letters")
            return
        letters = draw_dead_letters(found)
    show_records(letters, "no dead letters")


@app.command()
def show(
    context: typer.Context,
    name: Id,
    data: Data = None,
    form: Annotated[
        Form | None,
        typer.Option(
            "--as", help="Write the bytes alone, all of them: raw, hex, base64, or as text.", show_default=False
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter: its place, why it cannot be read, its key and bytes, what became of its replays.

    The JSON holds key and payload in hex; of a payload beyond 1 MiB the first MiB. Of complaints, which may name a
    person, key and bytes are withheld: their size and SHA-256 are told.
    """
    place = Place.of(name)
    settings = load(data=data or context.obj)
    with deployment_of(settings).queries() as ask:
        letter = next(iter(ask.whole_dead_letters(EVERYTHING, [place])), None)
        replays = list(each_plain(ask.replays(EVERYTHING, place)))
    if letter is None:
        raise SuyuanError(f"there is no dead letter {place}")
    if form is not None and letter.withheld:
        raise SuyuanError(f"the bytes of {place} are withheld: they may name a person; only the topic has them")
    if form is not None:
        _write(_whole(settings, place, letter), form)
        return
    if as_json:
        print_json([{"id": str(place)} | plain(letter) | {"replays": replays}])
        return
    screen = console()
    for line in draw_dead_letter(plain(letter), replays, bytes.fromhex(letter.payload)):
        screen.print(line, soft_wrap=True)


def _whole(settings: Settings, place: Place, letter: WholeDeadLetter) -> bytes:
    payload = bytes.fromhex(letter.payload)
    if len(payload) == letter.payload_bytes:
        return payload
    try:
        return deployment_of(settings).raw_event(place)
    except Gone:
        raise SuyuanError(f"the topic no longer has {place}, and the tables only its first MiB") from None


def _write(payload: bytes, form: Form) -> None:
    match form:
        case Form.RAW:
            sys.stdout.buffer.write(payload)
            sys.stdout.buffer.flush()
        case Form.HEX:
            put(payload.hex())
        case Form.BASE64:
            put(base64.b64encode(payload).decode())
        case Form.TEXT:
            sys.stdout.write(visible(payload.decode("utf-8", "backslashreplace"), lines=True) + "\n")


@app.command()
def replay(
    context: typer.Context,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]…", help="Those to send again.", show_default=False)
    ] = None,
    data: Data = None,
    topic: Topic = None,
    reason: Reason = None,
    since: Since = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the newest.", show_default=False)] = None,
    edit: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Send this instead, for one ID: the event as JSON, or a framed Avro message; - for standard input.",
            show_default=False,
        ),
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be sent, and send nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also what was sent again before, and what still cannot be read.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send dead letters again: their bytes, under their key, to the topic and partition where they were.

    What was sent again before is left out, and what this version still cannot read. Exit code 1 when anything but
    what was sent before is left out.
    """
    wanted = chosen(topic, reason, since)
    places = [Place.of(name) for name in names or ()]
    if bool(places) == bool(wanted != DeadLetterFilter() or everything or limit):
        raise SuyuanError("name dead letters by ID, or choose them: --topic, --reason, --since, --all", ErrorKind.USAGE)
    if edit is not None and len(places) != 1:
        raise SuyuanError("--edit is for one ID", ErrorKind.USAGE)
    corrected = None if edit is None else _content(edit)
    settings = load(data=data or context.obj)
    accept_registered_ids(settings)
    deployment = deployment_of(settings)
    with deployment.queries() as ask, deployment.replay_log() as log:
        candidates = (
            [Candidate(place) for place in places]
            if places
            else _candidates(ask, limit, wanted if force else replace(wanted, replayed=False))
        )
        instead = None
        if corrected is not None:
            partitions = log.reader.partitions(places[0].topic)
            instead = correction(places[0], corrected, partitions, Door(deployment.pseudonyms))
        outcomes = Replayer(
            log, lambda some: ask.whole_dead_letters(EVERYTHING, some), dry_run=dry_run, force=force
        ).replay(candidates, instead)
        counts = _tell(outcomes, as_json=as_json)
    if any(counts[result] for result in _FAILED):
        raise typer.Exit(Exit.FAILED)


def _candidates(ask: Queries, limit: int | None, wanted: DeadLetterFilter) -> list[Candidate]:
    return [
        Candidate(Place(each.topic, each.source_partition, each.source_offset), min(each.payload_bytes, LARGEST_KEPT))
        for each in ask.export(EVERY_DEAD_LETTER, EVERYTHING, wanted, limit)
    ]


def _content(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise SuyuanError(f"--edit {name}: {error.strerror}; nothing was sent", ErrorKind.USAGE) from None


def _tell(outcomes: Iterator[Outcome], *, as_json: bool) -> Counter[str]:
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts[outcome.result] += 1
        if as_json:
            print_json([outcome.as_json()])
        elif outcome.result in _FAILED and sum(counts[result] for result in _FAILED) <= _SHOWN:
            say(f"{outcome.place}: {_TOLD[outcome.result]}: {outcome.reason}")
    if not as_json:
        put(", ".join(f"{_TOLD[result]} {count:,}" for result, count in counts.items()) or "no dead letters")
    return counts
