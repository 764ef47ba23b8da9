"""Events into the log, in batches."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from suyuan.publishing.checking import refuse
from suyuan.publishing.keys import keys_and_ids
from suyuan.schemas.events import encode_event

_BATCH = 4_000
_BATCH_BYTES = 16 << 20
"""of all kinds together: what is held in memory, whatever the size of events"""


class Outlet(Protocol):
    """Where events go."""

    def append(self, kind: str, keys: Sequence[bytes], values: Sequence[bytes], ids: Sequence[bytes]) -> None:
        """Hand over events of one kind; they need not be stored yet."""

    def finish(self) -> None:
        """Wait until all is stored."""


@dataclass(slots=True)
class _Batch:
    events: list[Mapping[str, Any]] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)


class Publisher:
    """Collects events by kind and hands them to the outlet in batches of one kind."""

    def __init__(self, outlet: Outlet, clock: Callable[[], float] = time.time) -> None:
        """`clock`: seconds since the epoch; the log will take an event about now."""
        self._outlet = outlet
        self._clock = clock
        self._batches: defaultdict[str, _Batch] = defaultdict(_Batch)
        self._bytes = 0

    def take(self, kind: str, event: Mapping[str, Any]) -> None:
        """Take one event in. Raises InvalidEvent where the rules of acceptance refuse it, ValueError where its schema
        does not allow it.
        """
        refuse(kind, event, self._clock())
        value = encode_event(kind, event)
        batch = self._batches[kind]
        batch.events.append(event)
        batch.values.append(value)
        self._bytes += len(value)
        if len(batch.values) >= _BATCH:
            self._hand_over(kind)
        elif self._bytes >= _BATCH_BYTES:
            self._hand_over(*self._batches)

    def flush(self) -> None:
        """Return when everything taken in so far is stored."""
        self._hand_over(*self._batches)
        self._outlet.finish()

    def _hand_over(self, *kinds: str) -> None:
        for kind in kinds:
            batch = self._batches.pop(kind)
            self._bytes -= sum(map(len, batch.values))
            keys, ids = keys_and_ids(kind, batch.events)
            self._outlet.append(kind, keys, batch.values, ids)
