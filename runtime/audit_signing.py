"""Signs checkpoints of the audit's tree: once, or each minute."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from suyuan.access.scope import EVERYTHING
from suyuan.domain.audit.keys import SignerKey
from suyuan.domain.audit.notes import Note
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.audit import metrics
from suyuan.operations.audit.signer import last_signed, sign_newest
from suyuan.runtime.deployment import Deployment, deployment_of
from suyuan.runtime.settings import Settings
from suyuan.streams.stages.audit_records import KEY

logger = logging.getLogger(__name__)

SIGN_SECONDS = 60.0


class AuditSigning:
    """`key`: of the log; `signed`: the file of what was signed last."""

    def __init__(self, deployment: Deployment, key: SignerKey, signed: Path) -> None:
        self.key = key
        self._deployment = deployment
        self._signed = signed

    def sign(self, now: int) -> Note | None:
        """Sign the newest root; None where it is signed already. `now`: ms UTC. Raises SuyuanError."""
        with self._deployment.queries() as queries:
            metrics.ENTRIES.set(queries.audit_newest(EVERYTHING).entries)
            note = sign_newest(
                queries, lambda topic, values: self._deployment.append(topic, KEY, values), self.key, self._signed, now
            )
        last = last_signed(self._signed, self.key)
        metrics.SIGNED_ENTRIES.set(0 if last is None else last.size)
        metrics.SIGNED_AT.set(now / 1000)
        return note

    async def keep(self) -> None:
        """Sign each minute until it is cancelled. What stops it from signing is logged, and tried again."""
        while True:
            try:
                await asyncio.to_thread(self.sign, time.time_ns() // 1_000_000)
            except SuyuanError as error:
                metrics.FAILURES.inc()
                level = logging.WARNING if error.kind == ErrorKind.UNAVAILABLE else logging.ERROR
                logger.log(level, "audit: no checkpoint was signed: %s", error)
            except Exception:
                metrics.FAILURES.inc()
                logger.exception("audit: no checkpoint was signed")
            await asyncio.sleep(SIGN_SECONDS)


def audit_signing(settings: Settings) -> AuditSigning | None:
    """By the key that the settings name; None where they name none. Raises SuyuanError, CONFIGURATION; of the file
    nothing is quoted.
    """
    file = settings.audit_key_file
    if file is None:
        return None
    try:
        key = SignerKey.parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SuyuanError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SuyuanError(
            f"bad configuration: SUYUAN_AUDIT_KEY_FILE: {file}: {reason}", ErrorKind.CONFIGURATION
        ) from None
    signed = settings.audit_signed_file or file.with_name(f"{file.name}.signed")
    return AuditSigning(deployment_of(settings), key, signed)
