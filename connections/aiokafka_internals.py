"""aiokafka's private names, and those of modules that its reference does not speak of: see `private_names`.

Functions over aiokafka's own objects, which mypy does not know. None of them is called for each record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from aiokafka.consumer.fetcher import READ_COMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import InconsistentGroupProtocolError
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.commit import OffsetCommitRequest
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest

from suyuan.connections.private_names import PrivateName

if TYPE_CHECKING:
    import asyncio

    from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
    from aiokafka.structs import OffsetAndMetadata

__all__ = [
    "NAMES",
    "Coordinator",
    "FetchError",
    "FetchResult",
    "PartitionRecords",
    "append_of",
    "ask_for_topics",
    "check_before_produce",
    "close_batch",
    "closing",
    "commit_once",
    "coordinator_of",
    "fetched",
    "fetcher_of",
    "holds_no_input",
    "is_join",
    "is_refused_protocol",
    "is_taken_commit",
    "move_position",
    "news_of_topics",
    "owned_partitions",
    "partitions_named",
    "put_records",
    "read_position",
    "records_of",
    "records_waiter",
    "release",
    "replace_connecting",
    "replace_dealing",
    "replace_decoders",
    "replace_encoders",
    "replace_heartbeat",
    "replace_request",
    "take_over",
    "topics_wanted",
    "wait_for_news",
]

_IN_C = "aiokafka.record._crecords"
_DECODERS = {"default_records": ("gzip", "snappy", "lz4", "zstd"), "legacy_records": ("gzip", "snappy", "lz4")}

_FETCHER = "aiokafka.consumer.fetcher.Fetcher"
_RESULT = "aiokafka.consumer.fetcher.FetchResult"
_RECORDS = "aiokafka.consumer.fetcher.PartitionRecords"
_COORDINATOR = "aiokafka.consumer.group_coordinator.GroupCoordinator"
_BASE_COORDINATOR = "aiokafka.consumer.group_coordinator.BaseCoordinator"
_CLIENT = "aiokafka.client.AIOKafkaClient"
_SENDER = "aiokafka.producer.sender.Sender"

_COLUMNS = "its iterator makes three calls a record, which take four times as long as unpacking it"
_POSITIONS = "records are handed over as columns, which no public call does, so the positions are kept here too"
_LEASE = "no public name tells when the group's coordinator last answered"
_DEALING = "the group's leader cannot be told otherwise to wait until the brokers name every topic"
_GUARD = "what was queued before this process stood still must not be sent after it; nothing public comes in between"

NAMES = (
    *(
        PrivateName(f"{package}.{module}", f"{codec}_decode", "unpacks whatever size comes out; no setting bounds it")
        for package in ("aiokafka.record", _IN_C)
        for module, codecs in _DECODERS.items()
        for codec in codecs
    ),
    *(
        PrivateName(
            f"{package}.default_records", f"{codec}_encode", "compresses at a slow level that no setting changes"
        )
        for package in ("aiokafka.record", _IN_C)
        for codec in ("lz4", "zstd")
    ),
    PrivateName("aiokafka.consumer.consumer.AIOKafkaConsumer", "_fetcher", _POSITIONS),
    PrivateName("aiokafka.consumer.consumer.AIOKafkaConsumer", "_coordinator", _LEASE),
    PrivateName("aiokafka.consumer.consumer.AIOKafkaConsumer", "_subscription", _POSITIONS),
    PrivateName("aiokafka.consumer.subscription_state.SubscriptionState", "is_assigned", _POSITIONS),
    PrivateName("aiokafka.consumer.subscription_state.SubscriptionState", "subscription", _POSITIONS),
    PrivateName("aiokafka.consumer.subscription_state.Subscription", "assignment", _POSITIONS),
    PrivateName("aiokafka.consumer.subscription_state.Assignment", "state_value", _POSITIONS),
    PrivateName("aiokafka.consumer.subscription_state.TopicPartitionState", "position", "the public one is awaited"),
    PrivateName(_FETCHER, "_records", "what is fetched of which partitions, which `getmany` tells only by taking it"),
    PrivateName(_FETCHER, "_prefetch_backoff", "how long what is not read yet holds up the next fetch: no setting"),
    PrivateName(
        _FETCHER, "_fetch_max_wait_ms", "how long a request waits for records: the setting is of the start alone"
    ),
    PrivateName(_FETCHER, "_create_fetch_waiter", "waits for records without taking them, which nothing public does"),
    PrivateName(_FETCHER, "_notify", "as `_records`: has what was let go of fetched again"),
    PrivateName(_FETCHER, "_wait_consume_future", "as `_notify`"),
    PrivateName(_RESULT, "_partition_records", _COLUMNS),
    PrivateName(_RESULT, "_update_position", _COLUMNS),
    PrivateName(_RESULT, "check_assignment", _COLUMNS),
    PrivateName("aiokafka.consumer.fetcher.FetchError", "check_raise", "as `_records`: what a fetch failed of"),
    PrivateName(_RECORDS, "next_fetch_offset", _COLUMNS),
    PrivateName(_RECORDS, "_tp", _COLUMNS),
    PrivateName(_RECORDS, "_records", _COLUMNS),
    PrivateName(_RECORDS, "_check_crcs", _COLUMNS),
    PrivateName(_RECORDS, "_records_iterator", "refers back to what it belongs to, and so keeps all of it in memory"),
    PrivateName(_RECORDS, "_isolation_level", _COLUMNS),
    PrivateName(_RECORDS, "_consume_aborted_up_to", _COLUMNS),
    PrivateName(_RECORDS, "_contains_abort_marker", _COLUMNS),
    PrivateName(_RECORDS, "_aborted_producers", _COLUMNS),
    PrivateName(_COORDINATOR, "generation", "tells of which generation the partitions are, which no public name does"),
    PrivateName(_COORDINATOR, "group_id", "for the request that asks who owns which partitions"),
    PrivateName(_COORDINATOR, "coordinator_id", "as `group_id`"),
    PrivateName(_COORDINATOR, "check_errors", "what the group failed of is raised by `getmany` alone"),
    PrivateName(_COORDINATOR, "request_rejoin", "the consumer cannot be told to join the group anew"),
    PrivateName(_COORDINATOR, "fetch_committed_offsets", "the public `committed` asks for one partition at a time"),
    PrivateName(_COORDINATOR, "_do_heartbeat", _LEASE),
    PrivateName(_COORDINATOR, "_send_req", _LEASE),
    PrivateName(_COORDINATOR, "_do_commit_offsets", "the public `commit` tries again for as long as it takes"),
    PrivateName(_COORDINATOR, "_perform_assignment", _DEALING),
    PrivateName(_COORDINATOR, "_closing", _DEALING),
    PrivateName(_BASE_COORDINATOR, "_client", _DEALING),
    PrivateName(_BASE_COORDINATOR, "_cluster", _DEALING),
    PrivateName(_CLIENT, "_maybe_wait_metadata", _DEALING),
    PrivateName(_CLIENT, "force_metadata_update", _DEALING),
    PrivateName(_CLIENT, "set_topics", _DEALING),
    PrivateName(_CLIENT, "send", "asks who owns which partitions; the admin client is another connection"),
    PrivateName("aiokafka.producer.producer.AIOKafkaProducer", "_sender", _GUARD),
    PrivateName(_SENDER, "_send_produce_req", _GUARD),
    PrivateName(_SENDER, "_muted_partitions", _GUARD),
    PrivateName(_SENDER, "_in_flight", _GUARD),
    PrivateName("aiokafka.producer.message_accumulator.MessageBatch", "failure", _GUARD),
    PrivateName(_CLIENT, "_get_conn", _GUARD),
    PrivateName("aiokafka.conn.AIOKafkaConnection", "_writer", _GUARD),
    PrivateName(
        "aiokafka.producer.message_accumulator.BatchBuilder", "_builder", "`append` takes longer than the work"
    ),
    PrivateName("aiokafka.producer.message_accumulator.BatchBuilder", "_relative_offset", "as `_builder`: its count"),
)


# --- codecs


Decoder = Callable[[str], Callable[..., bytes]]


def replace_decoders(decoder: Decoder, *, legacy: Decoder) -> None:
    """Have batches of records be unpacked by `decoder(codec)`; `legacy`: those in a format before Kafka 0.11."""
    for name, codecs in _DECODERS.items():
        for module in _with_its_twin_in_c(name):
            for codec in codecs:
                setattr(module, f"{codec}_decode", (legacy if name == "legacy_records" else decoder)(codec))


def replace_encoders(encoders: Mapping[str, Callable[[bytes | bytearray], bytes]]) -> None:
    """Have what is packed by a codec be packed by these, by its name."""
    for module in _with_its_twin_in_c("default_records"):
        for codec, encode in encoders.items():
            setattr(module, f"{codec}_encode", encode)


def _with_its_twin_in_c(name: str) -> Iterable[Any]:
    yield import_module(f"aiokafka.record.{name}")
    try:
        yield import_module(f"{_IN_C}.{name}")
    except ImportError:  # not built everywhere
        return


# --- reading


def fetcher_of(consumer: AIOKafkaConsumer, *, pause_seconds: float) -> Any:
    """A started consumer's; what is fetched and not yet read holds up the next request to the same broker so long."""
    fetcher = consumer._fetcher
    fetcher._prefetch_backoff = pause_seconds
    return fetcher


