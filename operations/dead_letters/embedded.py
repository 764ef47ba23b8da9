"""Replays in the embedded log of a data folder, also beside a running process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.eventlog.log import Log, Records
from suyuan.operations.dead_letters.log import TOPIC, Message


class EmbeddedReplayLog:
    """Takes no message twice under one identity."""

    def __init__(self, log: Log) -> None:
        known = log.topics()
        if known and TOPIC not in known:  # a folder that an earlier version made
            log.create_topic(TOPIC, log.partitions(next(iter(known))))
        self.reader = log

    def send(self, messages: Sequence[Message]) -> list[int | None]:
        """Send the messages, all in one append. Returns the offset of each; None: the log has taken its identity
        before. Raises SuyuanError.
        """
        indices: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for index, message in enumerate(messages):
            indices[message.topic, message.partition].append(index)
        batches, ids = {}, {}
        for at, some in indices.items():
            batches[at] = Records([messages[i].key for i in some], [messages[i].value for i in some])
            identities = [identity for i in some if (identity := messages[i].identity) is not None]
            if identities:
                ids[at] = identities
        offsets: list[int | None] = [None] * len(messages)
        for at, appended in self.reader.append_many(batches, ids).items():
            taken = appended.taken or [True] * len(indices[at])
            new = [index for index, is_new in zip(indices[at], taken, strict=True) if is_new]
            for offset, index in enumerate(new, appended.base_offset):
                offsets[index] = offset
        return offsets


@contextmanager
def embedded_replay_log(folder: Path, *, fsync: bool) -> Iterator[EmbeddedReplayLog]:
    """Open the log of a folder. Raises SuyuanError."""
    if not folder.is_dir():
        raise SuyuanError(f"there is no data folder {folder}", ErrorKind.CONFIGURATION)
    with Log.open(folder, role="publish", fsync="always" if fsync else "interval") as log:
        yield EmbeddedReplayLog(log)
