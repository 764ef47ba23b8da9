"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
