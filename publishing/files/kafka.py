"""A Kafka cluster as the place where published events go."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager

from suyuan.connections.kafka import KafkaConnection
from suyuan.publishing.errors import Undelivered
from suyuan.publishing.files.outlet import Known, Taken
from suyuan.publishing.keys import Identities
from suyuan.publishing.sending import Answer, Sender

REMEMBERED = 1_000_000
"""events of this outlet that a repeat is recognised of"""

_BUFFER_BYTES = 64 << 20
_PATIENCE_SECONDS = 120.0


class KafkaOutlet:
    """Sends, except what it has sent already, and what `known` knows of. What is repeated otherwise is accepted here:
    intake recognises it.
    """

    knows_reuse = False

    def __init__(self, sender: Sender, known: Known | None = None) -> None:
        self._sender = sender
        self._known = known
        self._lock = threading.Lock()
        self._sent: OrderedDict[bytes, _Batch | None] = OrderedDict()
        """ids; None: stored, else with what it is under way"""

    @property
    def usable(self) -> bool:
        """See `Outlet`."""
        return not self._sender.gave_up

    def append(self, named: Identities, values: Sequence[bytes]) -> Future[Taken]:
        """See `Outlet`. A repeat of what is still under way is answered when that is. Raises PublishingError."""
        known = self._known(named) if self._known is not None else [False] * len(values)
        batch = _Batch(named.ids)
        with self._lock:
            rows = [row for row, before in enumerate(known) if not before and self._is_new(batch, row)]
            for row, before in enumerate(known):
                if before:
                    batch.new[row] = False
            batch.left += len(rows)
            done = self._finished(batch)
        _resolve(done)
        if rows:
            chosen = [values[row] for row in rows]
            try:
                self._sender.reserve(named.kind, len(rows), sum(map(len, chosen)))
            except BaseException as error:
                self._answered(batch, rows, stored=False, reason=str(error))
                raise
            self._sender.send(
                named.kind,
                [named.keys[row] for row in rows],
                chosen,
                lambda answer: self._answered(
                    batch, [rows[at] for at in answer.rows], stored=answer.error is None, reason=_reason(answer)
                ),
            )
        return batch.future

    def _is_new(self, batch: _Batch, row: int) -> bool:
        """Notes the id, or whose answer is this one's too."""
        identity = batch.ids[row]
        if identity not in self._sent:
            self._sent[identity] = batch
            if len(self._sent) > REMEMBERED:
                self._sent.popitem(last=False)
            return True
        leader = self._sent[identity]
        if leader is None:
            batch.new[row] = False
        else:
            leader.followers[identity].append((batch, row))
            batch.left += 1
        return False

    def _answered(self, batch: _Batch, rows: Sequence[int], *, stored: bool, reason: str) -> None:
        done: list[_Batch] = []
        with self._lock:
            for row in rows:
                identity = batch.ids[row]
                self._settle(batch, row, new=True if stored else None, reason=reason)
                if self._sent.get(identity) is batch:
                    if stored:
                        self._sent[identity] = None
                    else:
                        del self._sent[identity]
                for follower, at in batch.followers.pop(identity, ()):
                    self._settle(follower, at, new=False if stored else None, reason=reason)
                    if follower is not batch:
                        done += self._finished(follower)
            done += self._finished(batch)
        _resolve(done)

    @staticmethod
    def _settle(batch: _Batch, row: int, *, new: bool | None, reason: str) -> None:
        batch.new[row] = new
        batch.left -= 1
        if new is None:
            batch.lost += 1
            batch.reason = batch.reason or reason

    @staticmethod
    def _finished(batch: _Batch) -> list[_Batch]:
        return [] if batch.left else [batch]


class _Batch:
    """Events that were appended together. `left`: how many are not answered yet; `followers`: of an id under way, who
    waits for its answer.
    """

    def __init__(self, ids: Sequence[bytes]) -> None:
        self.ids = ids
        self.new: list[bool | None] = [None] * len(ids)
        self.left = self.lost = 0
        self.reason = ""
        self.followers: defaultdict[bytes, list[tuple[_Batch, int]]] = defaultdict(list)
        self.future: Future[Taken] = Future()


def _resolve(done: Sequence[_Batch]) -> None:
    for batch in done:
        if not batch.future.done():
            failure = Undelivered(batch.lost, batch.reason) if batch.lost else None
            batch.future.set_result(Taken(batch.new, failure=failure))


def _reason(answer: Answer) -> str:
    return answer.error or ""


@contextmanager
def outlet(
    connection: KafkaConnection, known: Known | None = None, patience_seconds: float | None = None
) -> Iterator[KafkaOutlet]:
    """Connect, to publish. Raises SuyuanError, for its use too."""
    patience = _PATIENCE_SECONDS if patience_seconds is None else patience_seconds
    sender = Sender(connection, compression="lz4", buffer_bytes=_BUFFER_BYTES, patience_seconds=patience)
    try:
        yield KafkaOutlet(sender, known)
    finally:
        sender.close()
