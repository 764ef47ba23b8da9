"""What a loader writes to: the tables (`table_sink.py`), files of dead letters (`dead_letter_files.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from suyuan.sinks.batches import Batch
from suyuan.sinks.tables import Target


class Sink(Protocol):
    """Takes batches of some topics, one at a time, from one thread. A loader of its own feeds each sink, so one that
    waits holds up no other.
    """

    @property
    def group(self) -> str:
        """Consumer group under which offsets are committed once their rows are in; no two sinks share one."""

    @property
    def targets(self) -> Sequence[Target]:
        """The topics, those first that are read first, and what their rows are called where they go."""

    def write(self, batch: Batch) -> None:
        """Take the rows of one batch, all of one topic; they are durable on return.

        The same batch may come again, after an error or from a process that died before it could commit: then
        `batch.repeated` is set, its spans and rows are the very same, and in effect it must be written once.

        Raises LoaderError for what no repeat can mend: the loader stops. Any other error is tried again where
        `errors.is_transient` says that it may pass, and becomes a LoaderError where not. Nothing is acknowledged
        either way.
        """
