"""Options that choose dead letters."""

from __future__ import annotations

from typing import Annotated

import typer

from suyuan.cli.since import WHEN, since_ms
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.queries.api import DeadLetterFilter
from suyuan.schemas.kinds import KINDS

Topic = Annotated[
    str | None, typer.Option(help="Only those of this topic, or of this kind: in.listing, listing.", show_default=False)
]
Reason = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Only those whose field or reason holds this.", show_default=False)
]
Since = Annotated[
    str | None, typer.Option(metavar="WHEN", help=f"Only those that came in since: {WHEN}.", show_default=False)
]


def chosen(topic: str | None, reason: str | None, since: str | None) -> DeadLetterFilter:
    """Those that the options choose. Raises SuyuanError."""
    return DeadLetterFilter(
        topic=None if topic is None else _topic(topic),
        reason=reason,
        since=None if since is None else since_ms(since),
    )


def _topic(text: str) -> str:
    kind = text.removeprefix("in.")
    if kind not in KINDS:
        raise SuyuanError(f"--topic {text}: not one of {', '.join(f'in.{name}' for name in KINDS)}", ErrorKind.USAGE)
    return f"in.{kind}"
