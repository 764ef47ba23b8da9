"""`suyuan access`: keys for the portal. Whoever can write to the log is admin."""

from __future__ import annotations

import secrets
import time
from typing import Annotated

import typer

from suyuan.access.grants import plain_key
from suyuan.access.principal import Role
from suyuan.cli.drawing.words import moment
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.screen import print_json, put, say
from suyuan.operations.access import USUAL_DAYS, Wanted, append_access, key_granted, read_grants
from suyuan.operations.access import revoke as revoke_key
from suyuan.runtime.deployment import deployment_of
from suyuan.runtime.entry_link import entry_link
from suyuan.runtime.settings import load

BY = "command"

WhatTheyAre = Annotated[Role, typer.Option(help="What they are.")]
OfDivision = Annotated[
    str | None,
    typer.Option(help="Of a regulator or investigator: first digits; '' is the whole country.", show_default=False),
]
OfCode = Annotated[str | None, typer.Option(help="Of a platform or publisher: its credit code.", show_default=False)]
Kinds = Annotated[
    list[str] | None, typer.Option(help="Of a publisher: a kind of events that it may publish; again for more.")
]

app = typer.Typer(no_args_is_help=True, help="Who may use the portal: keys, by role and scope.")


@app.callback()
def _access() -> None:
    """Who may use the portal: keys, by role and scope."""


@app.command("grant")
def grant(
    role: WhatTheyAre,
    name: Annotated[str, typer.Option(help="Whose key it is, for people.")],
    division: OfDivision = None,
    code: OfCode = None,
    kind: Kinds = None,
    days: Annotated[int, typer.Option(help="How long it is good.")] = USUAL_DAYS,
    kafka: Kafka = None,
    data: Data = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Give somebody a key. It is shown now and never again: the log keeps its SHA-256."""
    deployment = deployment_of(load(kafka=kafka, data=data))
    wanted = Wanted(role, name, division, code, tuple(kind or ()), days)
    key, granted = key_granted(wanted, BY, _now(), secrets.token_bytes)
    append_access(deployment.outlet, granted)
    if as_json:
        print_json([{**plain_key(granted, None, _now()), "key": str(key)}])
        return
    put(str(key))
    say(f"key {key.id} of {name}: a {role} until {moment(granted.expires)}; it is not shown again")


@app.command("link")
def link(
    role: WhatTheyAre,
    name: Annotated[str, typer.Option(help="Who they are, for people.")],
    division: OfDivision = None,
    code: OfCode = None,
    kind: Kinds = None,
    kafka: Kafka = None,
    data: Data = None,
) -> None:
    """Print a link that signs somebody's browser in to the portal: once, within ten minutes, for eight hours."""
    settings = load(kafka=kafka, data=data)
    wanted = Wanted(role, name, division, code, tuple(kind or ()))
    put(entry_link(settings, deployment_of(settings).outlet, wanted, BY))


@app.command("list")
def list_(kafka: Kafka = None, data: Data = None, *, as_json: AsJson = False) -> None:
    """Every key that was given, the newest first."""
    deployment, now = deployment_of(load(kafka=kafka, data=data)), _now()
    rows = [plain_key(key, revoked, now) for key, revoked in read_grants(deployment.tail).all_keys()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        scope = row["division"] if row["division"] is not None else row["code"]
        put(f"{row['id']}  {row['state']:8} {row['role']:12} {scope or '-':20} {row['name']}")
    if not rows:
        say("nobody has access yet: suyuan access grant --role admin --name NAME")


@app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="Of the key: its 12 letters.")],
    kafka: Kafka = None,
    data: Data = None,
) -> None:
    """Take a key back: it is good no more in any portal, at once."""
    deployment = deployment_of(load(kafka=kafka, data=data))
    revoke_key(deployment.outlet, read_grants(deployment.tail), key_id, BY, _now())
    put(f"revoked {key_id}")


def _now() -> int:
    return time.time_ns() // 1_000_000
