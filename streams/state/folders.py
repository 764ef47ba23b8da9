"""Opens the folders of a table's partitions, and decides what to do with one that is damaged or contradicts its
changelog.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from suyuan.streams import metrics
from suyuan.streams.state.errors import StateCorruptError, StateError
from suyuan.streams.state.partition import PartitionState
from suyuan.streams.state.republish import mark_republish
from suyuan.streams.state.rocks_store import REMEDY, RocksMemory, RocksStore, found_aside, set_aside
from suyuan.streams.state.settings import StateSettings

logger = logging.getLogger(__name__)


def remove_stores(tabledir: Path, stages: Iterable[str]) -> None:
    """Remove the folders, those set aside too, of stages that are no more."""
    for stage in stages:
        for path in tabledir.glob(f"{stage}-state-*.db*"):
            logger.info("%s is of a stage that is no more: removed", path)
            shutil.rmtree(path)


class PartitionFolders:
    """The folder `<tabledir>/<table>-<partition>.db` of each partition."""

    def __init__(self, tabledir: Path, table: str, settings: StateSettings, memory: RocksMemory) -> None:
        self._tabledir = tabledir
        self._table = table
        self._settings = settings
        self._memory = memory

    def path(self, partition: int) -> Path:
        """The partition's folder."""
        return self._tabledir / f"{self._table}-{partition}.db"

    def open(self, partition: int) -> PartitionState:
        """Open or create a partition's state. Raises StateCorruptError (see `rebuilt`), StateLockedError,
        StateUnwritableError, StateVersionError.
        """
        store = RocksStore(self.path(partition), self._memory)
        try:
            settings = self._settings
            return PartitionState(store, settings.cache_entries, settings.cache_bytes, settings.cached_prefixes)
        except StateError:
            store.close()
            raise

    def rebuilt(self, partition: int, damage: StateCorruptError, end: int | None = None) -> PartitionState:
        """Set a damaged folder aside and return an empty state, which recovery fills from the changelog. `end`: end
        offset of the changelog, None where it does not matter.

        Raises StateCorruptError where that would not help: the changelog is empty, or a folder was set aside before, so
        that the disk is probably at fault; `rebuild_corrupt` says that it is not.
        """
        path = self.path(partition)
        before = found_aside(path)
        if end == 0:
            raise StateCorruptError(
                f"{_what_is_wrong(damage)}, and its changelog is empty: suyuan state rebuild makes the state anew "
                f"from the events; remove {path} before it"
            ) from damage
        if before and not self._settings.rebuild_corrupt:
            raise StateCorruptError(again(damage, before)) from damage
        logger.error("%s", damage)
        metrics.STATE_DAMAGED.labels(self._table.removesuffix("-state")).inc()
        self.set_aside(partition)
        return self.open(partition)

    def reconciled(self, partition: int, state: PartitionState, end: int) -> PartitionState:
        """The state to go on with. `end`: end offset of its changelog. Where the two disagree:

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
        return self.open(partition)

    def set_aside(self, partition: int, state: PartitionState | None = None) -> None:
        """Close the state and rename its folder; the next start, or the recovery that follows, rebuilds it from the
        changelog.
        """
        if state is not None:
            state.store.close()
        logger.warning("state set aside as %s, to be rebuilt from its changelog", set_aside(self.path(partition)))


def again(damage: StateCorruptError, before: list[Path]) -> str:
    """The message about damage where folders were set aside before."""
    return (
        f"{_what_is_wrong(damage)}, and not for the first time: look at the disk, then remove {max(before)}, "
        f"or start with --rebuild-damaged"
    )


def _what_is_wrong(damage: StateCorruptError) -> str:
    return str(damage).removesuffix(f": {REMEDY}")
