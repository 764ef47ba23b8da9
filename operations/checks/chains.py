"""Whether chains are what the records say: some are assessed anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from suyuan.access.scope import EVERYTHING
from suyuan.errors import SuyuanError
from suyuan.operations.checks.finding import Finding
from suyuan.operations.work_left import WorkLeft
from suyuan.queries.answers import ChainsAnew
from suyuan.queries.api import Anew, Queries

SAMPLE = 1_000
LONG_AGO_MS = 600_000
"""what is still under way is not expected to have come before that"""
_SHOWN = 3


def sample(
    tables: Callable[[], AbstractContextManager[Queries]], work_left: Callable[[], WorkLeft]
) -> Iterator[Finding]:
    """Some chains, other ones each time. Where messages are still to be done a difference may be one of those."""
    now = time.time_ns() // 1_000_000
    try:
        left = work_left()
        waiting = left.messages
        settled = now - LONG_AGO_MS if waiting else now
        with tables() as ask:
            found = ask.chains_anew(EVERYTHING, Anew(settled, SAMPLE, left.partitions))
    except SuyuanError as error:
        yield Finding("chains", "warning", f"not looked at: {error}")
        return
    said = f"{found.right:,} of them assessed anew from the records are right"
    passed_over = [f"{count:,} {words}" for count, words in _passed_over(found) if count]
    said += f", {' and '.join(passed_over)} were passed over" if passed_over else ""
    if not found.wrong:
        yield Finding("chains", "ok", said)
    elif waiting:
        yield Finding(
            "chains",
            "warning",
            f"{said}, {len(found.wrong)} differ, but {waiting:,} messages are still to be done: ask again then,"
            " or see what the verifier says (suyuan_verifier_wrong_chains)",
        )
    else:
        shown = "; ".join(found.wrong[:_SHOWN]) + ("; …" if len(found.wrong) > _SHOWN else "")
        yield Finding("chains", "failed", f"{said}, {len(found.wrong)} are wrong: {shown}")


def _passed_over(found: ChainsAnew) -> list[tuple[int, str]]:
    return [
        (found.unsettled, "of which something has just come in"),
        (found.too_large, "that rest on too much to be read"),
    ]
