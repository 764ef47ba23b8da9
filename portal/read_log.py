"""The log of reads: who looked at whom. A line of JSON for each chain, trace, alert, list and file that was told.

It is a file of its own, DATA/portal/reads-YYYY-MM-DD.ndjson by China's days, kept SUYUAN_READ_LOG_DAYS days.
"""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from suyuan.portal.context import Context
from suyuan.portal.moments import CHINA

logger = logging.getLogger(__name__)

_NAME = "reads-{day:%Y-%m-%d}.ndjson"


def log_read(who: Context, what: str) -> None:
    """Write down that whoever asks was told of `what`. Where that cannot be written nothing is told: OSError."""
    now = datetime.fromtimestamp(who.now() / 1000, UTC)
    line = {
        "at": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "principal": who.principal.id,
        "role": str(who.principal.role),
        "action": who.action,
        "object": what,
        "request": who.request.state.id,
    }
    folder = who.portal.settings.data / "portal"
    day = now.astimezone(CHINA).date()
    path = folder / _NAME.format(day=day)
    is_new = not path.exists()
    if is_new:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, msgspec.json.encode(line) + b"\n")
    finally:
        os.close(descriptor)
    if is_new:
        _drop(folder, _NAME.format(day=day - timedelta(days=who.portal.settings.read_log_days)))


def _drop(folder: Path, oldest: str) -> None:
    """Files of days before the oldest that is kept."""
    for path in folder.glob("reads-*.ndjson"):
        if path.name < oldest:
            logger.info("the log of reads %s has had its days", path.name)
            path.unlink(missing_ok=True)
