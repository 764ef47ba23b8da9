"""`suyuan checks`: spot checks from the plan to the public files."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from suyuan.cli.acting import BY
from suyuan.cli.drawing.checks import draw_acts, draw_checks
from suyuan.cli.options import AsJson, Data, Kafka, refuse_no_division
from suyuan.cli.screen import print_json, put, say, show_records
from suyuan.cli.since import WHEN, since_ms
from suyuan.domain.checks.bodies import AnyBody
from suyuan.domain.checks.publication import VERIFY, VERIFY_LOG
from suyuan.domain.checks.stage import Check
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.spot_checks import acting, orders, registers, steps
from suyuan.operations.spot_checks.proofs import witnessed
from suyuan.queries.api import Queries
from suyuan.queries.check_acts import check_of, checks_of
from suyuan.runtime.deployment import Deployment, deployment_of
from suyuan.runtime.settings import Settings, load

app = typer.Typer(no_args_is_help=True, help="Spot checks that a stranger can draw again.")
PATIENCE_SECONDS = 90.0
NOT_SHOWN = 2
"""the exit status of verify_log.py where nothing is wrong, and something could not be shown"""
"""that tables are waited for"""
CheckId = Annotated[str, typer.Argument(metavar="CHECK", help="Its number: 330100-2026-7.")]
Actor = Annotated[str, typer.Option(metavar="WHO", help="The account that acts.")]


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The plan, as JSON.")],
    data: Data = None,
    *,
    actor: Actor = BY,
    kafka: Kafka = None,
    as_json: AsJson = False,
) -> None:
    """Publish a plan: what is drawn, from what, by whom, and where the randomness will come from.

    Its number is the next of the bureau's year: a plan with another one is refused, and the next one is named. Items
    and officers that it names by number alone are taken from the registers (check_item, officer), all active officers
    of the bureau where it names none; what they say now is written into the plan that is published.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        raise SuyuanError(f"{file}: {error.strerror}", ErrorKind.USAGE) from None
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    with deployment.queries() as ask:
        body = acting.planned(ask, registers.read_plan(ask, text))
    _publish(deployment, body, actor, as_json=as_json)


@app.command()
def freeze(
    check_id: CheckId,
    data: Data = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help=f"Chains as known then: {WHEN}.", show_default=False),
    ] = None,
    *,
    actor: Actor = BY,
    kafka: Kafka = None,
    as_json: AsJson = False,
) -> None:
    """Write down what is drawn from, and publish its hash and its Merkle root, before the randomness is due.

    Before that, have a checkpoint of the audit that holds it cosigned by a witness: suyuan audit sign, checkpoint and
    cosigned. Without one, nobody can show that the frame was not exchanged afterwards.
    """
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    known_at = _now() if as_of is None else since_ms(as_of)
    if known_at > _now():
        raise SuyuanError("--as-of is to come: what will be known then is not known yet", ErrorKind.USAGE)
    acting.wait_until_loaded(
        deployment.work_left, known_at, clock=_now, pause=time.sleep, patience_seconds=PATIENCE_SECONDS
    )
    with deployment.queries() as ask:
        check = acting.check_named(ask, check_id)
        body = acting.frozen(ask, check, _folder(settings, check_id), as_known_at=known_at, now=_now())
    _publish(deployment, body, actor, as_json=as_json)
    if check.plan is not None:
        due = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(check.plan.randomness.at / 1000))
        say(f"before {due} have it witnessed: suyuan audit sign, then checkpoint for the witness, then cosigned")


@app.command()
def randomness(
    check_id: CheckId,
    data: Data = None,
    signature: Annotated[
        str | None, typer.Option(metavar="HEX", help="Of the planned round, as the beacon gave it.", show_default=False)
    ] = None,
    reveal: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SECRET", help="What a party has revealed; once for each.", show_default=False),
    ] = None,
    *,
    actor: Actor = BY,
    kafka: Kafka = None,
    as_json: AsJson = False,
) -> None:
    """Publish what the beacon gave, or what the parties have revealed."""
    deployment = deployment_of(load(data=data, kafka=kafka))
    if (signature is None) == (not reveal):
        raise SuyuanError("give the round's --signature, or --reveal NAME=SECRET for each party", ErrorKind.USAGE)
    check = _check(deployment, check_id)
    if signature is not None:
        body = acting.of_beacon(check, signature, now=_now())
    else:
        parts = [each.rpartition("=") for each in reveal or ()]
        body = acting.of_parties(check, [(name, secret) for name, _, secret in parts], now=_now())
    _publish(deployment, body, actor, as_json=as_json)
    with deployment.queries() as ask:
        witnesses = _witnesses(ask, check)
    if not witnesses:
        say("no witness had cosigned a checkpoint with the freeze before this was due: the public files will say so")


@app.command()
def draw(
    check_id: CheckId, data: Data = None, *, actor: Actor = BY, kafka: Kafka = None, as_json: AsJson = False
) -> None:
    """Draw listings and officers, and write the orders."""
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    with deployment.queries() as ask, deployment.outlet() as outlet:
        result = orders.drawn(ask, outlet, acting.check_named(ask, check_id), _folder(settings, check_id))
    _publish(deployment, result.draw, actor, as_json=as_json)
    for order in () if as_json else result.orders:
        put(f"{order.order_no}  {order.ticket[:12]}  {order.id}  {', '.join(order.officers) or 'waits'}")


