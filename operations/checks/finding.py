"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `detail` says what was seen, and where it is not ok, what to do."""

    check: str
    status: Status
    detail: str
