"""Spot checks as this portal carries them out: acts one after the other, and what takes long in a thread of its own.

What was published here is known here at once, before it has come back from the tables. What reads or writes whole
frames (freeze, draw, publish) runs in one thread, one check after another: neither the loop nor the readers of pages
wait for it. Whoever asked is told at once if it is soon over, else that it goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import msgspec

from suyuan.domain.checks.bodies import AnyBody, canonical
from suyuan.domain.checks.faults import BodyError
from suyuan.operations.spot_checks import acting
from suyuan.operations.spot_checks.steps import event, name_of
from suyuan.portal.problems import Fault as Said
from suyuan.portal.problems import Problem, problem_of, unavailable
from suyuan.queries.answers import CheckAct
from suyuan.queries.api import Queries
from suyuan.queries.questions import CHECK_ACTS, Export, Question, Whole
from suyuan.queries.spool import Spool

if TYPE_CHECKING:
    from suyuan.access.scope import Scope
    from suyuan.portal.ports import Ports

logger = logging.getLogger(__name__)

W = TypeVar("W")
A = TypeVar("A")
T = TypeVar("T")

KEPT_MS = 600_000
"""how long an act is kept that never comes back"""
SOON_SECONDS = 1.5
"""that whoever asked waits for what may take longer"""
MOST_WAITING = 8
"""checks that something is done with at a time, one after the other"""
MOST_OVER = 200
"""pieces of work that are remembered"""

Make = Callable[[Queries], AnyBody]
"""makes an act, of what the tables and this portal know"""


class Work(msgspec.Struct):
    """What is being done with a check, or was. `detail`, `faults`: why it was not done."""

    act: str
    began: int
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    detail: str = ""
    faults: tuple[Said, ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether it goes on."""
        return self.state in {"waiting", "running"}


class SpotChecks:
    """Of one portal. `now`: ms UTC."""

    def __init__(self, ports: Ports, now: Callable[[], int]) -> None:
        self._ports = ports
        self._now = now
        self._recent: dict[str, CheckAct] = {}
        self._work: dict[str, Work] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = ThreadPoolExecutor(1, "suyuan-spot-check")
        self._acting = asyncio.Lock()

    async def stop(self) -> None:
        """What is under way is finished; what waits is not begun."""
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)
        for task in list(self._tasks):
            task.cancel()

    def work(self, check_id: str) -> Work | None:
        """What was done last with a check, where that took this portal's thread."""
        return self._work.get(check_id)

    def with_recent(self, beginning: str, known: Sequence[CheckAct]) -> list[CheckAct]:
        """Acts that the tables know, and those published here that have not come back."""
        seen, since = {act.event_id for act in known}, self._now() - KEPT_MS
        for event_id, act in list(self._recent.items()):
            if event_id in seen or act.occurred_at < since:
                self._recent.pop(event_id, None)
        return [*known, *(act for act in list(self._recent.values()) if act.check_id.startswith(beginning))]

    def beside(self, queries: Queries) -> Queries:
        """The tables, with what was published here since."""
        return _WithRecent(queries, self)

    async def act(self, make: Make, actor: str) -> acting.Told:
        """Make an act and publish it; durable on return. Raises BodyError, SuyuanError."""
        async with self._acting:
            body = await self._ports.ask(lambda queries: make(self.beside(queries)))
            return await self._publish(body, actor)

    async def start(self, check_id: str, act: str, make: Make, actor: str) -> Work:
        """Begin what may take minutes, and publish the act that comes of it. Returns when it is over, or after a
        moment. Raises Problem: conflict where something is under way; BodyError, SuyuanError where it soon failed.
        """
        known = self._work.get(check_id)
        if known is not None and known.under_way:
            raise Problem("conflict", f"{known.act} is under way: wait for it")
        if sum(work.under_way for work in self._work.values()) >= MOST_WAITING:
            raise unavailable(f"{MOST_WAITING} checks are being worked on: try again later")
        work = self._work[check_id] = Work(act, self._now())
        while len(self._work) > MOST_OVER and (over := next((k for k, w in self._work.items() if not w.under_way), "")):
            del self._work[over]
        failed: list[BaseException] = []
        task = asyncio.create_task(self._run(work, make, actor, failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.wait([task], timeout=SOON_SECONDS)
        if failed:
            raise failed[0]
        return work

    async def _run(self, work: Work, make: Make, actor: str, failed: list[BaseException]) -> None:
        def done() -> AnyBody:
            work.state = "running"
            return make(self.beside(self._ports.open_queries()))

        try:
            body = await asyncio.get_running_loop().run_in_executor(self._thread, done)
            async with self._acting:
                await self._publish(body, actor)
        except Exception as error:
            work.state = "failed"
            problem = refused(error)
            if problem.name == "internal":
                logger.exception("spot check: %s", work.act)
            work.detail = problem.detail or problem.type.title
            work.faults = problem.errors
            failed.append(error)
        else:
            work.state = "done"

    async def _publish(self, body: AnyBody, actor: str) -> acting.Told:
        now = self._now()
        made = event(body, actor=actor, now=now)
        told = await self._ports.publish(lambda outlet: acting.publish(outlet, body, actor=actor, now=now))
        text = canonical(body).decode()
        self._recent[told.event_id] = CheckAct(
            told.event_id, made["publisher"], now, body.check_id, name_of(body), actor, text, 0
        )
        return told


class _WithRecent(Queries):
    """The tables, and what this portal has published since."""

    def __init__(self, queries: Queries, checks: SpotChecks) -> None:
        self._queries, self._checks = queries, checks

    def answer(self, question: Question[W, A], scope: Scope, wanted: W) -> A:
        """As Queries.answer."""
        found = self._queries.answer(question, scope, wanted)
        if question.name == CHECK_ACTS.name:
            return cast("A", self._checks.with_recent(cast("Any", wanted), cast("Any", found)))
        return found

    def spool(self, export: Export[W, T], scope: Scope, whole: Whole[W], spool: Spool) -> None:
        """As Queries.spool."""
        self._queries.spool(export, scope, whole, spool)


def pointer_of(field: str) -> str:
    """`strata[2].size` as a JSON pointer."""
    return "".join(f"/{part}" for part in field.replace("[", ".").replace("]", "").split(".") if part)


def refused(error: Exception) -> Problem:
    """A problem that names what is wrong with an act, by field of the body that was sent."""
    if not isinstance(error, BodyError):
        return problem_of(error)
    out_of_turn = any(fault.field == "act" for fault in error.faults)
    said = [Said(f"{fault.reason}: {fault.remedy}", pointer_of(fault.field) or "/") for fault in error.faults]
    return Problem("conflict" if out_of_turn else "invalid", "; ".join(each.detail for each in said), errors=said)
