"""Faust's consumer over Kafka.

On aiokafka's fetcher, group protocol and offsets, past its own ways of handing records over: records are read as
columns (a `ConsumerRecord` each costs more than decoding it), and the positions are ours.

Faust loses input where nothing is committed yet (aiokafka's `seek_to_committed` leaves such positions where they are,
and what was fetched and dropped before is gone): after every assignment each partition is set to its committed offset,
or to the earliest record.

Before partitions are revoked, the blocks in flight are finished and committed (`TransportOptions.in_flight`): otherwise
the next owner would read a changelog that is still being written. Should this process stand still for longer than the
session timeout, others own its partitions without its knowing: `holds_lease` is false then, and the producer refuses to
write.

A lease that lapsed does not come back by a heartbeat: a coordinator that is still loading its groups answers every
heartbeat with success, whoever asks (Kafka's GroupCoordinatorService.heartbeat). It comes back by a commit of offsets,
which a loading coordinator refuses and any other accepts from a member of the present generation alone; where there is
nothing to commit, of an offset that is committed already.
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, OffsetOutOfRangeError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.types.tuples import TP

from suyuan.connections import aiokafka_internals as internals
from suyuan.connections.aiokafka_internals import FetchError, FetchResult
from suyuan.connections.lost import Lost
from suyuan.eventlog.records import Fetched
from suyuan.streams.transport.errors import LogTruncated, TopicGrown
from suyuan.streams.transport.kafka.every_partition_owned import deal_all_topics, rejoin_while_some_have_no_owner
from suyuan.streams.transport.kafka.fetched_columns import FetchedColumns
from suyuan.streams.transport.kafka.group_protocol import OtherShapeInGroup
from suyuan.streams.transport.reading import Incoming, as_run, singly
from suyuan.streams.transport.run_consumer import RunConsumer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

POLL_SECONDS = 0.05
"""between two looks at what waits and may not be read yet"""
FETCH_WAIT_MS = 50
"""a request that waits for new records holds up the partitions that are not in it"""
IDLE_SECONDS = 2.0
"""without a record, after which all partitions are in the request that waits"""
IDLE_FETCH_WAIT_MS = 500
"""then: the first record is answered at once all the same, and the broker is not asked twenty times a second"""
PREFETCH_SECONDS = 0.01
"""how long what was fetched and not yet read holds up the next request to the same broker"""
PARTITION_FETCH_BYTES = 2 << 20
UNPACKED_BYTES = 128 << 20
"""of packed batches of other partitions, beyond which a partition keeps none between two reads"""
NEVER_MS = 2**31 - 1
GROUP_TIMEOUT_SECONDS = 50.0
"""of a rebalance's 60 s: how long blocks in flight may take before their partitions are revoked"""


