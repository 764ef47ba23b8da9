"""Publish files, one after the other."""

from __future__ import annotations

from collections.abc import Iterable

from suyuan.cli.publishing.problems import FileRefusedError, Problem, Spoiled
from suyuan.cli.publishing.progress import Watch
from suyuan.cli.publishing.publisher import Publisher
from suyuan.cli.publishing.reading import read
from suyuan.cli.publishing.sources import Source
from suyuan.cli.publishing.tally import Tally
from suyuan.schemas.validation import InvalidEvent

_STEP = 2_000
"""records between two looks at the progress"""


def publish_files(names: Iterable[str], kind: str | None, publisher: Publisher, tally: Tally, watch: Watch) -> None:
    """What cannot be taken is counted in the tally with its reason; the rest goes on. Errors of the log
    pass through.
    """
    for name in names:
        try:
            source = Source(name)
        except OSError as error:
            tally.refuse(Problem(name, None, f"not readable: {error.strerror or error}"))
            continue
        try:
            _publish(source, kind, publisher, tally, watch)
        except FileRefusedError as refused:
            tally.refuse(Problem(name, refused.line, str(refused)), refused.records)
        finally:
            source.close()
    publisher.flush()


def _publish(source: Source, kind: str | None, publisher: Publisher, tally: Tally, watch: Watch) -> None:
    watch.begin(source)
    for count, (line, record) in enumerate(read(source, kind)):
        if record is None:
            publisher.flush()
        elif isinstance(record, Spoiled):
            tally.refuse(Problem(source.name, line, record.reason, record.field))
        else:
            try:
                publisher.take(record.kind, record.event)
            except InvalidEvent as error:
                tally.refuse(Problem(source.name, line, error.reason, error.field or None))
            except ValueError as error:
                tally.refuse(Problem(source.name, line, str(error)))
            for field in record.ignored:
                tally.ignored[record.kind, field] += 1
        if count % _STEP == 0:
            watch.step(source)
