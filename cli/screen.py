"""What goes to standard output and standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console

_PLAIN_WIDTH = 100


def console(*, stderr: bool = False) -> Console:
    """Colours and width of the terminal; elsewhere plain text of a fixed width. NO_COLOR is heeded."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _PLAIN_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """One JSON object per line, Chinese as it is, times (ms in fields named *_at and as_of) in ISO 8601, UTC."""
    for row in rows:
        sys.stdout.write(json.dumps(_with_times(row), ensure_ascii=False) + "\n")


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
    """A plain line on standard error."""
    sys.stderr.write(message.rstrip("\n") + "\n")
