"""What `suyuan orders answer` does: whoever can write to the log acts as a regulator of the whole country."""

from __future__ import annotations

import secrets
import time

from suyuan.access.principal import Principal, Role, scope_of
from suyuan.access.scope import EVERYTHING
from suyuan.domain.alerts.acts import ID_CHARACTERS
from suyuan.domain.calendar import china_day
from suyuan.domain.checks.life import ANSWERS, PARTIES, Answer
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.orders.answering import Said, prepared, publish
from suyuan.queries.answers import InspectionOrder
from suyuan.queries.api import OrderFilter, Page
from suyuan.runtime.deployment import Deployment
from suyuan.schemas.validation import InvalidEvent


def order_of(deployment: Deployment, order_no: str, now: int) -> InspectionOrder:
    """Raises SuyuanError for no such order."""
    with deployment.queries() as ask:
        found = ask.orders(EVERYTHING, OrderFilter(china_day(now), order_no=order_no), Page(1)).rows
    if not found:
        raise SuyuanError(f"no order is called {order_no}: suyuan orders list tells their numbers")
    return found[0]


def said_of(answer: str, *, sample: str | None, spare: str | None, party: str | None) -> Said:
    """What the options say. Raises SuyuanError, USAGE, that names the option."""
    name = next((each for each in ANSWERS if each == answer), None)
    if name is None:
        raise SuyuanError(f"{answer} is no answer: one of {', '.join(ANSWERS)}", ErrorKind.USAGE)
    whom = next((each for each in PARTIES if each == party), None)
    if party is not None and whom is None:
        raise SuyuanError(f"--party {party}: not one of {', '.join(PARTIES)}", ErrorKind.USAGE)
    return Said(answer=name, sample=sample, spare=spare, party=whom)


def answer_order(deployment: Deployment, order_no: str, said: Said, actor: str) -> Answer:
    """Append the answer; durable on return. Raises SuyuanError: for no such order, and for what it does not allow."""
    if not actor.strip() or len(actor) > ID_CHARACTERS:
        raise SuyuanError(f"--actor: an account of 1 to {ID_CHARACTERS} characters", ErrorKind.USAGE)
    now = time.time_ns() // 1_000_000
    order = order_of(deployment, order_no, now)
    principal = Principal(actor, Role.REGULATOR, actor, scope_of(Role.REGULATOR, ""), (), "key", now)
    try:
        made = prepared(principal, order, (), said, now=now, day=china_day(now), chance=secrets.token_bytes)
    except InvalidEvent as error:
        raise SuyuanError(f"--{error.field}: {error.reason}", ErrorKind.USAGE) from None
    with deployment.outlet() as outlet:
        publish(outlet, made)
    return made
