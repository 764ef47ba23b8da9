"""Into the audit's topics of a data folder, also beside a process that runs on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from suyuan.domain.keys import partition_of
from suyuan.eventlog.log import Log, Records
from suyuan.operations.audit.backfill import TOPICS, backfill_blocks
from suyuan.schemas.topics import INPUTS
from suyuan.schemas.topics import topic as topic_named


def append_to_folder(folder: Path, topic: str, key: str, values: Sequence[bytes], *, fsync: bool) -> None:
    """See `Deployment.append`. Raises LogError."""
    with Log.open(folder, role="publish", fsync="always" if fsync else "interval") as log:
        _append(log, topic, key, values)


def backfill_folder(folder: Path, *, fsync: bool) -> int:
    """See `Deployment.backfill_audit`. Of what there is when it begins. Raises LogError."""
    with Log.open(folder, role="publish", fsync="always" if fsync else "interval") as log:
        return backfill_log(log)


def backfill_log(log: Log) -> int:
    """The same in a log that is open."""
    known = log.topics()
    if "audit.record" not in known:
        return 0  # nobody has run on the folder with this version: that start does it
    starts, ends = log.start_offsets(), log.end_offsets()
    ranges = {at: (starts[at], ends[at]) for at in ends if at[0] in TOPICS}
    count = 0
    for message in backfill_blocks(ranges, log.fetch, log.partitions("audit.record")):
        log.append(message.topic, message.partition, Records([None], [message.value]))
        count += message.rows.height
    return count


def backfill_at_start(log: Log, group: str) -> int:
    """The same where stages have read events of the folder, and none of them ever the audit's: it is of a version
    before the audit, or the start that was to do this was interrupted. Before the stages start, so what is published
    from then on comes behind it. `group`: of the stages.
    """
    committed = log.committed_offsets(group)
    read = {topic for (topic, _), (offset, _) in committed.items() if offset is not None}
    if "audit.record" in read or not read & set(INPUTS):
        return 0
    return backfill_log(log)


def _append(log: Log, topic: str, key: str, values: Sequence[bytes]) -> None:
    partition = partition_of(key, log.partitions(topic_named(topic).name))
    log.append(topic, partition, Records([None] * len(values), list(values)))
