"""Why a record, or a whole file, was not taken."""

from __future__ import annotations

from dataclasses import dataclass

from suyuan.errors import SuyuanError

LONGEST = 1 << 20
"""bytes of the longest record that is taken"""


@dataclass(frozen=True, slots=True)
class Problem:
    """`line` counts from 1 (a CSV record has the line on which it begins); None where it is about the whole
    file.
    """

    file: str
    line: int | None
    reason: str
    field: str | None = None

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.field}: {self.reason}" if self.field else f"{where}: {self.reason}"


def a(kind: str) -> str:
    """The kind with its article."""
    return f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"


@dataclass(frozen=True, slots=True)
class Spoiled:
    """Stands in the place of a record that cannot be read. `raw`: its text, where there is nothing better."""

    reason: str
    field: str | None = None
    raw: str = ""


class FileRefusedError(SuyuanError):
    """Nothing of this file (or no more of it) can be read; says why, and on which line where that is known.

    `records` counts those lost; a file of unknown content counts as one.
    """

    def __init__(self, reason: str, line: int | None = None, records: int = 1) -> None:
        super().__init__(reason)
        self.line = line
        self.records = records
