"""Acts on spot checks, on their way into the log: what every face does with what somebody wants.

1. `check_named` tells how far a check has come, as far as the tables know
2. a function makes the body of an act, here or in `steps`; nothing has happened yet but files in the check's folder
3. `publish` appends it. It counts once it is back in the tables

An act is never refused once it is in the log: one that came out of turn is void, and shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from suyuan.access.scope import EVERYTHING
from suyuan.domain.checks.bodies import (
    AnyBody,
    CommitReveal,
    DrandRound,
    Freeze,
    Plan,
    Publish,
    Randomness,
    Reveals,
    hash_of,
)
from suyuan.domain.checks.faults import BodyError, Fault
from suyuan.domain.checks.frame import Row
from suyuan.domain.checks.numbers import check_number, next_check_id
from suyuan.domain.checks.stage import Check
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.spot_checks import steps
from suyuan.operations.spot_checks.loading import Loading
from suyuan.operations.spot_checks.proofs import proofs_of
from suyuan.operations.work_left import WorkLeft
from suyuan.publishing.files.outlet import Outlet
from suyuan.queries.answers import CheckAct
from suyuan.queries.api import Queries
from suyuan.queries.check_acts import check_of
from suyuan.queries.questions import CHECK_ACTS, EVERY_ROW
from suyuan.queries.sql import FrameFilter

CLOCKS_MS = 1000
"""that clocks of two machines may differ by"""
LOOK_SECONDS = 0.2

S = TypeVar("S", DrandRound, Reveals)


class NotLoaded(SuyuanError):
    """Tables that do not hold yet what a frame is of."""

    kind = ErrorKind.UNAVAILABLE

    def __init__(self, messages: int) -> None:
        super().__init__(
            f"the tables are not that far: {messages:,} messages are still to be done. Freeze when suyuan run, or"
            " workers and loaders, keep up: a frame that was taken before could not be made again"
        )


class Told(NamedTuple):
    """An act that is in the log. `sha256`: of its body, by which the next act names it."""

    check_id: str
    act: str
    event_id: str
    sha256: str


def acts_of(ask: Queries, beginning: str) -> list[CheckAct]:
    """Acts on the checks whose ids begin so, in the order of versions."""
    return ask.answer(CHECK_ACTS, EVERYTHING, beginning)


def check_named(ask: Queries, check_id: str) -> Check:
    """How far a check has come; one without a plan where the tables know of none."""
    acts = (act for act in acts_of(ask, check_id) if act.check_id == check_id)
    return check_of(acts)


def overview(check_id: str, check: Check) -> dict[str, Any]:
    """A check on one line: `stage`, the last act that counts; `due_at`, when its randomness is; what was frozen and
    drawn, None before; `void`: acts that change nothing.
    """
    plan, last = check.plan, check.last
    return {
        "check_id": check_id,
        "stage": steps.name_of(last) if last else "none",
        "title": plan.title if plan else None,
        "planned_at": plan.planned_at if plan else None,
        "due_at": plan.randomness.at if plan else None,
        "rows": check.freeze.rows if check.freeze else None,
        "orders": check.draw.orders if check.draw else None,
        "waiting": check.draw.waiting if check.draw else None,
        "void": len(check.void),
    }


def folder_of(public: Path, check_id: str) -> Path:
    """Where a check's public files are. Raises SuyuanError, USAGE, for what is no check's number."""
    if check_number(check_id) is None:
        raise SuyuanError(
            f"{check_id!r} is no check's number: write bureau-year-number: 330100-2026-7", ErrorKind.USAGE
        )
    return public / check_id


def next_number(ask: Queries, bureau: str, year: int) -> str:
    """The number that a bureau's next check of a year has."""
    known = {act.check_id for act in acts_of(ask, f"{bureau}-{year}-")}
    return next_check_id(known, bureau, year)


