"""A Kafka cluster as the place where published events go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from suyuan.connections.kafka import KafkaConnection
from suyuan.publishing.files.tally import Tally
from suyuan.publishing.sending import Answer, Sender

REMEMBERED = 1_000_000
"""events of this publication that a repeat is recognised of"""

_BUFFER_BYTES = 64 << 20
_PATIENCE_SECONDS = 120.0


class KafkaOutlet:
    """Sends, except what it has sent already. What was published before is not known here: intake recognises it.

    What the tally counts as accepted is stored; events under way are counted when the brokers have them.
    """

    def __init__(self, sender: Sender, tally: Tally) -> None:
        self._sender = sender
        self._tally = tally
        self._sent: OrderedDict[bytes, None] = OrderedDict()

    def append(self, kind: str, keys: Sequence[bytes], values: Sequence[bytes], ids: Sequence[bytes]) -> None:
        """Hand over events of one kind; returns before they are stored. Raises PublishingError."""
        self._sender.check()
        rows = [row for row, identity in enumerate(ids) if self._is_new(identity)]
        self._tally.duplicate += len(ids) - len(rows)
        if rows:
            chosen = [values[row] for row in rows]
            self._sender.reserve(kind, len(rows), sum(map(len, chosen)))
            self._sender.send(kind, [keys[row] for row in rows], chosen, self._answered)

    def finish(self) -> None:
        """Wait until all is stored. Raises PublishingError."""
        self._sender.wait()

    def _is_new(self, identity: bytes) -> bool:
        if identity in self._sent:
            return False
        self._sent[identity] = None
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        return True

    def _answered(self, answer: Answer) -> None:
        if answer.error is None:
            self._tally.accepted += len(answer.rows)


@contextmanager
def outlet(connection: KafkaConnection, tally: Tally) -> Iterator[KafkaOutlet]:
    """Connect, to publish. Raises SuyuanError, for its use too."""
    sender = Sender(connection, compression="lz4", buffer_bytes=_BUFFER_BYTES, patience_seconds=_PATIENCE_SECONDS)
    try:
        yield KafkaOutlet(sender, tally)
    finally:
        sender.close()
