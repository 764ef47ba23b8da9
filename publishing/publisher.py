"""Publish events to Kafka from Python: see docs/how-to/publish-from-your-platform.md."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from suyuan.connections.errors import WrongConnection
from suyuan.connections.kafka import KafkaConnection
from suyuan.connections.registry import RegistryUnavailable, SchemaRegistry
from suyuan.connections.secrets import secret
from suyuan.domain.cautions import Caution, cautions
from suyuan.domain.privacy.pseudonym import SHORTEST_KEY, Pseudonyms
from suyuan.publishing.checking import checked
from suyuan.publishing.door import Door
from suyuan.publishing.errors import BrokersUnavailable, PublishingError, Undelivered, WrongTopics
from suyuan.publishing.keys import business_keys
from suyuan.publishing.registration import NotRegistered, registered_id
from suyuan.publishing.sending import Answer, Compression, Sender
from suyuan.schemas.events import encode_body
from suyuan.schemas.framing import MAX_EVENT_BYTES, frame
from suyuan.schemas.kinds import EVENT_KINDS, event_schema
from suyuan.schemas.validation import InvalidEvent, ParsedEvent

__all__ = [
    "BrokersUnavailable",
    "Caution",
    "Delivery",
    "InvalidEvent",
    "KafkaConnection",
    "NotRegistered",
    "Publisher",
    "PublishingError",
    "RegistryUnavailable",
    "SchemaRegistry",
    "Undelivered",
    "WrongTopics",
]

logger = logging.getLogger(__name__)

Event = Mapping[str, Any] | msgspec.Struct

_TOGETHER = 1_000
_LINGER_SECONDS = 0.02
"""events of one kind wait so long for others: keys are made of many at once"""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one event: stored by all replicas in sync, at `offset` of the topic's partition; or not known to
    be stored, for the reason in `error` (then `offset` is None). `event`: what was published; `cautions`: what looks
    wrong in it all the same, such as a code that a spreadsheet has rounded. An event that left something at the door,
    such as the name of who complained, is told as it was published.
    """

    event: Event
    kind: str
    topic: str
    partition: int
    offset: int | None
    error: str | None = None
    cautions: tuple[Caution, ...] = ()


