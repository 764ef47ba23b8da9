"""The embedded log of a data folder as the place where published events go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

from suyuan.domain.keys import partition_of
from suyuan.eventlog.log import Appended, Log, Records
from suyuan.publishing.files.outlet import Taken
from suyuan.publishing.keys import Identities
from suyuan.schemas.topics import TOPICS


class EmbeddedOutlet:
    """Appends under the events' ids, so that the log leaves out what it has already, and says which those are."""

    knows_reuse = True
    usable = True

    def __init__(self, log: Log, partitions: int) -> None:
        """Makes the topics of events where they are not there yet; a log keeps the partition count that it
        has.
        """
        known = log.topics()
        for topic in TOPICS:
            if topic.name.startswith("in.") and topic.name not in known:
                log.create_topic(topic.name, partitions)
        self._log = log

    def append(self, named: Identities, values: Sequence[bytes]) -> Future[Taken]:
        """See `Outlet`. All or none are stored. Raises LogError."""
        topic = f"in.{named.kind}"
        count = self._log.partitions(topic)
        keys, ids = named.keys, named.ids
        rows: defaultdict[int, list[int]] = defaultdict(list)
        for row, key in enumerate(keys):
            rows[partition_of(key, count)].append(row)
        appended = self._log.append_async(
            {(topic, at): Records([keys[r] for r in part], [values[r] for r in part]) for at, part in rows.items()},
            {(topic, at): [ids[r] for r in part] for at, part in rows.items()},
        )
        taken: Future[Taken] = Future()

        def answered(done: Future[dict[tuple[str, int], Appended]]) -> None:
            error = done.exception()
            if error is not None:
                taken.set_exception(error)
            else:
                taken.set_result(_taken(rows, {at: each for (_, at), each in done.result().items()}))

        appended.add_done_callback(answered)
        return taken


def _taken(rows: Mapping[int, Sequence[int]], appended: Mapping[int, Appended]) -> Taken:
    """`rows`: of each partition, which of the events are there."""
    new: list[bool | None] = [None] * sum(map(len, rows.values()))
    for at, part in rows.items():
        for row, is_new in zip(part, appended[at].taken or (), strict=True):
            new[row] = is_new
    return Taken(new, sum(each.reused for each in appended.values()))


@contextmanager
def outlet(folder: Path, partitions: int, *, fsync: bool) -> Iterator[EmbeddedOutlet]:
    """Open the log of a folder to publish into it, also beside a running process. Raises SuyuanError."""
    with Log.open(folder, role="publish", fsync="always" if fsync else "interval") as log:
        yield EmbeddedOutlet(log, partitions)
