"""A problem as a page, for who asked for one."""

from __future__ import annotations

from contextlib import suppress

from fastapi import Request, Response

from suyuan.access.policy import ACTIONS
from suyuan.portal.context import Context
from suyuan.portal.entry.guard import admit
from suyuan.portal.pages.rendering import render
from suyuan.portal.problems import Problem


async def problem_page(request: Request, problem: Problem) -> Response:
    """In the language of whoever asked; who was not let in finds no more than that."""
    who = getattr(request.state, "who", None) or await _whoever(request, problem)
    answer = render(who, "error.html", status=problem.status, problem=problem.body(request.state.id))
    answer.headers.update(problem.headers)
    return answer


async def _whoever(request: Request, problem: Problem) -> Context:
    """At an address that there is not, who entered elsewhere keeps the way back."""
    if problem.status in {404, 405}:
        with suppress(Problem):
            return await admit(request, "open", ACTIONS["open"])
    return Context(request, request.app.state.portal, None)