def have_fetches_wait(fetcher: Any, milliseconds: int) -> None:
    """From the next one on, for the first record, so long at most."""
    fetcher._fetch_max_wait_ms = milliseconds


def fetched(fetcher: Any) -> MutableMapping[tuple[str, int], FetchResult | FetchError]:
    """What is fetched of each partition and not read yet."""
    found: MutableMapping[tuple[str, int], FetchResult | FetchError] = fetcher._records
    return found


def release(fetcher: Any, at: tuple[str, int]) -> None:
    """Have the partition's next records fetched."""
    fetcher._records.pop(at, None)
    fetcher._notify(fetcher._wait_consume_future)


def records_waiter(fetcher: Any) -> asyncio.Future[Any]:
    """Done when there is something to read."""
    waiter: asyncio.Future[Any] = fetcher._create_fetch_waiter()
    return waiter


def records_of(result: Any) -> Any:
    """A `PartitionRecords`, or what was put in its place."""
    return result._partition_records


def put_records(result: Any, records: Any) -> None:
    """In the place of its `PartitionRecords`, something with a `next_fetch_offset`."""
    result._partition_records = records


def move_position(result: Any) -> None:
    """Count what was taken of its records as read."""
    result._update_position()


def read_position(consumer: AIOKafkaConsumer, at: tuple[str, int]) -> int | None:
    """The offset that the consumer reads next; None where the partition is not assigned to it."""
    state = consumer._subscription
    if not state.is_assigned(at):
        return None
    position: int | None = state.subscription.assignment.state_value(at).position
    return position


