"""What goes to standard output and standard error."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from suyuan.cli.drawing.records import Records, Separator
from suyuan.connections.urls import without_secrets
from suyuan.runtime.visible import encodable_json, visible, visible_json

_EXACT = 1 << 53
"""up to there JSON's numbers are whole numbers to everybody (RFC 8259, 6)"""
_UNBOUNDED = 1 << 16
"""columns where no terminal sets a width"""


def console(*, stderr: bool = False) -> Console:
    """Colours and width of the terminal; elsewhere plain text, no line of which is wrapped. NO_COLOR is heeded."""
    stream = sys.stderr if stderr else sys.stdout
    return PlainConsole(stderr=stderr, width=None if stream.isatty() else _UNBOUNDED, force_terminal=stream.isatty())


def show(renderable: RenderableType) -> None:
    """On standard output. What is wider than the terminal, a long id, is left whole: the terminal goes on in its next
    line.
    """
    console().print(renderable, crop=False)


def write_what_can_be_written() -> None:
    """Standard output and error escape what their encoding does not have, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class PlainConsole(Console):
    """A console that takes nothing printed for markup, and lets no text steer the terminal, wherever it came from."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, markup=False, emoji=False, highlight=False)

    def on_broken_pipe(self) -> None:
        """Raise BrokenPipeError, as writing without a console does: the command then ends well, since the reader has
        seen enough.
        """
        raise BrokenPipeError

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Segments of a renderable, its text made visible."""
        for segment in super().render(renderable, options):
            if segment.control or isinstance(segment, Separator):
                yield segment
            else:
                yield Segment(visible(segment.text, lines=True), segment.style)


def show_records(records: Records, nothing: str) -> None:
    """On standard output, or on standard error that there are none, as `nothing` says: a program that reads them gets
    the bare header.
    """
    if records.rows or not sys.stdout.isatty():
        show(records)
    if not records.rows:
        say(nothing)


def print_json(rows: Iterable[Mapping[str, Any]], nothing: str = "") -> None:
    """One JSON object per line, Chinese as it is, times (ms in fields named *_at and as_of) in ISO 8601, UTC; a whole
    number that a double does not hold exactly is text, since most readers make a double of it. `nothing`: said on
    standard error where there are none.
    """
    for row in rows:
        nothing = ""
        sys.stdout.write(encodable_json(json_line(_with_times(row)), sys.stdout.encoding))
    if nothing:
        say(nothing)


def json_line(value: Any) -> str:
    """A value as a line of JSON in which what cannot be seen is escaped."""
    return visible_json(json.dumps(value, ensure_ascii=False)) + "\n"


def _with_times(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _with_times(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_times(each) for each in value]
    if isinstance(value, int) and abs(value) > _EXACT:
        return str(value)
    if isinstance(value, int) and (name.endswith("_at") or name == "as_of"):
        return (
            (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value))
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z")
        )
    return value


def say(message: str) -> None:
    """A plain line on standard error; what cannot be seen in it is escaped, line ends too, and URLs show no
    secrets.
    """
    sys.stderr.write(visible(without_secrets(message.rstrip("\n"))) + "\n")


def put(message: str) -> None:
    """A plain line on standard output, as `say`."""
    sys.stdout.write(visible(without_secrets(message)) + "\n")


def put_fields(values: Iterable[str]) -> None:
    """A line of values between tabs on standard output; there is no tab in them."""
    sys.stdout.write("\t".join(map(visible, values)) + "\n")
