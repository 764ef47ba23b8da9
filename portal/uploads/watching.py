"""What is noted while a file is published: how it was understood, its first rows, how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from suyuan.portal.uploads.state import Row, Upload
from suyuan.publishing.files.checked import Shown, plain_event
from suyuan.publishing.files.problems import Problem
from suyuan.publishing.files.records import Raw, Reading
from suyuan.publishing.files.refused_rows import RefusedRows, scrubbed_cells
from suyuan.publishing.files.sources import Source
from suyuan.publishing.files.workbook import Workbook
from suyuan.schemas.kinds import PERSONAL
from suyuan.schemas.validation import ParsedEvent

FIRST_ROWS = 5
_EVERY_SECONDS = 0.5
_LONGEST_CELL = 120


class Stopped(Exception):
    """The portal ends: what is left is published when it starts again."""


class AccessRevoked(Exception):
    """Whose file it is may publish no more."""


class Watch(Shown):
    """See `publishing.files.publish`: both its `progress` and what it shows."""

    def __init__(
        self, upload: Upload, note: Callable[[], None], stopped: Callable[[], bool], revoked: Callable[[], bool]
    ) -> None:
        """`note`: writes down how far the upload is."""
        super().__init__()
        self._upload, self._note, self._stopped, self._revoked = upload, note, stopped, revoked
        self._noted = 0.0

    def begin(self, found: Reading | Source | Workbook) -> None:
        """Records of another file follow."""
        if isinstance(found, Reading):
            super().begin(found)

    def step(self, source: Source | Workbook) -> None:
        """Some more records were read. Raises Stopped, AccessRevoked."""
        if self._stopped():
            raise Stopped
        if self._revoked():
            raise AccessRevoked
        self._upload.read = max(self._upload.read, source.position())
        if time.monotonic() - self._noted >= _EVERY_SECONDS:
            self._note()
            self._noted = time.monotonic()

    def record(self, line: int, parsed: ParsedEvent) -> None:
        """A record that was taken in."""
        if len(self._upload.first) < FIRST_ROWS:
            event: dict[str, Any] = plain_event(parsed)
            self._keep(Row(line, {name: _cell(value) for name, value in event.items() if value is not None}))

    def rejected(self, reading: Reading, problem: Problem, raw: Raw, kind: str | None) -> None:
        """A record that was not."""
        if len(self._upload.first) >= FIRST_ROWS:
            return
        cells: dict[str, str] = {}
        if isinstance(raw, list) and not {kind, reading.kind} & PERSONAL and (kind or reading.kind):
            names = [column.fields[0] if column.fields else column.header for column in reading.columns]
            row = scrubbed_cells(reading, raw, kind or reading.kind, problem)
            cells = {name: cell[:_LONGEST_CELL] for name, cell in zip(names, row, strict=False) if name}
        self._keep(Row(problem.line, cells, problem.field, problem.reason))

    def end(self) -> None:
        """That was all of the file."""
        super().end()
        self._understood()

    def _keep(self, row: Row) -> None:
        self._understood()
        self._upload.first.append(row)
        self._upload.columns += [name for name in row.cells if name not in self._upload.columns]
        if row.bad and row.bad not in self._upload.columns and row.cells:
            self._upload.columns.append(row.bad)

    def _understood(self) -> None:
        self._upload.format, self._upload.kind_read = self._reading.format, self._reading.kind


class Errors(RefusedRows):
    """Rows that were rejected, of which the first are shown too."""

    def __init__(self, path: Path, watch: Watch) -> None:
        super().__init__(path, quoted=True)
        self._watch = watch

    def write(self, reading: Reading, problem: Problem, raw: Raw, text: str = "", kind: str | None = None) -> None:
        """See RefusedRows."""
        super().write(reading, problem, raw, text, kind)
        self._watch.rejected(reading, problem, raw, kind)


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    return text[:_LONGEST_CELL]
