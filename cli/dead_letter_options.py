"""Options that choose dead letters."""

from __future__ import annotations

import re
import time
from typing import Annotated

import typer

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.api import DeadLetterFilter
from suyuan.schemas.instants import day, instant
from suyuan.schemas.kinds import KINDS

Topic = Annotated[
    str | None, typer.Option(help="Only those of this topic, or of this kind: in.listing, listing.", show_default=False)
]
Reason = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Only those whose field or reason holds this.", show_default=False)
]
Since = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN",
        help="Only those that came in since: 90m, 12h, 3d, a day in China, or a time with its offset from UTC.",
        show_default=False,
    ),
]

_AGO = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def chosen(topic: str | None, reason: str | None, since: str | None) -> DeadLetterFilter:
    """Those that the options choose. Raises SuyuanError."""
    return DeadLetterFilter(
        topic=None if topic is None else _topic(topic),
        reason=reason,
        since=None if since is None else _moment(since),
    )


def _topic(text: str) -> str:
    kind = text.removeprefix("in.")
    if kind not in KINDS:
        raise SuyuanError(f"--topic {text}: not one of {', '.join(f'in.{name}' for name in KINDS)}", ErrorKind.USAGE)
    return f"in.{kind}"


def _moment(text: str) -> int:
    """Ms since the epoch."""
    ago = _AGO.fullmatch(text)
    if ago:
        return time.time_ns() // 1_000_000 - int(ago[1]) * _UNITS[ago[2]] * 1000
    try:
        return instant(f"{day(text)}T00:00+08:00" if len(text) == 10 else text)
    except ValueError as error:
        raise SuyuanError(f"--since {text}: {error}; or so long ago: 90m, 12h, 3d", ErrorKind.USAGE) from None
