"""Makes the state anew from the input topics, in a data folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from suyuan.eventlog.log import Log, Record
from suyuan.operations.former_folder import refuse_former_folder
from suyuan.operations.state_rebuild.changelogs import CHANGELOGS
from suyuan.operations.state_rebuild.requests import check_number, requests
from suyuan.schemas.former_shape import GONE_CHANGELOGS, GONE_TOPICS, MARK, is_former
from suyuan.streams.consumer_group import GROUP
from suyuan.streams.state.position import RESET_KEY
from suyuan.streams.topology import READ_TOPICS


def rebuild(folder: Path) -> int:
    """Set the group back to the start of the inputs and end the state's present life. Returns how many events will be
    read again. Raises LogError: LogLocked while `suyuan run` has the folder.

    What a former shape left in the log is deleted. May be repeated after it was interrupted: until it was through, a
    folder of a former shape is one.
    """
    with Log.open(folder, "process") as log:
        known = log.topics()
        partitions = log.partitions(next(iter(known))) if known else 0
        starts, ends = log.start_offsets(), log.end_offsets()
        read = {at: starts[at] if at[0].startswith("in.") else ends[at] for at in ends if at[0] in READ_TOPICS}
        log.commit(GROUP, read)
        reset = [Record(RESET_KEY, b"1")]
        changelogs = [topic for topic in CHANGELOGS if topic in known]
        log.append_many({(topic, number): reset for topic in changelogs for number in range(partitions)})
        _leave_former_shape(log, known, partitions)
        return sum(ends[at] - start for at, start in read.items() if at[0].startswith("in."))


def _leave_former_shape(log: Log, topics: Mapping[str, object], partitions: int) -> None:
    """With the mark as the last of it."""
    former = is_former(topics)
    gone = [topic for topic in (*GONE_TOPICS, *GONE_CHANGELOGS) if topic in topics]
    log.forget_group(GROUP, gone)
    for topic in gone:
        log.empty(topic)
    if former:
        log.create_topic(MARK, partitions)


def rebuild_partition(folder: Path, partition: int) -> int:
    """Request that one partition be sent again all that belongs to it, by the process that runs on the folder or the
    next one. Returns how many messages request it. Raises LogError, FormerShape, SuyuanError for no such partition.
    """
    refuse_former_folder(folder)
    with Log.open(folder, "publish") as log:
        partitions = log.partitions("chain") if "chain" in log.topics() else 0
        check_number(partition, partitions)
        asked = list(requests(partition, partitions))
        log.append_many({(topic, number): [Record(None, value)] for topic, number, value in asked})
    return len(asked)
