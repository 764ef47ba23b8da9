"""Whether what the tables hold agrees with itself, chains with the records, records with one another, and what lies
where nobody looks; whether what is audited is signed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from suyuan.operations.checks import audit, chains, desks, reused_ids, unmatched
from suyuan.operations.checks.finding import Finding
from suyuan.operations.work_left import WorkLeft
from suyuan.queries.api import Queries


def contents(
    tables: Callable[[], AbstractContextManager[Queries]], work_left: Callable[[], WorkLeft], settled: int
) -> Iterator[Finding]:
    """`settled`: what was taken in before that (ms) has waited long enough for what it names."""
    yield from desks.alerts(tables)
    yield from chains.sample(tables, work_left)
    yield from unmatched.records(tables, settled)
    yield from reused_ids.ids(tables)
    yield from audit.signing(tables, time.time_ns() // 1_000_000)
