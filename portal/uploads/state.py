"""What is known of an upload, in a file beside it: whoever looks reads that, and a restart goes on from it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from suyuan.publishing.ownership import Right

STATE, RAW, LOCK = "state.json", "file", "lock"


class Stage(StrEnum):
    """How far an upload is."""

    RECEIVING = "receiving"
    WAITING = "waiting"
    PUBLISHING = "publishing"
    DONE = "done"
    FAILED = "failed"
    """for a reason of ours; what it had published counts"""
    CUT = "cut"
    """it never came whole: nothing of it was published"""
    REVOKED = "revoked"
    """its owner's access was taken; what it had published until then counts"""


OVER = frozenset({Stage.DONE, Stage.FAILED, Stage.CUT, Stage.REVOKED})


class Row(msgspec.Struct, frozen=True):
    """One of the first rows as it was understood, by column; of one that was rejected as it stood. `bad`: the column at
    fault, `reason`: why it was rejected.
    """

    line: int | None
    cells: dict[str, str]
    bad: str | None = None
    reason: str | None = None


class Upload(msgspec.Struct):
    """`owner`: the principal whose it is, `right`: what they may publish; `size`: bytes as they were announced;
    `received`, `read`: bytes that came, that were read of them. `problems`: the first ones; `errors`: files of rejected
    rows. `restarts`: how often publishing began anew, so that what was stored before counts as duplicate.
    """

    id: str
    owner: str
    name: str
    right: Right
    created: int
    kind: str | None = None
    encoding: str | None = None
    stage: Stage = Stage.RECEIVING
    size: int | None = None
    received: int = 0
    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    reused_id: int | None = None
    format: str = ""
    kind_read: str | None = None
    columns: list[str] = []
    first: list[Row] = []
    problems: list[dict[str, Any]] = []
    notes: list[str] = []
    errors: list[str] = []
    trouble: str | None = None
    began: int | None = None
    ended: int | None = None
    restarts: int = 0

    def told(self) -> dict[str, Any]:
        """What its owner is shown."""
        said: dict[str, Any] = msgspec.to_builtins(self)
        for name in ("owner", "right"):
            del said[name]
        return said | {"errors": bool(self.errors), "over": self.stage in OVER}


_DECODER = msgspec.json.Decoder(Upload)


def read_state(folder: Path) -> Upload | None:
    """None where there is none (any more), or none that can be read."""
    try:
        return _DECODER.decode((folder / STATE).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None


def write_state(folder: Path, upload: Upload) -> None:
    """In one step: who looks sees the one before or this one. Raises OSError."""
    new = folder / f".{STATE}"
    new.write_bytes(msgspec.json.encode(upload))
    new.replace(folder / STATE)
