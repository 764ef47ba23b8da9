"""Whether what is audited is signed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from suyuan.access.scope import EVERYTHING
from suyuan.errors import SuyuanError
from suyuan.operations.checks.finding import Finding
from suyuan.queries.answers import AuditHead, AuditNewest
from suyuan.queries.api import Queries

LATE_MS = 600_000
"""what came within is signed at the next minute, or is on its way into the tables"""


def signing(tables: Callable[[], AbstractContextManager[Queries]], now: int) -> Iterator[Finding]:
    """By what the tables have: the key is with the jobs, not with whoever looks. `now`: ms UTC."""
    try:
        with tables() as ask:
            newest, cosigned = ask.audit_newest(EVERYTHING), ask.audit_cosigned(EVERYTHING)
    except SuyuanError as error:
        yield Finding("audit", "warning", f"not looked at: {error}")
        return
    yield _finding(newest, cosigned, now)


def _finding(newest: AuditNewest, cosigned: AuditHead | None, now: int) -> Finding:
    entries, signed, since = newest.entries, newest.signed, newest.unsigned_since
    if not entries:
        return Finding("audit", "ok", "nothing was audited yet")
    if signed is None:
        return Finding(
            "audit",
            "warning",
            f"{entries:,} entries and no signed checkpoint: without a key nothing is signed. suyuan audit key makes "
            "one, SUYUAN_AUDIT_KEY_FILE names it to the jobs",
        )
    said = f"{entries:,} entries; the newest checkpoint has {signed.size:,}, signed {_age(now - signed.at)} ago"
    if signed.size > entries:
        return Finding("audit", "failed", f"{said}: entries are gone. suyuan audit verify says which")
    if since is not None and now - since > LATE_MS:
        return Finding(
            "audit",
            "warning",
            f"{said}; what came since {_time(since)} is not signed: the log of suyuan jobs says why, or there is no "
            "key any more (SUYUAN_AUDIT_KEY_FILE)",
        )
    return Finding("audit", "ok", f"{said}; {_witness(signed, cosigned, now)}")


def _witness(signed: AuditHead, cosigned: AuditHead | None, now: int) -> str:
    """What is known of witnesses: what they handed back (`suyuan audit cosigned`)."""
    if cosigned is None:
        return "no witness handed one back"
    behind = signed.size - cosigned.size
    return f"a witness handed one back {_age(now - cosigned.at)} ago" + (f", {behind:,} entries behind" * bool(behind))


def _age(milliseconds: int) -> str:
    minutes = max(0, milliseconds) // 60_000
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        if minutes >= 2 * size:
            return f"{minutes // size:,} {unit}s"
    return "a minute" if minutes else "less than a minute"


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
