"""The embedded log of a data folder as the place where published events go."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from suyuan.domain.keys import partition_of
from suyuan.eventlog.log import Appended, Log, Records
from suyuan.publishing.files.tally import Tally
from suyuan.schemas.topics import TOPICS

_UNDER_WAY = 2
"""batches being stored while the next one is read"""


class EmbeddedOutlet:
    """Appends under the events' ids, so that the log leaves out what it has already.

    What the tally counts is stored; batches under way are counted when the log has them.
    """

    def __init__(self, log: Log, partitions: int, tally: Tally) -> None:
        """Makes the topics of events where they are not there yet; a log keeps the partition count that it
        has.
        """
        known = log.topics()
        for topic in TOPICS:
            if topic.name.startswith("in.") and topic.name not in known:
                log.create_topic(topic.name, partitions)
        self._log = log
        self._tally = tally
        tally.reused_id = 0
        self._under_way: deque[Future[dict[tuple[str, int], Appended]]] = deque()

    def append(self, kind: str, keys: Sequence[bytes], values: Sequence[bytes], ids: Sequence[bytes]) -> None:
        """Hand over events of one kind; returns before they are stored. Raises LogError."""
        topic = f"in.{kind}"
        count = self._log.partitions(topic)
        rows: defaultdict[int, list[int]] = defaultdict(list)
        for row, key in enumerate(keys):
            rows[partition_of(key, count)].append(row)
        self._under_way.append(
            self._log.append_async(
                {(topic, at): Records([keys[r] for r in part], [values[r] for r in part]) for at, part in rows.items()},
                {(topic, at): [ids[r] for r in part] for at, part in rows.items()},
            )
        )
        self._await_appends(_UNDER_WAY)

    def finish(self) -> None:
        """Wait until all is stored. Raises LogError."""
        self._await_appends(0)

    def _await_appends(self, most: int) -> None:
        while len(self._under_way) > most:
            for appended in self._under_way.popleft().result().values():
                taken = appended.taken or []
                self._tally.accepted += sum(taken)
                self._tally.duplicate += len(taken) - sum(taken)
                self._tally.reused_id = (self._tally.reused_id or 0) + appended.reused


@contextmanager
def outlet(folder: Path, partitions: int, tally: Tally, *, fsync: bool) -> Iterator[EmbeddedOutlet]:
    """Open the log of a folder to publish into it, also beside a running process. Raises SuyuanError."""
    with Log.open(folder, role="publish", fsync="always" if fsync else "interval") as log:
        yield EmbeddedOutlet(log, partitions, tally)
