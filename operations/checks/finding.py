"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`detail` says what was seen, and where it is not ok, what to do."""

    check: str
    status: Status
    detail: str
