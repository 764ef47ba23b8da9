from __future__ import annotations

from suyuan.errors import SuyuanError


class AuditError(SuyuanError, ValueError):
    """What is no tree, proof, note, key or checkpoint as it should be, and why."""


class ProofError(AuditError):
    """A proof that does not show what it is to show."""