@app.command()
def publish(
    check_id: CheckId, data: Data = None, *, actor: Actor = BY, kafka: Kafka = None, as_json: AsJson = False
) -> None:
    """Write the public files, with those that verify them, and publish their hashes."""
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    with deployment.queries() as ask:
        body = acting.published(ask, acting.check_named(ask, check_id), _folder(settings, check_id))
    _publish(deployment, body, actor, as_json=as_json)
    say(f"the public files are in {_folder(settings, check_id)}")


@app.command()
def cancel(
    check_id: CheckId,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why nothing comes of it: it stays public.")],
    data: Data = None,
    *,
    actor: Actor = BY,
    kafka: Kafka = None,
    as_json: AsJson = False,
) -> None:
    """Give a check up. Its number is not used again."""
    deployment = deployment_of(load(data=data, kafka=kafka))
    _publish(deployment, steps.cancelled(_check(deployment, check_id), reason), actor, as_json=as_json)


@app.command("list")
def list_(
    data: Data = None,
    under: Annotated[
        str, typer.Option(metavar="DIGITS", help="Only those of a bureau, by its division: 330100.", show_default=False)
    ] = "",
    *,
    as_json: AsJson = False,
) -> None:
    """List checks: how far each has come, when its randomness is due, what was frozen and drawn; the newest first."""
    refuse_no_division(under)
    with deployment_of(load(data=data)).queries() as ask:
        found = checks_of(acting.acts_of(ask, under))
    rows = [acting.overview(check_id, check) for check_id, check in found.items()]
    rows.sort(key=lambda row: (row["planned_at"] or 0, row["check_id"]), reverse=True)
    nothing = "there are no checks yet" if not under else f"there are no checks of bureau {under}"
    if as_json:
        print_json(rows, nothing)
    else:
        show_records(draw_checks(rows), nothing)


@app.command("show")
def show_(check_id: CheckId, data: Data = None, *, as_json: AsJson = False) -> None:
    """Show what was done with a check: each act, when, by which account, and the SHA-256 that the next one names."""
    with deployment_of(load(data=data)).queries() as ask:
        acts = [act for act in acting.acts_of(ask, check_id) if act.check_id == check_id]
        check = check_of(acts)
        witnesses = _witnesses(ask, check)
    if not acts:
        raise SuyuanError(f"no check is called {check_id}: suyuan checks list names them")
    void = {act.recency for act in check.void}
    rows = [
        {
            "check_id": check_id,
            "act": act.act,
            "occurred_at": act.occurred_at,
            "actor": act.actor,
            "counts": (act.occurred_at, act.event_id, act.publisher, act.tie) not in void,
            "sha256": sha256(act.body.encode()).hexdigest(),
            "event_id": act.event_id,
        }
        for act in acts
    ]
    if as_json:
        print_json(row | {"body": json.loads(act.body)} for row, act in zip(rows, acts, strict=True))
    else:
        show_records(draw_acts(rows), "")
        if check.freeze is not None:
            say(f"cosigned with the freeze in it, before randomness was due: {', '.join(witnesses) or 'by nobody'}")


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The public files of a check.")],
    key: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY", help="Public key of the log or of a witness; once for each.", show_default=False),
    ] = None,
) -> None:
    """Draw a check again from its public files alone, and check the proofs of the log, as anybody can: in their folder
    `python3 -I verify.py`, and `python3 -I verify_log.py . KEY`.

    Exit code 1 where it does not come out as published.
    """
    for name, arguments in ((VERIFY, []), (VERIFY_LOG, key or [])):
        command = [sys.executable, "-I", "-", str(folder), *arguments]
        done = subprocess.run(command, input=steps.for_strangers(name), check=False)  # noqa: S603 - our own file
        if done.returncode and (name, done.returncode) != (VERIFY_LOG, NOT_SHOWN):
            raise SuyuanError(f"{folder} does not hold what {name} looks for")


def _witnesses(ask: Queries, check: Check) -> list[str]:
    """Who says to have seen the freeze before the randomness was due."""
    seen = witnessed(ask, check)
    return [] if seen is None or check.plan is None else seen.witnesses_before(check.plan.randomness.at)


def _folder(settings: Settings, check_id: str) -> Path:
    return acting.folder_of(settings.public_folder(), check_id)


def _now() -> int:
    return time.time_ns() // 1_000_000


def _check(deployment: Deployment, check_id: str) -> Check:
    with deployment.queries() as ask:
        return acting.check_named(ask, check_id)


def _publish(deployment: Deployment, body: AnyBody, actor: str, *, as_json: bool) -> None:
    with deployment.outlet() as outlet:
        told = acting.publish(outlet, body, actor=actor, now=_now())
    if as_json:
        print_json([told._asdict()])
    else:
        put(f"{told.check_id}: {told.act} {told.sha256}")
