"""Kafka as the loaders' log.

Records and offsets are read by clients of their own, beside the member of the group (`kafka_group`): what is fetched
depends on nothing but the offset that is asked for. Every call raises LogUnavailable when the brokers do not answer in
time; the same call may be made again.
"""

from __future__ import annotations

import sys
import threading
import time
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka import TopicPartition as KafkaTopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from suyuan.connections.kafka import KafkaConnection
from suyuan.connections.log_errors import LogUnavailable, MessagesLost
from suyuan.connections.open_transactions import OpenTransaction, open_transactions
from suyuan.connections.topic_partition import TopicPartition
from suyuan.sinks.errors import OwnershipLost, TopicChanged, TopicMissing
from suyuan.sinks.kafka_group import ANSWER_MS, CLIENT, Membership, sink_error
from suyuan.sinks.topic_notes import is_note, made_again, text_of

MIB = 1 << 20
KEPT_BYTES = 64 * MIB
"""of messages that were fetched and may be asked for next"""
REFRESH_SECONDS = 0.05
STILL_SECONDS = 1.0
"""the same while the brokers are to tell when something comes"""
POLL_RECORDS = sys.maxsize
"""all of an answer: the rest of one may never be given (kafka-python 3.0.12 sets it aside when its partition is paused
while another one is polled, and does not fetch that partition as long as it lies there)"""
_REST = 20
"""offsets are asked for at most a twentieth of the time, however many partitions there are"""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Records of one partition, see `log_reader.Fetched`."""

    offsets: Sequence[int]
    values: Sequence[bytes | None]

    @property
    def bytes(self) -> int:
        """Bytes of all values."""
        return sum(len(value) for value in self.values if value is not None)

    def beyond(self, offset: int, max_records: int, max_bytes: int) -> Fetched:
        """The records from the offset on; the one that goes beyond `max_bytes` is the last."""
        first = bisect_left(self.offsets, offset)
        last = first
        size = 0
        while last < len(self.offsets) and last - first < max_records and size < max_bytes:
            size += len(self.values[last] or b"")
            last += 1
        return Fetched(self.offsets[first:last], self.values[first:last])


class KafkaLog:
    """The loaders' topics, and one loader's membership in their group.

    Thread-safe but for `join`, `keep` and `commit`, which are for one thread. `refresh_seconds`: how old end offsets
    may be, or up to a second where it takes the brokers long to say them.
    """

    def __init__(
        self, connection: KafkaConnection, topics: Sequence[str], group: str, refresh_seconds: float = REFRESH_SECONDS
    ) -> None:
        """Raises TopicMissing, LogUnavailable, or SinkError for what will not pass; WrongConnection."""
        self._topics = tuple(topics)
        self._group = group
        self._refresh_seconds = refresh_seconds
        self._arguments = connection.kafka_python()
        self._reading = threading.Lock()
        self._kept: OrderedDict[TopicPartition, Fetched] = OrderedDict()
        self._next: dict[TopicPartition, int] = {}
        self._asking = threading.Lock()
        self._ends: dict[TopicPartition, int] = {}
        self._ends_until = self._ends_asked_at = 0.0
        self._assignment: tuple[str, frozenset[str]] | None = None
        self._member: Membership | None = None
        self._watch: KafkaConsumer | None = None
        self._watched: dict[TopicPartition, int] = {}
        self._renew = False
        """whether the reader gave no answer: a client that has lost its way after an outage stays silent for good"""
        self._committed_until = 0.0
        self._joining_since: float | None = None
        self._others: set[str] = set()
        self._known: dict[TopicPartition, tuple[int | None, str]] = {}
        try:
            with _translated():
                self._open()
        except BaseException:
            self._close_clients()
            raise

    def join(self, seconds: float = 0.2) -> frozenset[str] | None:
        """Take part in the group, waiting so many seconds for the topics that this loader is to own. Returns them; None
        where they are not assigned yet (call again); an empty set where there are more loaders than topics. Raises
        LogUnavailable, also where nothing is assigned for long, after which `join` may be called again; SinkError.
        """
        if self._member is None:
            self._member = Membership(self._arguments, self._group, self._counts)
        self._assignment = self._member.poll(seconds)
        self._committed_until = 0.0
        if self._assignment is None:
            self._miss_assignment()
            return None
        self._joining_since = None
        return self._assignment[1]

    def keep(self, seconds: float = 0.0) -> bool:
        """Stay in the group, waiting so many seconds; False when other loaders may own the topics by now: call `join`.

        Must be called often, also while an insert is repeated. Raises LogUnavailable, SinkError.
        """
        if self._member is None or self._assignment is None:
            return False
        if self._member.poll(seconds) != self._assignment:
            self._assignment = None
        return self._assignment is not None

    def leave(self) -> None:
        """Leave the group, so that others get the topics at once."""
        if self._member is not None:
            self._member.close()
            self._member = self._assignment = None

    def close(self) -> None:
        """Leave the group and close all connections. May be called twice."""
        self.leave()
        self._close_clients()

    def partitions(self, topic: str) -> int:
        """The topic's number of partitions."""
        return self._counts[topic]

    def end_offsets(self) -> Mapping[TopicPartition, int]:
        """The next offset of every partition, at most `refresh_seconds` old; what belongs to an open transaction is
        behind it.
        """
        with self._asking:
            now = time.monotonic()
            if now >= self._ends_until:
                self._ends, self._ends_asked_at = self._ends_now(), now
                self._ends_until = self._fresh_until(now)
            return self._ends

    def await_news(self, positions: Mapping[TopicPartition, int], seconds: float) -> bool:
        """Wait for a message at or behind these positions, at most so long; whether one may have come. The brokers tell
        of it: meanwhile ends are not asked for but every STILL_SECONDS. For the thread that loads.
        """
        if not positions:
            time.sleep(seconds)
            return False
        with _translated():
            if self._watch is None or self._watched.keys() != positions.keys():
                self._watch = self._watch or self._make_watch()
                self._watch.assign([KafkaTopicPartition(*at) for at in positions])
                self._watched = dict.fromkeys(positions, -1)
            for at, offset in positions.items():
                if self._watched[at] != offset:
                    self._watch.seek(KafkaTopicPartition(*at), offset)
                    self._watched[at] = offset
            found = bool(self._watch.poll(timeout_ms=int(seconds * 1000), max_records=1))
        with self._asking:
            if found:
                self._watched = dict.fromkeys(positions, -1)
                self._ends_until = 0.0
            else:
                self._ends_until = max(self._ends_until, self._ends_asked_at + STILL_SECONDS)
        return found

    def start_offsets(self, topic_partitions: Iterable[TopicPartition] | None = None) -> Mapping[TopicPartition, int]:
        """The first offset that each partition still has. None: the partitions of its own topics."""
        asked = (
            self._topic_partitions
            if topic_partitions is None
            else [KafkaTopicPartition(*at) for at in topic_partitions]
        )
        with _translated():
            starts = self._reader.beginning_offsets(asked, timeout_ms=ANSWER_MS)
        return {tuple(at): start for at, start in starts.items()}

    def end_offsets_of(self, topic_partitions: Iterable[TopicPartition]) -> Mapping[TopicPartition, int]:
        """The next offset of each partition now, of any topics."""
        wanted = dict.fromkeys((KafkaTopicPartition(*at) for at in topic_partitions), OffsetSpec.LATEST)
        with _translated():  # not the reader: of topics that it has not met yet it leaves some out
            found = self._admin.list_partition_offsets(wanted)
        return {tuple(at): each.offset for at, each in found.items()}

    def open_transactions(self) -> list[OpenTransaction]:
        """The first open transaction of each of its topics' partitions that has one."""
        with _translated():
            return open_transactions(self._admin, self._topic_partitions)

    def committed_offsets(self, group: str, topics: Iterable[str] | None = None) -> dict[TopicPartition, int]:
        """What any group has committed of the topics; None: of all. Partitions without a commit are left out."""
        wanted = None if topics is None else set(topics)
        found = self._committed(group)
        return {at: offset for at, (offset, _) in found.items() if wanted is None or at[0] in wanted}

    def fetch(self, topic: str, partition: int, offset: int, max_records: int, max_bytes: int) -> Fetched:
        """Records from `offset` on, or from the start where that is later; at least one where there is one."""
        at = (topic, partition)
        with self._reading, _translated():
            kept = self._kept.pop(at, None)
            if kept is None or not kept.offsets[0] <= offset <= kept.offsets[-1]:
                kept = self._poll(at, offset)
            if kept.offsets:
                self._keep(at, kept)
            return kept.beyond(offset, max_records, max_bytes)

    def register(self, group: str, topics: Sequence[str]) -> None:
        """Nothing but a check: the group must be this log's own and the topics owned, by `join`. Raises
        OwnershipLost.
        """
        if group != self._group or self._assignment is None or not set(topics) <= self._assignment[1]:
            raise OwnershipLost(f"{', '.join(topics)}: not this loader's in group {group}")

    def committed(self, group: str, topic: str, partition: int) -> tuple[int | None, str]:
        """The group's next offset and the text committed with it; where nothing is committed, the first offset there
        is.

        Of its own group as the brokers had it at most `refresh_seconds` ago, or after the last `join` or `commit`.
        """
        if group != self._group:
            return self._committed(group, [(topic, partition)]).get((topic, partition), (None, ""))
        with self._asking:
            self._ask_for_committed()
            return self._known[topic, partition]

    def committed_in(self, group: str, topic: str) -> Mapping[TopicPartition, tuple[int | None, str]]:
        """The same of every partition of a topic, as the brokers have it at one time."""
        partitions = [(topic, number) for number in range(self._counts[topic])]
        if group != self._group:
            found = self._committed(group, partitions)
            return {at: found.get(at, (None, "")) for at in partitions}
        with self._asking:
            self._ask_for_committed()
            return {at: self._known[at] for at in partitions}

    def is_another(self, topic: str) -> bool:
        """Whether a topic was deleted and made again since this log's own group read it; as old as `committed`."""
        with self._asking:
            self._ask_for_committed()
            return topic in self._others

    def check_topics(self) -> None:
        """Raise MessagesLost where a topic was made again since the start, TopicChanged where it has other
        partitions.
        """
        with _translated():
            ids, counts = self._describe()
        if names := [name for name, id_ in ids.items() if id_ != self._ids.get(name, id_)]:
            raise MessagesLost(
                f"{', '.join(names)}: deleted and made again while they were read: the next start says more"
            )
        if grown := {name: count for name, count in counts.items() if count != self._counts[name]}:
            said = "; ".join(
                f"{name}: partitions is {count}, not {self._counts[name]}" for name, count in grown.items()
            )
            raise TopicChanged(f"the topics are not as they have to be: {said}")

    def commit(
        self, group: str, offsets: Mapping[TopicPartition, int], metadata: Mapping[TopicPartition, str] | None = None
    ) -> None:
        """Set next offsets and their texts (less than 4 KiB each), in one request. Raises OwnershipLost, with nothing
        set, when the topics are another loader's by now.
        """
        if group != self._group or self._member is None or self._assignment is None:
            raise OwnershipLost(f"not a member of group {group}")
        texts = dict(metadata or {})
        texts |= {at: text_of(self._ids) for at in offsets if at[1] == 0 and not texts.get(at)}
        self._member.commit(offsets, texts)
        self._committed_until = 0.0

    def _miss_assignment(self) -> None:
        """Its client waits in silence, however long it takes."""
        now = time.monotonic()
        if self._joining_since is None:
            self._joining_since = now
        elif now - self._joining_since > ANSWER_MS / 1000:
            self._joining_since = None
            raise LogUnavailable(
                f"Kafka assigned no topics of group {self._group} in {ANSWER_MS // 1000} s: its brokers do not answer, "
                "or another loader is in the middle of a long step"
            )

    def _open(self) -> None:
        self._reader = self._make_reader()
        self._admin = KafkaAdminClient(**self._arguments, **CLIENT)
        if missing := sorted(set(self._topics) - self._reader.topics()):
            raise TopicMissing(f"no topic {', '.join(missing)}: `suyuan topics create` makes them")
        self._ids, _ = self._describe()
        self._counts = {topic: len(self._reader.partitions_for_topic(topic)) for topic in self._topics}
        self._topic_partitions = [
            KafkaTopicPartition(topic, n) for topic, count in self._counts.items() for n in range(count)
        ]
        self._reader.assign(self._topic_partitions)
        self._reader.pause(*self._topic_partitions)

    def _make_reader(self) -> KafkaConsumer:
        return KafkaConsumer(
            **self._arguments,
            **CLIENT,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_auto_commit=False,
            max_partition_fetch_bytes=MIB,
            fetch_max_wait_ms=5,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )

    def _make_watch(self) -> KafkaConsumer:
        return KafkaConsumer(
            **self._arguments,
            **CLIENT,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            enable_auto_commit=False,
            max_partition_fetch_bytes=MIB,
            fetch_max_wait_ms=int(STILL_SECONDS * 1000),
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )

    def _renew_reader(self) -> None:
        with self._asking:  # which others use it for
            former, self._reader = self._reader, self._make_reader()
            self._next.clear()
            self._reader.assign(self._topic_partitions)
            self._reader.pause(*self._topic_partitions)
            self._renew = False
        former.close(timeout_ms=0)

    def _describe(self) -> tuple[dict[str, str], dict[str, int]]:
        """Ids and numbers of partitions of its topics, as far as the brokers know them now."""
        described = [each for each in self._admin.describe_topics(sorted(self._topics)) if not each["error_code"]]
        ids = {each["name"]: str(each["topic_id"]) for each in described if each["topic_id"]}
        return ids, {each["name"]: len(each["partitions"]) for each in described}

    def _ask_for_committed(self) -> None:
        now = time.monotonic()
        if now < self._committed_until:
            return
        committed = self._committed(self._group)
        self._others = made_again(self._ids, committed, self._topics)
        self._known = {}
        for at, start in self.start_offsets().items():
            offset, text = committed.get(at, (start or None, ""))
            self._known[at] = offset, "" if is_note(text) else text
        self._committed_until = self._fresh_until(now)
        self._ends_until = 0.0  # what was committed must not seem to lie behind the end

    def _fresh_until(self, asked: float) -> float:
        """How long what was asked for then, and has just been answered, is good enough."""
        now = time.monotonic()
        rest = min(1.0, (now - asked) * _REST) if self._refresh_seconds else 0.0
        return now + max(self._refresh_seconds, rest)

    def _ends_now(self) -> dict[TopicPartition, int]:
        with _translated():
            ends = self._reader.end_offsets(self._topic_partitions, timeout_ms=ANSWER_MS)
        return {tuple(at): end for at, end in ends.items()}

    def _committed(
        self, group: str, topic_partitions: Iterable[TopicPartition] | None = None
    ) -> dict[TopicPartition, tuple[int, str]]:
        wanted = None if topic_partitions is None else [KafkaTopicPartition(*at) for at in topic_partitions]
        with _translated():
            until = time.monotonic() + ANSWER_MS / 1000
            while True:  # unlike consumers, this client does not try again by itself
                try:
                    found = self._admin.list_group_offsets({group: wanted})[group]
                    break
                except KafkaError as error:
                    if not error.retriable or time.monotonic() > until:
                        raise
                    time.sleep(0.1)
        return {tuple(at): (each.offset, each.metadata or "") for at, each in found.items() if each.offset >= 0}

    def _poll(self, at: TopicPartition, offset: int) -> Fetched:
        topic_partition = KafkaTopicPartition(*at)
        if self._renew:
            self._renew_reader()
        if self._next.get(at) != offset:
            self._reader.seek(topic_partition, offset)
        self._next.pop(at, None)
        self._reader.resume(topic_partition)
        try:
            until = time.monotonic() + ANSWER_MS / 1000
            while time.monotonic() < until:
                found = self._reader.poll(timeout_ms=500, max_records=POLL_RECORDS).get(topic_partition, ())
                records = [record for record in found if record.offset >= offset]
                if records:
                    self._next[at] = records[-1].offset + 1
                    return Fetched([record.offset for record in records], [record.value for record in records])
                position = self._reader.position(topic_partition, timeout_ms=1000)
                if not found and position is not None and position >= self.end_offsets().get(at, 0):
                    return Fetched([], [])  # the rest was compacted away, or a transaction's
        finally:
            self._reader.pause(topic_partition)
        self._renew = True
        raise LogUnavailable(f"{at[0]}, partition {at[1]}: no answer from Kafka in {ANSWER_MS // 1000} s")

    def _keep(self, at: TopicPartition, fetched: Fetched) -> None:
        self._kept[at] = fetched
        size = sum(each.bytes for each in self._kept.values())
        while size > KEPT_BYTES and len(self._kept) > 1:
            size -= self._kept.popitem(last=False)[1].bytes

    def _close_clients(self) -> None:
        for name in ("_admin", "_reader", "_watch"):
            client: Any = self.__dict__.pop(name, None)
            if client is not None:
                client.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise sink_error(error) from error