def take_over(records: PartitionRecords) -> tuple[Any, Any, bool]:
    """(partition, batches, whether their checksums are compared) of what must not be iterated over any more."""
    records._records_iterator = None  # which refers back to what it belongs to
    return records._tp, records._records, records._check_crcs


def holds_no_input(records: PartitionRecords, batch: Any) -> bool:
    """Whether the next of its batches is the end of a transaction, or of one that was aborted: decided as
    `PartitionRecords` does. To be called once for each batch, in order.
    """
    producer = batch.producer_id
    if records._isolation_level == READ_COMMITTED and producer is not None:
        records._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and records._contains_abort_marker(batch):
            records._aborted_producers.discard(producer)
        elif batch.is_transactional and producer in records._aborted_producers:
            return True
    return bool(batch.is_control_batch)


# --- the group


class Coordinator(Protocol):
    """A consumer's side of its group."""

    generation: int
    """-1: not a member"""
    group_id: str
    coordinator_id: int | None
    """the broker; None while it is unknown"""

    def check_errors(self) -> None:
        """Raises what the group failed of."""

    def request_rejoin(self) -> None:
        """Have the group be joined anew."""

    async def fetch_committed_offsets(self, partitions: list[Any]) -> Mapping[Any, OffsetAndMetadata]:
        """Of those that have one."""


Beat = Callable[[], Awaitable[bool]]
Request = Callable[[Any], Awaitable[Any]]


def coordinator_of(consumer: AIOKafkaConsumer) -> Coordinator:
    """A started consumer's."""
    coordinator: Coordinator = consumer._coordinator
    return coordinator


def replace_heartbeat(coordinator: Any, made_of: Callable[[Beat], Beat]) -> None:
    """Have it ask by `made_of(its own way)` whether the group knows it still."""
    coordinator._do_heartbeat = made_of(coordinator._do_heartbeat)


def replace_request(coordinator: Any, made_of: Callable[[Request], Request]) -> None:
    """Have it make requests by `made_of(its own way)`."""
    coordinator._send_req = made_of(coordinator._send_req)


def is_join(request: Any) -> bool:
    """Whether the answer to it is an assignment."""
    return isinstance(request, SyncGroupRequest)