def planned(ask: Queries, plan: Plan) -> Plan:
    """A plan that may be published. Raises BodyError, also for a number that leaves others out."""
    steps.accepted(plan, check_named(ask, plan.check_id))
    number = check_number(plan.check_id)
    assert number is not None  # noqa: S101 - was accepted
    following = next_number(ask, number.bureau, number.year)
    if plan.check_id != following:
        remedy = f"the next one is {following}"
        raise BodyError("plan", [Fault("check_id", "leaves numbers out: they have no holes", remedy)])
    return plan


def wait_until_loaded(
    work_left: Callable[[], WorkLeft],
    as_known_at: int,
    *,
    clock: Callable[[], int],
    pause: Callable[[float], object],
    patience_seconds: float,
) -> None:
    """Return once the tables hold all that the log took until then: a frame that was taken before could not be made
    again. Goes before `frozen`. `as_known_at`, `clock`: ms UTC; `pause`: seconds. Raises NotLoaded after
    `patience_seconds`, and what `work_left` raises.
    """
    until = clock() + patience_seconds * 1000
    while clock() <= as_known_at + CLOCKS_MS:  # of another machine, which dates what it takes
        pause(LOOK_SECONDS)
    loading = Loading()
    while not loading.is_over(left := work_left()):
        if clock() > until:
            raise NotLoaded(left.messages)
        if not loading.notes_ends:
            pause(LOOK_SECONDS)


def frozen(ask: Queries, check: Check, folder: Path, *, as_known_at: int, now: int) -> Freeze:
    """Write the frame, of chains as they were known then. `as_known_at`, `now`: ms UTC. Raises what `steps.freeze`
    does, and SuyuanError where the tables cannot be asked for it.
    """
    if check.plan is None:
        raise steps.OutOfTurn("there is no plan of this check yet")
    found = ask.export(EVERY_ROW, EVERYTHING, FrameFilter.of(check.plan, as_known_at))
    rows = (Row(each.id, tuple(each.parties), each.stratum, each.weight) for each in found)
    return steps.freeze(check, rows, folder, as_known_at=as_known_at, now=now)


def of_beacon(check: Check, signature: str, *, now: int) -> Randomness:
    """What the beacon gave in the planned round: its signature in hexadecimal. Raises what `steps.randomness` does."""
    planned_round = getattr(check.plan.randomness, "round", 1) if check.plan else 1
    source = {"kind": "drand", "round": planned_round, "signature": signature.strip().lower()}
    return steps.randomness(check, _read(source, DrandRound), now=now)


def of_parties(check: Check, reveals: Iterable[tuple[str, str]], *, now: int) -> Randomness:
    """What parties have revealed, names and secrets in any order. Raises what `steps.randomness` does."""
    given = [{"name": name.strip(), "secret": secret.strip().lower()} for name, secret in reveals]
    if check.plan is not None and isinstance(check.plan.randomness, CommitReveal):
        places = {party.name: place for place, party in enumerate(check.plan.randomness.parties)}
        given.sort(key=lambda each: places.get(each["name"], len(places)))
    return steps.randomness(check, _read({"kind": "commit_reveal", "reveals": given}, Reveals), now=now)


def published(ask: Queries, check: Check, folder: Path) -> Publish:
    """Write the public files, with proofs of the log as far as there are any. Raises what `steps.published` does."""
    if check.draw is None:
        raise steps.OutOfTurn("nothing is drawn yet")
    return steps.published(check, folder, proofs_of(ask, check))


def publish(outlet: Outlet, body: AnyBody, *, actor: str, now: int) -> Told:
    """Append an act; durable on return. `now`: ms UTC. Raises what `steps.append` does; the same may be published
    again, and counts once.
    """
    made = steps.event(body, actor=actor, now=now)
    steps.append(outlet, made)
    return Told(body.check_id, made["act"], made["event_id"], hash_of(body))


def _read(source: object, kind: type[S]) -> S:
    try:
        return msgspec.convert(source, kind)
    except msgspec.ValidationError as error:
        raise SuyuanError(f"randomness: {error}", ErrorKind.USAGE) from None
