"""Opening the folders of a table's partitions, and what is done when one cannot be believed."""

from __future__ import annotations

import logging
from pathlib import Path

from suyuan.streams.state.errors import StateCorruptError, StateError
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.republish import mark_republish
from suyuan.streams.state.rocks_store import RocksMemory, RocksStore, set_aside
from suyuan.streams.state.settings import StateSettings

logger = logging.getLogger(__name__)


class PartitionFolders:
    """`<tabledir>/<table>-<partition>.db` for each partition."""

    def __init__(self, tabledir: Path, table: str, settings: StateSettings, memory: RocksMemory) -> None:
        self._tabledir = tabledir
        self._table = table
        self._settings = settings
        self._memory = memory

    def path(self, partition: int) -> Path:
        """The partition's folder."""
        return self._tabledir / f"{self._table}-{partition}.db"

    def open(self, partition: int) -> PartitionState:
        """Open or create. A damaged folder is set aside where the settings allow it, else StateCorruptError;
        StateLockedError, StateUnwritableError, StateVersionError as they come.
        """
        try:
            return self._open(partition)
        except StateCorruptError as error:
            if not self._settings.rebuild_corrupt:
                raise
            logger.warning("%s", error)
            self.set_aside(partition)
            return self._open(partition)

    def reconciled(self, partition: int, state: PartitionState, end: int) -> PartitionState:
        """The state to go on with, given the end offset of its changelog: which of the two is believed when the state
        is ahead.

        | changelog | then |
        |---|---|
        | has what the state has | the state is right, recovery reads the rest |
        | is empty | it was deleted: the state is right, the next commit writes the changelog anew |
        | ends earlier | the log lost its end (a power loss without fsync), its input topics too: the state knows events
          that are gone; it is set aside, recovery rebuilds it |
        """
        offset = state.changelog_offset
        if offset is None or offset < end:
            return state
        where = f"{self._table}-{partition}"
        if end == 0:
            logger.warning("the changelog of %s is empty, its state is not: it is written anew", where)
            mark_republish(state)
            return state
        logger.warning("the changelog of %s ends at %d, its state is at %d", where, end, offset)
        self.set_aside(partition, state)
        return self._open(partition)

    def set_aside(self, partition: int, state: PartitionState | None = None) -> None:
        """Close and rename; the next start, or the recovery that follows, rebuilds from the changelog."""
        if state is not None:
            state.store.close()
        logger.warning("state set aside as %s, to be rebuilt from its changelog", set_aside(self.path(partition)))

    def _open(self, partition: int) -> PartitionState:
        store = RocksStore(self.path(partition), self._memory)
        try:
            settings = self._settings
            return PartitionState(store, settings.cache_entries, settings.cache_bytes, settings.cached_prefixes)
        except StateError:
            store.close()
            raise
