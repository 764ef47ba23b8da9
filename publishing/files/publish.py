"""Publish files, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from suyuan.domain.cautions import cautions
from suyuan.publishing.files.archives import Refused, opened
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.checked import Shown
from suyuan.publishing.files.columns import OTHER_REASON, REASON
from suyuan.publishing.files.problems import FileRefusedError, Problem, Spoiled
from suyuan.publishing.files.records import Options, Raw, Reading
from suyuan.publishing.files.refused_rows import RefusedRows
from suyuan.publishing.files.sources import Source
from suyuan.publishing.files.tally import Tally
from suyuan.publishing.files.workbook import Workbook
from suyuan.schemas.kinds import EVENT_KINDS
from suyuan.schemas.validation import InvalidEvent

_STEP = 2_000
"""records between two looks at the progress"""
_ALWAYS_ASIDE = frozenset({REASON, OTHER_REASON})
"""columns that --errors has added"""


class Progress(Protocol):
    """Is told how far a publication is."""

    def begin(self, source: Source | Workbook) -> None:
        """Reading of a file begins."""

    def step(self, source: Source | Workbook) -> None:
        """Some more records were read."""


@dataclass(slots=True)
class Publication:
    """What becomes of the records of files. `refused`: takes those that were not accepted; `shown`: how they were
    understood.
    """

    publisher: Publisher
    tally: Tally
    progress: Progress
    options: Options = field(default_factory=Options)
    refused: RefusedRows | None = None
    shown: Shown | None = None

    def publish(self, names: Iterable[str]) -> None:
        """What cannot be taken is counted in the tally with its reason; the rest goes on. Errors of the log
        pass through.
        """
        for name in names:
            try:
                for found in opened(name):
                    self._file(found)
            except OSError as error:
                self.tally.refuse(Problem(name, None, f"not readable: {error.strerror or error}"))
        self.publisher.flush()

    def _file(self, found: Source | Workbook | Refused) -> None:
        if isinstance(found, Refused):
            self.tally.refuse(Problem(found.name, None, found.reason))
            return
        reading = Reading(found, self.options)
        self.progress.begin(found)
        if self.shown is not None:
            self.shown.begin(reading)
        try:
            self._records(reading, found)
        except FileRefusedError as error:
            self.tally.refuse(Problem(found.name, error.line, str(error)), error.records)
        finally:
            found.close()
        if self.shown is not None:
            self.shown.end()
        self.tally.notes += [f"{found.name}: {note}" for note in reading.notes]

    def _records(self, reading: Reading, found: Source | Workbook) -> None:
        take, tally, shown = self.publisher.take, self.tally, self.shown
        for count, (line, record, raw) in enumerate(reading.records()):
            if record is None:
                self.publisher.flush()
            elif isinstance(record, Spoiled):
                self._refuse(reading, Problem(reading.name, line, record.reason, record.field), raw, record.raw)
            else:
                try:
                    take(record.kind, record.event)
                except InvalidEvent as error:
                    problem = Problem(reading.name, line, error.reason, error.field or None)
                    self._refuse(reading, problem, raw, kind=record.kind)
                except ValueError as error:
                    self._refuse(reading, Problem(reading.name, line, str(error)), raw, kind=record.kind)
                else:
                    for caution in cautions(EVENT_KINDS[record.kind], record.event):
                        tally.caution(f"{reading.name}:{line}", record.kind, caution)
                    if shown is not None:
                        shown.record(line, record)
                for field_ in record.ignored:
                    if field_ not in _ALWAYS_ASIDE:
                        tally.ignored[record.kind, field_] += 1
                for field_ in record.assumed:
                    tally.assumed[record.kind, field_] += 1
            if count % _STEP == 0:
                self.progress.step(found)

    def _refuse(self, reading: Reading, problem: Problem, raw: Raw, text: str = "", kind: str | None = None) -> None:
        self.tally.refuse(problem)
        if self.refused is not None:
            self.refused.write(reading, problem, raw, text, kind)
