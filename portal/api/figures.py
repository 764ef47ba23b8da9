"""Figures that are told again for some seconds, to whoever asks for them by API or page."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Response

from suyuan.portal.context import Context
from suyuan.portal.problems import Problem
from suyuan.portal.recent_figures import RecentFigures

A = TypeVar("A")


async def told(recent: RecentFigures[A], who: Context, prefix: str | None) -> tuple[A, int]:
    """The figures of a prefix of divisions, None the widest of one's scope, and when the tables said so, ms UTC. Raises
    Problem: not-found of a prefix that is not within the scope.
    """
    figures = await recent.of(who.ask, who.scope, prefix, who.now())
    if figures.said is None:
        raise Problem("not-found")
    return figures.said, figures.at


def with_age(answer: Response, who: Context, at: int) -> Response:
    """The answer with its age as HTTP says it; `at`: when the tables said so, ms UTC."""
    answer.headers["Age"] = str(max(who.now() - at, 0) // 1000)
    return answer
