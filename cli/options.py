"""Options that many commands share."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.drawing.words import CHINA
from suyuan.errors import ErrorKind, SuyuanError

_DIGITS = re.compile(r"[0-9]{0,6}")

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Data folder; default: $SUYUAN_DATA, else ./suyuan-data.",
        show_default=False,
    ),
]
Kafka = Annotated[
    str | None,
    typer.Option(
        "--kafka", metavar="HOST:PORT,…", help="Brokers to ask first; default: $SUYUAN_KAFKA.", show_default=False
    ),
]
ClickHouseServer = Annotated[
    str | None,
    typer.Option(
        "--clickhouse",
        metavar="HOST:PORT",
        help="HTTP interface of the tables' server; default: $SUYUAN_CLICKHOUSE.",
        show_default=False,
    ),
]
AcceptPoison = Annotated[
    bool,
    typer.Option(
        "--accept-poison", help="Go on however much cannot be read: all of it becomes dead letters, without a limit."
    ),
]
AcceptLoss = Annotated[
    bool,
    typer.Option(
        "--accept-loss",
        help="Go on where messages were deleted before they were read, or topics were made again; what is lost is "
        "logged and counted.",
    ),
]
KnownAt = Annotated[
    datetime | None,
    typer.Option(
        "--known-at",
        "--as-of",
        help="As it was known then; China Standard Time unless it names an offset.",
        show_default=False,
    ),
]
HappenedBy = Annotated[
    datetime | None,
    typer.Option(
        "--happened-by", help="By what had happened by then, whenever it became known; as above.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]


def ms_of(moment: datetime | None) -> int | None:
    """A moment given by an option, ms UTC."""
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).timestamp() * 1000)


def refuse_no_division(under: str) -> None:
    """Raise SuyuanError for what are not the first digits of a division, given as `--under`."""
    if not _DIGITS.fullmatch(under):
        raise SuyuanError(f"--under {under}: no division, which is up to six digits", ErrorKind.USAGE)
