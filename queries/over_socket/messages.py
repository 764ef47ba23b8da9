"""What goes over the socket: a line of JSON for a question, a line for its answer, then the connection ends.

    → {"question": "chains", "scope": {...}, "wanted": {...}}
    ← {"answer": ...}   or {"error": {"kind": "unavailable", "name": "OverBudget", "text": "..."}}

A whole list comes as lines of rows, then the answer that it was all:

    → {"question": "every_chain", "scope": {...}, "wanted": {...}}
    ← [{...}, ...]
    ← {"answer": null}

Without the end of its line, or the last of its lines, an answer is not complete. What is wanted and answered is of
the types in `questions`.
"""

from __future__ import annotations

import msgspec

from suyuan.access.scope import OutsideScope, Scope
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.sinks.errors import OverBudget


class Asked(msgspec.Struct, frozen=True):
    """A question. `wanted`: of the type that the question says."""

    question: str
    scope: Scope
    wanted: msgspec.Raw


class Failure(msgspec.Struct, frozen=True):
    """Why there is no answer. `name`: of the error's class."""

    kind: ErrorKind
    name: str
    text: str


class Answered(msgspec.Struct, frozen=True, omit_defaults=True):
    """`answer`: of the type that the question says, unless there is an error."""

    answer: msgspec.Raw = msgspec.Raw()
    error: Failure | None = None


_AS_THEY_ARE = {each.__name__: each for each in (OutsideScope, OverBudget)}
"""errors that are the same on both sides"""


def failure_of(error: Exception) -> Failure:
    """What is told of an error."""
    name = type(error).__name__
    if name in _AS_THEY_ARE and isinstance(error, SuyuanError):
        return Failure(error.kind, name, str(error))
    if isinstance(error, SuyuanError):
        return Failure(error.kind, name, f"the query failed: {error}")
    return Failure(ErrorKind.FAILED, name, f"the query failed: {name}: {error}")


def raised(failure: Failure) -> SuyuanError:
    """The error that was told."""
    known = _AS_THEY_ARE.get(failure.name)
    return SuyuanError(failure.text, failure.kind) if known is None else known(failure.text)
