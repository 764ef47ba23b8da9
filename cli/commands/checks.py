"""`suyuan checks`: spot checks from the plan to the public files."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from suyuan.access.scope import EVERYTHING
from suyuan.cli.acting import BY
from suyuan.cli.options import AsJson, Data, Kafka
from suyuan.cli.screen import print_json, put, say
from suyuan.cli.since import WHEN, since_ms
from suyuan.domain.checks.bodies import BODIES, AnyBody, DrandRound, Plan, Reveal, Reveals, hash_of
from suyuan.domain.checks.faults import decode
from suyuan.domain.checks.frame import Row
from suyuan.domain.checks.numbers import check_number, next_check_id
from suyuan.domain.checks.publication import VERIFY
from suyuan.domain.checks.stage import Act, Check, fold
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.spot_checks import steps
from suyuan.queries.answers import CheckAct
from suyuan.queries.questions import CHECK_ACTS, EVERY_ROW
from suyuan.queries.sql import FrameFilter
from suyuan.runtime.deployment import Deployment, deployment_of
from suyuan.runtime.settings import Settings, load

app = typer.Typer(no_args_is_help=True, help="Spot checks that a stranger can draw again.")
CheckId = Annotated[str, typer.Argument(metavar="CHECK", help="Its number: 330100-2026-7.")]
Actor = Annotated[str, typer.Option(metavar="WHO", help="The account that acts.")]
_PUBLIC = "public"


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

    Its number is the next of the bureau's year: a plan with another one is refused, and the next one is named.
    """
    try:
        body = msgspec.json.decode(file.read_bytes(), type=Plan)
    except OSError as error:
        raise SuyuanError(f"{file}: {error.strerror}", ErrorKind.USAGE) from None
    except msgspec.DecodeError as error:
        raise SuyuanError(f"{file}: {error}", ErrorKind.USAGE) from None
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    number = check_number(body.check_id)
    if number is not None:
        known = {act.check_id for act in _acts(deployment, f"{number.bureau}-{number.year}-")}
        following = next_check_id(known, number.bureau, number.year)
        if body.check_id != following and body.check_id not in known:
            raise SuyuanError(f"check_id: numbers have no holes: the next one is {following}", ErrorKind.USAGE)
    check = _check(deployment, body.check_id)
    steps.accepted(body, check)
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
    """Write down what is drawn from, and publish its hash and its Merkle root, before the randomness is due."""
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    check = _check(deployment, check_id)
    if check.plan is None:
        raise SuyuanError(f"there is no plan of {check_id}")
    known_at = _now() if as_of is None else since_ms(as_of)
    with deployment.queries() as ask:
        found = ask.export(EVERY_ROW, EVERYTHING, FrameFilter.of(check.plan, known_at))
        rows: Iterator[Row] = (Row(each.id, tuple(each.parties), each.stratum, each.weight) for each in found)
        body = steps.freeze(check, rows, _folder(settings, check_id), as_known_at=known_at, now=_now())
    _publish(deployment, body, actor, as_json=as_json)


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
    check = _check(deployment, check_id)
    if check.plan is None or (signature is None) == (not reveal):
        raise SuyuanError("give the round's --signature, or --reveal NAME=SECRET for each party", ErrorKind.USAGE)
    source: DrandRound | Reveals
    if signature is not None:
        source = DrandRound(round=getattr(check.plan.randomness, "round", 1), signature=signature)
    else:
        parts = [each.rpartition("=") for each in reveal or ()]
        source = Reveals(reveals=tuple(Reveal(name=name, secret=secret) for name, _, secret in parts))
    _publish(deployment, steps.randomness(check, source, now=_now()), actor, as_json=as_json)


@app.command()
def draw(
    check_id: CheckId, data: Data = None, *, actor: Actor = BY, kafka: Kafka = None, as_json: AsJson = False
) -> None:
    """Draw listings and officers, and write the orders."""
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    result = steps.drawn(_check(deployment, check_id), _folder(settings, check_id))
    _publish(deployment, result.draw, actor, as_json=as_json)
    for order in () if as_json else result.orders:
        put(f"{order.order_no}  {order.ticket[:12]}  {order.id}  {', '.join(order.officers) or 'waits'}")


@app.command()
def publish(
    check_id: CheckId, data: Data = None, *, actor: Actor = BY, kafka: Kafka = None, as_json: AsJson = False
) -> None:
    """Write the public files, with the one that verifies them, and publish their hashes."""
    settings = load(data=data, kafka=kafka)
    deployment = deployment_of(settings)
    body = steps.published(_check(deployment, check_id), _folder(settings, check_id))
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


@app.command()
def verify(folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The public files of a check.")]) -> None:
    """Draw a check again from its public files alone, as anybody can: `python3 -I verify.py` in their folder.

    Exit code 1 where it does not come out as published.
    """
    command = [sys.executable, "-I", "-", str(folder)]
    done = subprocess.run(command, input=steps.verify_py(), check=False)  # noqa: S603 - our own file
    if done.returncode:
        raise SuyuanError(f"{folder} does not hold what {VERIFY} draws")


def _folder(settings: Settings, check_id: str) -> Path:
    return settings.data / _PUBLIC / check_id


def _now() -> int:
    return time.time_ns() // 1_000_000


def _acts(deployment: Deployment, beginning: str) -> list[CheckAct]:
    with deployment.queries() as ask:
        return ask.answer(CHECK_ACTS, EVERYTHING, beginning)


def _check(deployment: Deployment, check_id: str) -> Check:
    """What the tables know of a check."""
    acts = [act for act in _acts(deployment, check_id) if act.check_id == check_id and act.act in BODIES]
    return fold(
        Act((act.occurred_at, act.event_id, act.publisher, act.tie), decode(act.act, act.body))  # type: ignore[arg-type]
        for act in acts
    )


def _publish(deployment: Deployment, body: AnyBody, actor: str, *, as_json: bool) -> None:
    made = steps.event(body, actor=actor, now=_now())
    with deployment.outlet() as outlet:
        steps.append(outlet, made)
    told = {"check_id": body.check_id, "act": made["act"], "event_id": made["event_id"], "sha256": hash_of(body)}
    if as_json:
        print_json([told])
    else:
        put(f"{body.check_id}: {made['act']} {told['sha256']}")
