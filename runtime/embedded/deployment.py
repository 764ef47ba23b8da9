"""All in one data folder and one process, but for the tables where a server is named.

What each call needs is imported by the call: a command is to be there at once.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import TYPE_CHECKING

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.settings import Settings

if TYPE_CHECKING:
    from suyuan.connections.topic_partition import TopicPartition
    from suyuan.domain.privacy.pseudonym import Pseudonyms
    from suyuan.operations.checks.finding import Finding
    from suyuan.operations.dead_letters.log import ReplayLog
    from suyuan.operations.dead_letters.place import Place
    from suyuan.operations.exporting.lines import Exported
    from suyuan.operations.tail import Tail
    from suyuan.operations.webhooks.log import Holding
    from suyuan.operations.work_left import WorkLeft
    from suyuan.publishing.files.outlet import Known, Outlet
    from suyuan.queries.api import Queries


class Embedded:
    """See `Deployment`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.data

    def queries(self) -> AbstractContextManager[Queries]:
        """See `Deployment`."""
        from suyuan.runtime.open_queries import tables

        return tables(self._settings)

    def outlet(
        self, known: Known | None = None, patience_seconds: float | None = None
    ) -> AbstractContextManager[Outlet]:
        """See `Deployment`. Makes folder and topics where they are not there; its log knows what it has taken."""
        from suyuan.publishing.files.embedded import outlet

        del known, patience_seconds
        return outlet(self._folder, self._settings.partitions, fsync=self._settings.fsync)

    def pseudonyms(self) -> Pseudonyms:
        """See `Deployment`. By a key in the data folder where none is given."""
        from suyuan.runtime.pseudonyms import made_pseudonyms

        return made_pseudonyms(self._settings)

    @contextmanager
    def tail(self, topics: Sequence[str], first_offsets: Mapping[TopicPartition, int] | None = None) -> Iterator[Tail]:
        """See `Deployment`. Raises LogMissing, UnknownTopic where nobody has run on the folder yet."""
        from suyuan.eventlog.log import Log
        from suyuan.operations.tail import Tail

        with Log.open(self._folder, role="read") as log:
            yield Tail(log, topics, first_offsets, log.listen)

    def raw_event(self, place: Place) -> bytes:
        """See `Deployment`."""
        from suyuan.eventlog.log import Log
        from suyuan.operations.raw_event import raw_event

        with Log.open(self._folder, role="read") as log:
            return raw_event(log, place)

    def raw_events(self, places: Sequence[Place]) -> list[bytes | None]:
        """See `Deployment`."""
        from suyuan.eventlog.log import Log
        from suyuan.operations.raw_event import raw_events

        with Log.open(self._folder, role="read") as log:
            return raw_events(log, places)

    def erase_note(self, note_id: str, now: int) -> None:
        """See `Deployment`. On return the log has it no more."""
        from suyuan.operations.alerts.notes import erase_note_in_folder

        erase_note_in_folder(self._folder, self._settings.partitions, note_id, now, fsync=self._settings.fsync)

    def replay_log(self) -> AbstractContextManager[ReplayLog]:
        """See `Deployment`."""
        from suyuan.operations.dead_letters.embedded import embedded_replay_log

        return embedded_replay_log(self._folder, fsync=self._settings.fsync)

    def holding(self) -> AbstractContextManager[Holding]:
        """See `Deployment`. Raises LogLocked where another process delivers."""
        from suyuan.operations.webhooks.embedded import embedded_holding

        return embedded_holding(self._folder, fsync=self._settings.fsync)

    def exported_lines(self, done: Exported) -> Iterator[bytes]:
        """See `Deployment`."""
        from suyuan.operations.exporting.embedded import folder_lines

        return folder_lines(self._folder, done)

    def append(self, topic: str, key: str, values: Sequence[bytes]) -> None:
        """See `Deployment`."""
        from suyuan.operations.audit.embedded import append_to_folder

        append_to_folder(self._folder, topic, key, values, fsync=self._settings.fsync)

    def backfill_audit(self) -> int:
        """See `Deployment`."""
        from suyuan.operations.audit.embedded import backfill_folder

        return backfill_folder(self._folder, fsync=self._settings.fsync)

    def rebuild_state(self) -> int:
        """See `Deployment`."""
        from suyuan.operations.state_rebuild.embedded import rebuild

        self._refuse_missing()
        return rebuild(self._folder)

    def rebuild_partition(self, partition: int) -> int:
        """See `Deployment`."""
        from suyuan.operations.state_rebuild.embedded import rebuild_partition

        self._refuse_missing()
        return rebuild_partition(self._folder, partition)

    def work_left(self) -> WorkLeft:
        """See `Deployment`."""
        from suyuan.operations.work_left import folder_work_left

        return folder_work_left(self._folder)

    def checks(self) -> Iterator[Finding]:
        """See `Deployment`."""
        from suyuan.operations.checks import damage, folder, seals, tables
        from suyuan.operations.checks.contents import contents
        from suyuan.operations.webhooks.log import SUBSCRIPTIONS
        from suyuan.operations.work_left import folder_work_left
        from suyuan.runtime.unmatched_count import settled
        from suyuan.runtime.webhooks import present_webhook_seal

        server = self._settings.clickhouse_settings()
        yield from folder.access(self._folder)
        yield from folder.running(self._folder)
        yield from folder.log(self._folder)
        yield from damage.log(self._folder)
        yield from damage.state(self._folder)
        yield from seals.webhooks(lambda: self.tail([SUBSCRIPTIONS], {}), lambda: present_webhook_seal(self._settings))
        yield from damage.tables(self._folder) if server is None else tables.server(server)
        if server is not None or (self._folder / "clickhouse").is_dir():
            yield from contents(self.queries, partial(folder_work_left, self._folder), settled())

    def _refuse_missing(self) -> None:
        if not self._folder.exists():
            raise SuyuanError(f"{self._folder}: no such folder", ErrorKind.CONFIGURATION)