def is_refused_protocol(request: Any, response: Any) -> bool:
    """Whether it asked to join a group whose members know no protocol that this one knows."""
    return isinstance(request, JoinGroupRequest) and response.error_code == InconsistentGroupProtocolError.errno


def is_taken_commit(request: Any, response: Any) -> bool:
    """Whether it is a commit of which the group took every offset."""
    return isinstance(request, OffsetCommitRequest) and all(
        not error for _, partitions in response.topics for _, error in partitions
    )


async def commit_once(coordinator: Any, offsets: Mapping[Any, OffsetAndMetadata]) -> None:
    """One request. Raises KafkaError."""
    await coordinator._do_commit_offsets(None, offsets)


def partitions_named(coordinator: Any, topic: str) -> int:
    """How many partitions of the topic the brokers named last."""
    return len(coordinator._cluster.partitions_for_topic(topic) or ())


def news_of_topics(coordinator: Any) -> asyncio.Future[Any]:
    """Ask the brokers now; done when they have answered."""
    asked: asyncio.Future[Any] = coordinator._client.force_metadata_update()
    return asked


def closing(coordinator: Any) -> asyncio.Future[Any]:
    """Done once it is told to end."""
    told: asyncio.Future[Any] = coordinator._closing
    return told


def replace_dealing(coordinator: Any, made_of: Callable[[Request], Request]) -> None:
    """Have it, when it leads the group, assign partitions by `made_of(its own way)`, of the members' answer."""
    coordinator._perform_assignment = made_of(coordinator._perform_assignment)


def topics_wanted(response: Any) -> set[str]:
    """Of all members together, of the answer that partitions are dealt out from."""
    wanted: set[str] = set()
    for member in response.members:
        wanted.update(ConsumerProtocol.METADATA.decode(member[-1]).subscription)
    return wanted


def ask_for_topics(coordinator: Any, topics: set[str]) -> None:
    """From here on the brokers are asked for these."""
    coordinator._client.set_topics(topics)


async def wait_for_news(coordinator: Any) -> None:
    """Until what was asked of the brokers is answered."""
    await coordinator._client._maybe_wait_metadata()


async def owned_partitions(coordinator: Any) -> set[tuple[str, int]] | None:
    """Those that members of the group own, as its broker has it. None: that is unknown, since the brokers are away or
    the group is rebalancing. Raises KafkaError.
    """
    node = coordinator.coordinator_id
    if node is None:
        return None
    # not over the coordinator's own connection, where it would wait behind a join
    (group,) = (await coordinator._client.send(node, DescribeGroupsRequest([coordinator.group_id]))).groups
    error, _, state, _, _, members, *_ = group
    if error or state != "Stable":
        return None
    owned: set[tuple[str, int]] = set()
    for *_, assignment in members:
        owned.update(tuple(at) for at in ConsumerProtocol.ASSIGNMENT.decode(assignment).partitions())
    return owned


# --- writing


def replace_connecting(client: Any, on_connection: Callable[[Any], None]) -> None:
    """Have a client call `on_connection(writer)` before each use of a connection that is up."""
    connect = client._get_conn

    async def connect_and_tell(*args: Any, **kwargs: Any) -> Any:
        connection = await connect(*args, **kwargs)
        if connection is not None and connection.connected():
            on_connection(connection._writer)
        return connection

    client._get_conn = connect_and_tell


def check_before_produce(
    producer: AIOKafkaProducer, check: Callable[[], Awaitable[None]], refusal: type[Exception]
) -> None:
    """Have a started producer await `check()` before each request; a `refusal` that it raises is the answer to all that
    the request would have sent.
    """
    sender = producer._sender
    send = sender._send_produce_req

    async def checked(node_id: int, batches: Mapping[Any, Any]) -> None:
        try:
            await check()
        except refusal as error:
            for at, batch in batches.items():
                batch.failure(error)
                sender._muted_partitions.remove(at)
            sender._in_flight.remove(node_id)
        else:
            await send(node_id, batches)

    sender._send_produce_req = checked


def append_of(batch: Any) -> Callable[..., Any]:
    """Of what `AIOKafkaProducer.create_batch` gives: `(place in the batch, ms, key, value, headers)`, None when it is
    full. Tell `close_batch` how many there are.
    """
    append: Callable[..., Any] = batch._builder.append
    return append


def close_batch(batch: Any, count: int) -> None:
    """Close a batch of `append_of`, with `count` messages: the producer adds none to it."""
    batch._relative_offset = count
    batch.close()
