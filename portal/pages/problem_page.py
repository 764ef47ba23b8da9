"""A problem as a page, for who asked for one."""

from __future__ import annotations

from fastapi import Request, Response

from suyuan.portal.context import Context
from suyuan.portal.pages.rendering import render
from suyuan.portal.problems import Problem


async def problem_page(request: Request, problem: Problem) -> Response:
    """In the language of whoever asked; who was not let in finds no more than that."""
    who = getattr(request.state, "who", None) or Context(request, request.app.state.portal, None)
    answer = render(who, "error.html", status=problem.status, problem=problem.body(request.state.id))
    answer.headers.update(problem.headers)
    return answer
