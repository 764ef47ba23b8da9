"""Spot checks as lists and the public show them: how far each has come, from all acts on it.

Everybody may know of every number, so that none is missing: how far it has come, when, and the hashes that bind it.
What is in it is for its bureau, and for those above it, until it is published or given up.
"""

from __future__ import annotations

import msgspec

from suyuan.access.scope import Scope
from suyuan.domain.checks.bodies import BODIES, ActName, CommitReveal, Drand, hash_of
from suyuan.domain.checks.numbers import check_number
from suyuan.domain.checks.stage import Check
from suyuan.queries import sql
from suyuan.queries.answers import CheckAct, typed
from suyuan.queries.check_acts import check_of
from suyuan.queries.paging import Page, Paged
from suyuan.queries.rows import Tables

_LOOKS = 20
"""pages of numbers that are gone through for one page of a stage: what is behind them is on the next one"""


class CheckFilter(msgspec.Struct, frozen=True):
    """`bureau`: first digits of its division; `stage`: the last act. `public`: every number, and of each what everybody
    may know.
    """

    bureau: str = ""
    stage: ActName | None = None
    year: int | None = None
    public: bool = False


class CheckSummary(msgspec.Struct, frozen=True):
    """How far a check has come. Moments: ms UTC; `due_at`: when its randomness is known, `round`: of a beacon; `open`:
    it was published or given up, so that everybody may read it. What there is not yet, or not to be told, is None.
    """

    check_id: str
    bureau: str
    year: int
    stage: ActName
    open: bool
    title: str | None = None
    planned_at: int | None = None
    plan_sha256: str | None = None
    frozen_at: int | None = None
    rows: int | None = None
    root: str | None = None
    frame_sha256: str | None = None
    source: str | None = None
    round: int | None = None
    due_at: int | None = None
    randomness: str | None = None
    orders: int | None = None
    waiting: int | None = None
    reason: str | None = None


class PublicCheck(msgspec.Struct, frozen=True):
    """What everybody may know of a check. `acts`: all of them, once it is open."""

    summary: CheckSummary
    acts: list[CheckAct]


def is_open(check: Check) -> bool:
    """Whether everybody may read it."""
    return check.publish is not None or check.cancel is not None


def summary_of(check_id: str, check: Check, *, public: bool = False) -> CheckSummary | None:
    """None for one without a plan, or of an impossible number."""
    number, plan, last = check_number(check_id), check.plan, check.last
    if number is None or plan is None or last is None:
        return None
    freeze, draw, whole = check.freeze, check.draw, is_open(check) or not public
    beacon = plan.randomness if isinstance(plan.randomness, Drand) else None
    return CheckSummary(
        check_id=check_id,
        bureau=number.bureau,
        year=number.year,
        stage=next(name for name, kind in BODIES.items() if type(last) is kind),
        open=is_open(check),
        title=plan.title if whole else None,
        planned_at=plan.planned_at,
        plan_sha256=hash_of(plan),
        frozen_at=freeze.frozen_at if freeze else None,
        rows=freeze.rows if freeze else None,
        root=freeze.root if freeze else None,
        frame_sha256=freeze.frame_sha256 if freeze else None,
        source="commit_reveal" if isinstance(plan.randomness, CommitReveal) else "drand",
        round=beacon.round if beacon else None,
        due_at=plan.randomness.at,
        randomness=check.randomness.randomness if check.randomness else None,
        orders=draw.orders if draw else None,
        waiting=draw.waiting if draw else None,
        reason=check.cancel.reason if check.cancel else None,
    )


def checks(tables: Tables, scope: Scope, wanted: CheckFilter, page: Page) -> Paged[CheckSummary]:
    """The newest years first, of each bureau the last number first. A page of a stage may have fewer rows than it may
    have, though more are behind it.
    """
    found: list[CheckSummary] = []
    after = page.after
    for _ in range(_LOOKS):
        numbers = sql.check_numbers(
            tables, None if wanted.public else scope, wanted.bureau, wanted.year, Page(page.limit, after)
        )
        ids = [row["check_id"] for row in numbers.rows]
        acts: dict[str, list[CheckAct]] = {check_id: [] for check_id in ids}
        for act in typed(sql.acts_on(tables, ids), CheckAct) if ids else ():
            acts[act.check_id].append(act)
        for row in numbers.rows:
            summary = summary_of(row["check_id"], check_of(acts[row["check_id"]]), public=wanted.public)
            after = (row["year"], row["bureau"], row["number"])
            if summary is not None and wanted.stage in (None, summary.stage):
                found.append(summary)
                if len(found) == page.limit:
                    last = row is numbers.rows[-1]
                    return Paged(found, after, numbers.more or not last)
        if not numbers.more:
            return Paged(found, after, more=False)
    return Paged(found, after, more=True)


def public_check(tables: Tables, check_id: str) -> PublicCheck | None:
    """What everybody may know of a check; None: there is none."""
    acts = typed(sql.acts_on(tables, [check_id]), CheckAct)
    check = check_of(acts)
    summary = summary_of(check_id, check, public=True)
    return None if summary is None else PublicCheck(summary, acts if is_open(check) else [])
