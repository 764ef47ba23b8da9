"""Publish files, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from suyuan.domain.cautions import cautions
from suyuan.domain.privacy.scrub import scrub
from suyuan.publishing.files.archives import Refused, opened
from suyuan.publishing.files.batches import Publisher
from suyuan.publishing.files.checked import Shown
from suyuan.publishing.files.columns import OTHER_REASON, REASON
from suyuan.publishing.files.problems import FileRefusedError, Problem, Spoiled
from suyuan.publishing.files.records import Options, Raw, Reading, Record
from suyuan.publishing.files.refused_rows import RefusedRows
from suyuan.publishing.files.sources import Source
from suyuan.publishing.files.tally import Tally
from suyuan.publishing.files.verdicts import Place, Said, Told, Verdict
from suyuan.publishing.files.workbook import Workbook
from suyuan.schemas.kinds import EVENT_KINDS, KINDS, PERSONAL
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
    understood; `told`: gets a verdict of each that is rejected (the publisher tells of the others).
    """

    publisher: Publisher
    tally: Tally
    progress: Progress
    options: Options = field(default_factory=Options)
    refused: RefusedRows | None = None
    shown: Shown | None = None
    told: Told | None = None
    read: int = 0
    """records so far"""

    def publish(self, names: Iterable[str]) -> None:
        """What cannot be taken is counted in the tally with its reason; the rest goes on. Errors of the log
        pass through.
        """
        for name in names:
            try:
                for found in opened(name):
                    self.take(found)
            except OSError as error:
                self.tally.refuse(Problem(name, None, f"not readable: {error.strerror or error}"))
        self.publisher.flush()

    def take(self, found: Source | Workbook | Refused) -> None:
        """The same of one file that is open; some of it may be stored only after the publisher's `flush`."""
        if isinstance(found, Refused):
            self.tally.refuse(Problem(found.name, None, found.reason))
            return
        reading = Reading(found, self.options)
        self.progress.begin(found)
        if self.shown is not None:
            self.shown.begin(reading)
        try:
            self.records(reading, reading.records(), found)
        except FileRefusedError as error:
            self.tally.refuse(Problem(found.name, error.line, str(error)), error.records)
        finally:
            found.close()
        if self.shown is not None:
            self.shown.end()
        self.tally.notes += [f"{found.name}: {note}" for note in reading.notes]

    def records(self, reading: Reading, records: Iterable[Record], found: Source | Workbook) -> None:
        """The same of records of a file."""
        take, tally, shown = self.publisher.take, self.tally, self.shown
        place = Place(0, 0)
        for line, record, raw in records:
            if record is None:
                self.publisher.flush()
                self.progress.step(found)
                continue
            if self.told is not None:
                place = Place(self.read, line)
            if isinstance(record, Spoiled):
                self._refuse(reading, Problem(reading.name, line, record.reason, record.field), raw, record.raw)
            else:
                try:
                    event = take(record.kind, record.event, place)
                except InvalidEvent as error:
                    problem = Problem(reading.name, line, error.reason, error.field or None)
                    self._refuse(reading, problem, raw, kind=record.kind)
                except ValueError as error:
                    self._refuse(reading, Problem(reading.name, line, str(error)), raw, kind=record.kind)
                else:
                    for caution in cautions(EVENT_KINDS[record.kind], event):
                        tally.caution(f"{reading.name}:{line}", record.kind, caution)
                    if shown is not None:
                        shown.record(line, replace(record, event=dict(event)))
                for field_ in record.ignored:
                    if field_ not in _ALWAYS_ASIDE:
                        tally.ignored[record.kind, field_] += 1
                for field_ in record.assumed:
                    tally.assumed[record.kind, field_] += 1
            if self.read % _STEP == 0:
                self.progress.step(found)
            self.read += 1

    def _refuse(self, reading: Reading, problem: Problem, raw: Raw, text: str = "", kind: str | None = None) -> None:
        if (named := kind or reading.kind) in KINDS and EVENT_KINDS[named].scrubbed:
            problem = replace(problem, reason=scrub(problem.reason))
        self.tally.refuse(problem)
        if self.told is not None:
            said = None if kind in PERSONAL or reading.kind in PERSONAL else _event_id_in(reading, raw)
            where = problem.line or 0, Said.REJECTED, kind or reading.kind
            self.told(Verdict(self.read, *where, said, field=problem.field, reason=problem.reason))
        if self.refused is not None:
            self.refused.write(reading, problem, raw, text, kind)


def _event_id_in(reading: Reading, raw: Raw) -> str | None:
    """As it stands there, of what could perhaps not be read otherwise."""
    if isinstance(raw, list):
        at = next((at for at, column in enumerate(reading.columns) if "event_id" in column.fields), len(raw))
        return raw[at].strip() or None if at < len(raw) else None
    try:
        given: Any = msgspec.json.decode(raw or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    said = given.get("event_id") if isinstance(given, dict) else None
    return said if isinstance(said, str) else None
