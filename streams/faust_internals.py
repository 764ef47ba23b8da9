"""Faust's private names: see `connections.private_names`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import faust
from faust.assignor.client_assignment import ClientAssignment
from faust.transport import base
from faust.types.tuples import TP, ConsumerMessage
from mode import Service

from suyuan.connections.private_names import PrivateName

_CONSUMER = "faust.transport.consumer.Consumer"
_ASKED = "Faust calls it on its transports, and has no public name for it"
_ACCOUNT = (
    "Faust commits past work in flight (faust-streaming #606), so the account is kept here; no setting changes it"
)

NAMES = (
    PrivateName(_CONSUMER, "_getmany", _ASKED),
    PrivateName(_CONSUMER, "_commit", _ASKED),
    PrivateName(_CONSUMER, "_seek", _ASKED),
    PrivateName(_CONSUMER, "_to_message", _ASKED),
    PrivateName(_CONSUMER, "_new_topicpartition", _ASKED),
    PrivateName(_CONSUMER, "_new_offset", _ACCOUNT),
    PrivateName(_CONSUMER, "_acked", _ACCOUNT),
    PrivateName(_CONSUMER, "_acked_index", _ACCOUNT),
    PrivateName(
        _CONSUMER, "_read_offset", "what lies below is dropped, so also what was sought back to; no setting changes it"
    ),
    PrivateName(_CONSUMER, "_committed_offset", _ACCOUNT),
    PrivateName(
        _CONSUMER,
        "_commit_handler",
        "asks for every offset at each interval, also where nothing was done; no setting has it wait for something",
    ),
    PrivateName(
        _CONSUMER,
        "_commit_livelock_detector",
        "goes over every partition twice a second, for a judgement that is not wanted; no setting ends it",
    ),
    PrivateName("faust.app.base.App", "_consumer", "whether there is a consumer: `consumer` would make one"),
    PrivateName(
        "faust.assignor.partition_assignor.PartitionAssignor",
        "_assignment",
        "what the leader of a group would tell; the embedded log has no groups that members join",
    ),
    PrivateName("faust.tables.base.Collection", "_new_store", "a store of one's own must else be named by a URL alone"),
    PrivateName(
        "faust.tables.manager.TableManager",
        "_changelog_queue",
        "is as long as stream buffers are, which a fetched run at a time is too long for; it has no setting of its own",
    ),
)


class _NoReadOffsets(dict[TP, int | None]):
    """Holds no offsets: Faust drops what lies below the last offset that it saw, so also what was sought back to.
    Positions are kept by the transport.
    """

    def __getitem__(self, at: TP) -> None:
        return None


class TransportConsumer(base.Consumer):  # type: ignore[misc] # faust is untyped here
    """Faust's consumer, with public names for what Faust asks of a transport by private ones. Read positions, and what
    may be committed, are the transport's alone to say.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._read_offset = _NoReadOffsets()

    @abstractmethod
    async def read_messages(
        self,
        active: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust says how long
    ) -> Mapping[TP, list[Any]]:
        """The messages of the active partitions (None: of all) that are there or come within `timeout` seconds."""

    @abstractmethod
    def to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        """The Faust message of one that `read_messages` gave."""

    @abstractmethod
    async def move_to(self, partition: TP, offset: int) -> None:
        """Read on from there."""

    @abstractmethod
    def offset_to_commit(self, tp: TP) -> int | None:
        """The offset behind what is done; None: there is nothing to commit."""

    @abstractmethod
    async def commit_offsets(self, offsets: Mapping[TP, int]) -> bool:
        """Whether the log has them now."""

    @abstractmethod
    async def commit_when_due(self) -> None:
        """Commit what is done, for ever."""

    def is_behind(self) -> bool:
        """Whether there is something done that is not committed."""
        known = self._committed_offset
        offsets = ((at, self.offset_to_commit(at)) for at in tuple(self._acked))
        return any(offset and offset > (known[at] or 0) for at, offset in offsets)

    def ask_offset_to_commit(self, tp: TP) -> None:
        """Have `offset_to_commit` asked with the next commit, also where no message was acknowledged."""
        self._acked[tp]

    def forget_acked(self, partitions: Iterable[TP]) -> None:
        """What was acknowledged of them counts no more."""
        for at in partitions:
            self._acked.pop(at, None)
            self._acked_index.pop(at, None)

    # by Faust's names

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust's signature
    ) -> Mapping[TP, list[Any]]:
        return await self.read_messages(active_partitions, timeout)

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        return self.to_message(tp, record)

    async def _seek(self, partition: TP, offset: int) -> None:
        await self.move_to(partition, offset)

    def _new_offset(self, tp: TP) -> int | None:
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        return self.offset_to_commit(tp)

    @Service.task  # type: ignore[untyped-decorator]
    async def _commit_handler(self) -> None:
        await self.commit_when_due()

    @Service.task  # type: ignore[untyped-decorator]
    async def _commit_livelock_detector(self) -> None:
        """Stalls are watched for from outside (`streams.watchdog`), a recovery that stalls by the state's table."""

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        return await self.commit_offsets(offsets)

    def _new_topicpartition(self, topic: str, partition: int) -> TP:
        return TP(topic, partition)


class StoredTable(faust.Table):  # type: ignore[misc] # faust is untyped here
    """A Faust table that makes its own store, where Faust's would have a URL name it."""

    @abstractmethod
    def new_store(self) -> Any:
        """The store, made once, when it is first needed."""

    def _new_store(self) -> Any:
        return self.new_store()


def consumer_if_made(app: Any) -> Any:
    """The app's consumer; None before the first use of `app.consumer`, which makes one."""
    return app._consumer


def put_assignment(app: Any, partitions: Iterable[TP]) -> None:
    """Tell the app's assignor that these are this process's."""
    actives: dict[str, list[int]] = {}
    for at in partitions:
        actives.setdefault(at.topic, []).append(at.partition)
    app.assignor._assignment = ClientAssignment(actives=actives, standbys={})


def bound_changelog_queue(app: Any, messages: int) -> None:
    """Bound how many messages of changelogs wait to be applied, of all tables together. Only the first call for an app
    counts.
    """
    if app.tables._changelog_queue is None:
        app.tables._changelog_queue = app.FlowControlQueue(maxsize=messages, clear_on_resume=True)
