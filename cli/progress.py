"""How far a publication is: a bar with an ETA on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from suyuan.cli.screen import console, say
from suyuan.publishing.files.sources import Source
from suyuan.publishing.files.tally import Tally
from suyuan.publishing.files.workbook import Workbook

_EVERY = 10.0
"""seconds between plain lines"""


class ProgressBar:
    """Told after every batch."""

    def __init__(self, tally: Tally, bar: Progress | None) -> None:
        self._tally = tally
        self._bar = bar
        self._began = self._said = time.monotonic()
        self._task = bar.add_task("", total=None, rate="") if bar else None

    def begin(self, source: Source | Workbook) -> None:
        """Reading of a file begins."""
        if self._bar is not None and self._task is not None:
            self._bar.reset(self._task, total=source.size, description=source.name)

    def step(self, source: Source | Workbook) -> None:
        """Some more records were read."""
        now = time.monotonic()
        rate = self._tally.read / max(now - self._began, 1e-3)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=source.position(), rate=f"{rate:,.0f} records/s")
        elif now - self._said >= _EVERY:
            self._said = now
            share = f"{source.position() / source.size:.0%} of " if source.size else ""
            say(f"{share}{source.name}: {self._tally.read:,} records, {rate:,.0f} records/s")


@contextmanager
def progress_bar(tally: Tally) -> Iterator[ProgressBar]:
    """The progress of a publication, on standard error."""
    if not sys.stderr.isatty():
        yield ProgressBar(tally, None)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(stderr=True), transient=True) as bar:
        yield ProgressBar(tally, bar)