class Publisher:
    """Checks, keys, frames and sends events. For any number of threads; use it in a `with`, or `close()` it.

    Events of one business key are stored in the order in which they were published, each once, whatever the network
    does: the producer is idempotent, and waits for all replicas in sync. (Published again after an error, an event may
    be there twice; the stages know it by its publisher and event_id.)
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        on_delivery: Callable[[Delivery], None] | None = None,
        registry: SchemaRegistry | None = None,
        compression: Compression | None = "lz4",
        ignore_unknown: bool = False,
        buffer_bytes: int = 64 << 20,
        patience_seconds: float = 120.0,
        pseudonym_key_file: Path | str | None = None,
    ) -> None:
        """`on_delivery` is called once for each event, in a thread of the publisher's: it must be quick, and must not
        publish. `registry`: frame events with the ids that it gave to their schemas (subject `in.<kind>-value`) instead
        of the built-in ones; whoever reads them must know it too. `ignore_unknown`: leave fields aside that the kind
        does not have, instead of refusing the event. `buffer_bytes`: of events on their way, before `publish` waits.
        `patience_seconds`: when the brokers have answered nothing for so long, the publisher gives up: what is on its
        way fails, and nothing more is taken. `pseudonym_key_file`: a file of 32 characters or more, under which names
        of people who complain become pseudonyms before anything is sent; None: such names are refused.

        Raises BrokersUnavailable, WrongTopics; ValueError for a connection that is described badly, or a key file
        that cannot be read.
        """
        self._door = _door(pseudonym_key_file)
        self._on_delivery = on_delivery
        self._ignore_unknown = ignore_unknown
        self._registry = registry
        self._ids: dict[str, int] = {}
        self._lock = threading.Lock()
        self._held: dict[str, list[tuple[Event, Mapping[str, Any], bytes]]] = {}
        self._closed = False
        self._sender = Sender(
            connection, compression=compression, buffer_bytes=buffer_bytes, patience_seconds=patience_seconds
        )

    def publish(self, event: Event, *, kind: str | None = None) -> None:
        """Publish one event: a mapping with its `kind`, a tagged msgspec struct, or either with `kind` given.

        Returns before it is stored; waits while too much is on its way. Raises InvalidEvent (`field`, `reason`), and
        then nothing was published; WrongTopics where there is no topic for its kind; PublishingError once it gave up;
        with a registry, NotRegistered and RegistryUnavailable at the first event of a kind.
        """
        if self._closed:
            raise PublishingError("the publisher is closed")
        parsed = checked(event, kind, self._door)
        if parsed.ignored and not self._ignore_unknown:
            raise InvalidEvent(parsed.ignored[0], f"a {parsed.kind} has no such field")
        try:
            body = encode_body(event_schema(parsed.kind), parsed.event)
        except ValueError as error:
            raise InvalidEvent("", str(error)) from None
        value = frame(self._id(parsed.kind), body)
        if len(value) > MAX_EVENT_BYTES:
            raise InvalidEvent("", f"too large: {len(value)} bytes, at most {MAX_EVENT_BYTES}")
        self._sender.reserve(parsed.kind, 1, len(value))
        with self._lock:
            held = self._held.setdefault(parsed.kind, [])
            held.append((self._told(event, parsed), parsed.event, value))
            if len(held) >= _TOGETHER:
                self._hand_over(parsed.kind)
            elif len(held) == 1:
                self._sender.loop.call_soon_threadsafe(self._linger)

    def flush(self, timeout_seconds: float | None = None) -> None:
        """Return when everything published so far is stored.

        Raises Undelivered where something was not, since the last flush; TimeoutError, and it goes on.
        """
        with self._lock:
            self._hand_over(*self._held)
        self._sender.wait(timeout_seconds)

    def close(self) -> None:
        """Flush, disconnect. Raises Undelivered."""
        if self._closed:
            return
        self._closed = True
        try:
            self.flush()
        finally:
            self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.close()
        except Undelivered as undelivered:
            if error is None:
                raise
            logger.warning("%s", undelivered)  # the error that ends the `with` says more

    @staticmethod
    def _told(event: Event, parsed: ParsedEvent) -> Event:
        """What a delivery says of it: as it was given, but nothing that it left at the door."""
        rules = EVENT_KINDS[parsed.kind]
        if not (guarded := (*rules.persons, *rules.scrubbed)):
            return event
        given = event if isinstance(event, Mapping) else msgspec.structs.asdict(event)
        left = any(given[name] != parsed.event[name] for name in guarded if name in given)
        return {"kind": parsed.kind, **parsed.event} if left else event

    def _id(self, kind: str) -> int:
        if self._registry is None:
            return event_schema(kind).schema_id
        if kind not in self._ids:
            self._ids[kind] = registered_id(self._registry, kind)
        return self._ids[kind]

    def _linger(self) -> None:
        self._sender.loop.call_later(_LINGER_SECONDS, self._late)

    def _late(self) -> None:
        with self._lock:
            self._hand_over(*self._held)

    def _hand_over(self, *kinds: str) -> None:
        for kind in kinds:
            events, parsed, values = zip(*self._held.pop(kind), strict=True)
            keys = business_keys(kind, parsed)
            self._sender.send(kind, keys, values, self._reporter(kind, events, parsed))

    def _reporter(
        self, kind: str, events: tuple[Event, ...], parsed: tuple[Mapping[str, Any], ...]
    ) -> Callable[[Answer], None]:
        def report(answer: Answer) -> None:
            if self._on_delivery is None:
                return
            for at, row in enumerate(answer.rows):
                offset = answer.offsets[at] if answer.error is None else None
                odd = cautions(EVENT_KINDS[kind], parsed[row])
                try:
                    self._on_delivery(
                        Delivery(events[row], kind, answer.topic, answer.partition, offset, answer.error, odd)
                    )
                except Exception:
                    logger.exception("a delivery report failed")

        return report


def _door(key_file: Path | str | None) -> Door:
    if key_file is None:
        return Door()
    key = (secret("pseudonym_key", None, Path(key_file)) or "").encode()
    if len(key) < SHORTEST_KEY:
        raise WrongConnection("pseudonym_key_file", f"{key_file}: shorter than {SHORTEST_KEY} characters")
    pseudonyms = Pseudonyms(key)
    return Door(lambda: pseudonyms)