class Consumer(RunConsumer):
    """Reads the partitions that the group named by the app's id gives this process."""

    RETRY_SECONDS = 1.0
    _kafka: Any = None
    """aiokafka's consumer, once started"""
    _owners_watched: Any = None

    # --- life

    async def on_start(self) -> None:
        """Connect."""
        conf = self.app.conf
        self._read_last: list[TP] = []
        self._gathering: set[TP] = set()
        self._session_seconds = float(conf.broker_session_timeout)
        self._lease_ends = float("inf")
        self._assigned_at = 0.0
        self._busy_at = time.monotonic()
        self._committed: dict[TP, int] = {}
        self._committing = asyncio.Lock()
        self._kafka = AIOKafkaConsumer(
            **self.transport.connection().aiokafka(),
            client_id=conf.broker_client_id,
            group_id=self.group,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[self.app.assignor],
            enable_auto_commit=False,
            auto_offset_reset="none",  # positions are set by seeking alone
            isolation_level="read_committed",
            max_poll_interval_ms=NEVER_MS,  # a stall is the watchdog's business
            max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            metadata_max_age_ms=conf.consumer_metadata_max_age_ms,
        )
        await self._kafka.start()
        self._fetcher = internals.fetcher_of(self._kafka, pause_seconds=PREFETCH_SECONDS)
        self._coordinator = internals.coordinator_of(self._kafka)
        self._note_answers()
        deal_all_topics(self._coordinator)

    async def on_stop(self) -> None:
        """Commit what is done, and leave the group."""
        await super().on_stop()
        if self._kafka is not None:
            await self._kafka.stop()

    def _note_answers(self) -> None:
        """Note when the request was sent that the coordinator answered: from then on, at the least, it waits for the
        next heartbeat.
        """

        def noted_beat(beat: Callable[[], Awaitable[bool]]) -> Callable[[], Awaitable[bool]]:
            async def noted() -> bool:
                sent = time.monotonic()
                success = await beat()
                if success and self.holds_lease:
                    self._lease_ends = sent + self._session_seconds
                elif success:
                    await self._ask_for_lease()
                return success

            return noted

        def noted_request(send: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
            async def noted(request: Any) -> Any:
                sent = time.monotonic()
                response = await send(request)
                if internals.is_refused_protocol(request, response):
                    await self.app.crash(OtherShapeInGroup(self.group))  # aiokafka gives up, and tells nobody who waits
                if internals.is_join(request):
                    self._assigned_at = sent
                elif internals.is_taken_commit(request, response) and self._is_member:
                    self._lease_ends = max(self._lease_ends, sent + self._session_seconds)
                return response

            return noted

        internals.replace_heartbeat(self._coordinator, noted_beat)
        internals.replace_request(self._coordinator, noted_request)

    async def _ask_for_lease(self) -> None:
        """Ask whether the group still knows this member, by a request that only a member of this generation can
        make.
        """
        at = next(iter(self._committed), None)
        if at is None or self._committing.locked() or not self._is_member:
            return  # nothing is ours to write; or a commit is under way, which asks as well
        async with self._committing:
            again = {TopicPartition(*at): OffsetAndMetadata(self._committed[at], "")}
            try:
                await internals.commit_once(self._coordinator, again)
            except KafkaError as error:
                self.log.info("The lease on the partitions has lapsed and does not come back yet: %r", error)
            else:
                self.log.info("The group's coordinator knows us still: the lease on the partitions goes on")

    @property
    def _is_member(self) -> bool:
        """Whether this process is a member of the generation that its partitions are of. A commit without a generation
        says nothing of them.
        """
        generation = self._coordinator.generation
        return not self.app.rebalancing and generation >= 0 and generation == self.app.consumer_generation_id

    @property
    def holds_lease(self) -> bool:
        """Whether the group's coordinator cannot have given this process's partitions to another member."""
        return time.monotonic() < self._lease_ends

    # --- assignment

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Ask the group for partitions of these topics."""
        wanted = sorted(set(topics))
        self._kafka.subscribe(topics=wanted, listener=_Listener(self))
        if self._owners_watched is not None:
            self._owners_watched.cancel()
        self._owners_watched = self.add_future(rejoin_while_some_have_no_owner(self._coordinator, wanted))

    async def on_revoked(self, revoked: set[TP]) -> None:
        """Finish and commit the blocks in flight; then the group may give the partitions to others."""
        if self._options.in_flight is not None and revoked:
            async with asyncio.timeout(GROUP_TIMEOUT_SECONDS):
                await self._options.in_flight.wait_idle()
            await self.commit()
        await self.on_partitions_revoked(revoked)

    async def on_assigned(self, assigned: set[TP]) -> None:
        """Begin to read the partitions that the group assigned. Raises TopicGrown, MessagesLost."""
        self._refuse_further_partitions(assigned)
        self._lease_ends = self._assigned_at + self._session_seconds
        self._order = sorted(assigned)
        self._suit_fetches(idle=False)
        generation = self._coordinator.generation
        self.app.consumer_generation_id = generation
        self._position = {}
        self._gathering.clear()  # what is assigned anew is not paused
        await self.seek_to_committed()
        await self.on_partitions_assigned(assigned, generation)

    def _refuse_further_partitions(self, assigned: set[TP]) -> None:
        """Raise TopicGrown before anything of further partitions is read: which keys they have depends on the number of
        partitions that their writers knew.
        """
        count = self._options.partitions
        grown = sorted({at.topic for at in assigned if count is not None and at.partition >= count})
        if grown:
            raise TopicGrown(
                "the topics are not as they have to be: "
                + "; ".join(f"{topic}: partitions is {self.topic_partitions(topic)}, not {count}" for topic in grown)
            )

    def assignment(self) -> set[TP]:
        """Every partition that is assigned to this process."""
        return set() if self._kafka is None else {TP(*at) for at in self._kafka.assignment()}

    # --- positions

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Read on from what is committed, or from the earliest record where nothing is. Raises MessagesLost."""
        assigned = self.assignment()
        if not assigned:
            return {}
        found = await self._coordinator.fetch_committed_offsets(list(assigned))
        committed = {at: found[at].offset if at in found else None for at in assigned}
        earliest = await self.earliest_offsets(*assigned)
        positions = await self._resume_offsets(committed, earliest)
        # where nothing is committed, committing the beginning changes nothing
        self._committed = {at: earliest[at] if (known := committed[at]) is None else known for at in assigned}
        await self.seek_wait(positions)
        return positions

    async def move_to(self, partition: TP, offset: int) -> None:
        """Read a partition on from an offset."""
        await super().move_to(partition, offset)
        self._kafka.seek(partition, offset)

    def highwater(self, tp: TP) -> int | None:
        """The end of the partition as of the last fetch; None before the first."""
        try:
            end: int | None = self._kafka.highwater(tp)
        except IllegalStateError:
            return None
        return end

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The ends of partitions."""
        return {TP(*at): end for at, end in (await self._kafka.end_offsets(partitions)).items()}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The earliest offsets that partitions still hold."""
        return {TP(*at): start for at, start in (await self._kafka.beginning_offsets(partitions)).items()}

    def topic_partitions(self, topic: str) -> int | None:
        """Number of partitions of a topic."""
        partitions = self._kafka.partitions_for_topic(topic)
        return None if partitions is None else len(partitions)

    # --- reading

    async def read_messages(
        self,
        active: set[TP] | None,
        timeout: float,  # noqa: ASYNC109 - Faust says how long
    ) -> dict[TP, list[Incoming]]:
        """Messages of the active partitions, waiting up to so many seconds for the first. Raises LogTruncated,
        MessagesLost.
        """
        active = set(self._order) if active is None else active
        deadline = time.monotonic() + timeout
        self._seek_to_what_was_dropped()
        while self.flow_active and not self.should_stop:
            self._woken.clear()
            self._resume_fetching()
            waiting = await self._waiting()
            idle = active.isdisjoint(waiting)  # of changelogs there is what this process wrote itself
            self._suit_fetches(idle=idle)
            found = self._read(self._room(active, waiting))
            if found:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                break
            due = self._until_due(waiting | dict.fromkeys(self._gathering, 1))
            await self._wait_for_records(min(left, due, math.inf if idle else POLL_SECONDS))
        return {}

    def _resume_fetching(self) -> None:
        """Have fetched what gathered in partitions that linger no longer."""
        over = {at for at in self._gathering if not self._lingers_for(at, 1)}
        if over:
            self._gathering -= over
            self._kafka.resume(*(at for at in self._kafka.assignment() if at in over))

    def _suit_fetches(self, *, idle: bool) -> None:
        now = time.monotonic()
        if not idle:
            self._busy_at = now
        rests = now - self._busy_at > IDLE_SECONDS
        due = self._until_due(dict.fromkeys(self._gathering, 1)) * 1000
        wait = min(due, IDLE_FETCH_WAIT_MS if rests else FETCH_WAIT_MS)  # or it would hold up what is to be read then
        internals.have_fetches_wait(self._fetcher, math.ceil(wait))

    def _seek_to_what_was_dropped(self) -> None:
        """Seek back to what Faust dropped of the last call's messages."""
        for at in self._read_last:
            ours = self._position.get(at)
            if ours is not None and internals.read_position(self._kafka, at) not in {ours, None}:
                self._kafka.seek(at, ours)
        self._read_last = []

    async def _waiting(self) -> dict[TP, int]:
        """How many records there are to read, of the partitions that have fetched some."""
        waiting: dict[TP, int] = {}
        for at, result in list(internals.fetched(self._fetcher).items()):
            if isinstance(result, FetchError):
                await self._repair(TP(*at), result)
            elif at in self._position:
                waiting[TP(*at)] = max(1, (self._kafka.highwater(at) or 0) - self._position[at])
            else:
                self._release(at)
        return waiting

    async def _repair(self, at: TP, result: FetchError) -> None:
        self._release(at)
        try:
            result.check_raise()
        except OffsetOutOfRangeError:
            wanted = self._position.get(at)
            earliest, end = (await self.earliest_offsets(at))[at], (await self.highwaters(at))[at]
            if wanted is None or earliest <= wanted <= end:
                return
            if wanted > end:
                raise LogTruncated(
                    f"{at.topic}-{at.partition} ends at {end}, and {wanted} was to be read next: a start says more"
                ) from None
            self._note_lost([Lost(at.topic, at.partition, wanted, earliest)])
            await self.move_to(at, earliest)
            self._pass_over(at, earliest)

    def _read(self, readable: list[tuple[TP, int]]) -> dict[TP, list[Incoming]]:
        found: dict[TP, list[Incoming]] = {}
        for at, room in readable:
            first_offset = self._position[at]
            result = internals.fetched(self._fetcher).get(at)
            if not isinstance(result, FetchResult) or not result.check_assignment(at):
                self._release(at)
                continue
            fetched, next_offset = self._take(at, result, room)
            if len(fetched):
                run = at.topic in self.app.batch_topics
                many = (
                    as_run(at.topic, at.partition, first_offset, fetched, next_offset)
                    if run
                    else singly(first_offset, fetched, next_offset)
                )
                found[at] = list(many)
            else:
                self._pass_over(at, next_offset)
            self._gather(at)
        self._read_last = list(found)
        return found

    def _take(self, at: TP, result: FetchResult, room: int) -> tuple[Fetched, int]:
        records = internals.records_of(result)
        if not isinstance(records, FetchedColumns):
            records = FetchedColumns(records)
            internals.put_records(result, records)
        fetched = records.take(self._records_wanted(at), room)
        if records.exhausted or (records.held and self._unpacked_elsewhere(at) > UNPACKED_BYTES):
            self._release(at)  # the rest is fetched and unpacked again
        internals.move_position(result)
        return fetched, records.next_fetch_offset

    def _gather(self, at: TP) -> None:
        """Have nothing fetched of a partition that lingers: what is fetched already is no company for what comes later,
        and would wait for as long again.
        """
        waiting = (self._kafka.highwater(at) or 0) - self._position[at]
        if at not in internals.fetched(self._fetcher) and self._lingers_for(at, waiting):
            self._kafka.pause(TopicPartition(*at))
            self._gathering.add(at)
            self._suit_fetches(idle=False)  # before the next request is made

    def _unpacked_elsewhere(self, at: TP) -> int:
        fetched = internals.fetched(self._fetcher).items()
        columns = (
            internals.records_of(result) for other, result in fetched if other != at and isinstance(result, FetchResult)
        )
        return sum(each.held for each in columns if isinstance(each, FetchedColumns))

    def _release(self, at: TP) -> None:
        """Have the partition's next records fetched."""
        internals.release(self._fetcher, at)

    async def _wait_for_records(self, seconds: float) -> None:
        self._coordinator.check_errors()
        fetched = internals.records_waiter(self._fetcher)
        woken = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({fetched, woken}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            if not fetched.done():
                fetched.cancel()
        if fetched.done() and not fetched.cancelled() and (error := fetched.exception()) is not None:
            raise error

    # --- acknowledging

    async def commit_offsets(self, offsets: Mapping[TP, int]) -> bool:
        """False where the partitions are another's, or the brokers do not answer: it is tried again."""
        mine = self._kafka.assignment()
        mine = {at: offset for at, offset in offsets.items() if at in mine}
        try:
            async with self._committing:
                await self._kafka.commit(
                    {TopicPartition(*at): OffsetAndMetadata(offset, "") for at, offset in mine.items()}
                )
                self._committed.update(mine)
        except (CommitFailedError, IllegalStateError) as error:
            self.log.info("Offsets not committed, the partitions are another's: %s", error)
            return False
        except KafkaError as error:
            # what is not committed is only done again
            self.log.warning("Offsets could not be committed, trying again: %r", error)
            await self.sleep(self.RETRY_SECONDS)
            return False
        return True

    def close(self) -> None:
        """Nothing to do: everything is released in `on_stop`."""


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes assignments on. aiokafka swallows what a listener raises, so errors go to the app from here."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        consumer = self._consumer
        consumer.app.on_rebalance_start()
        try:
            await consumer.on_revoked({TP(*at) for at in revoked})
        except Exception as error:  # noqa: BLE001 - handed on
            await consumer.app.crash(error)

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        consumer = self._consumer
        try:
            await consumer.on_assigned({TP(*at) for at in assigned})
        except Exception as error:  # noqa: BLE001 - handed on
            await consumer.app.crash(error)
