"""What goes to standard output and standard error."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from suyuan.cli.visible import visible, visible_json
from suyuan.connections.urls import without_secrets

_PLAIN_WIDTH = 100


def console(*, stderr: bool = False) -> Console:
    """Colours and width of the terminal; elsewhere plain text of a fixed width. NO_COLOR is heeded."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PLAIN_WIDTH
    return PlainConsole(stderr=stderr, width=width, soft_wrap=False)


class PlainConsole(Console):
    """Nothing printed here is markup, and no text that comes out of it steers the terminal, whoever drew it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Segments of a renderable, its text made visible."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(visible(segment.text, lines=True), segment.style)


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object per line, Chinese as it is, times (ms in fields named *_at and as_of) in ISO 8601, UTC."""
    for row in rows:
        sys.stdout.write(json_line(_with_times(row)))


def json_line(value: Any) -> str:
    """A value as a line of JSON in which what cannot be seen is escaped."""
    return visible_json(json.dumps(value, ensure_ascii=False)) + "\n"


def _with_times(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {key: _with_times(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_times(each) for each in value]
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


def log_warnings() -> None:
    """What the processes and their libraries log from warnings on goes to standard error, one of several lines too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _VisibleFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(without_secrets(super().format(record)), lines=True)
