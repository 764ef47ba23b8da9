"""Publishers that send a script's slices at their time, each until it is taken, some of them in transactions."""

from __future__ import annotations

import threading
import time
from asyncio import CancelledError
from collections.abc import Iterable
from contextlib import suppress

from kafka import KafkaProducer
from kafka.errors import KafkaError

from tests.soak.events import ABANDONED, ABORTED, COMMITTED, PLAIN, Slice
from tests.streams.event_messages import event_messages

TRANSACTION_MS = 10_000
RETRY_SECONDS = 0.5


class Publishers:
    """A thread each. What is sent again because its acknowledgement was lost may count twice; nothing is left out."""

    def __init__(self, connection, partitions):
        self._connection = connection
        self._partitions = partitions
        self._given_up = threading.Event()
        self._threads = []
        self._counted = threading.Lock()
        self.sent = self.taken_back = self.transactions = self.repeated = 0
        self.failure = None
        self._finished = 0

    def begin(self, slices: Iterable[Slice], began):
        """`began`: what the slices' seconds are counted from, by the monotonic clock."""
        by_publisher = {}
        for each in slices:
            by_publisher.setdefault(each.publisher, []).append(each)
        for publisher, its in by_publisher.items():
            thread = threading.Thread(target=self._publish, args=(publisher, its, began), daemon=True)
            self._threads.append(thread)
            thread.start()

    @property
    def done(self):
        """Whether all is sent."""
        if self.failure is not None:
            raise self.failure
        if any(thread.is_alive() for thread in self._threads):
            return False
        if self._finished != len(self._threads):
            raise RuntimeError(f"{len(self._threads) - self._finished} publishers ended before all was sent")
        return True

    def give_up(self):
        self._given_up.set()
        for thread in self._threads:
            thread.join(15)

    def _publish(self, publisher, slices, began):
        sender = _Sender(self._connection, publisher)
        try:
            for each in slices:
                self._given_up.wait(max(0.0, began + each.at - time.monotonic()))
                messages = list(event_messages(each.events, self._partitions))
                while not self._given_up.is_set():
                    try:
                        sender.send(messages, each.how)
                    except (KafkaError, OSError, GeneratorExit, CancelledError):  # a broker that is away: see _Sender
                        sender.drop()
                        if each.how in {ABORTED, ABANDONED}:
                            break
                        self._count("repeated", 1)
                        self._given_up.wait(RETRY_SECONDS)
                    else:
                        self._count("taken_back" if each.how in {ABORTED, ABANDONED} else "sent", len(messages))
                        self._count("transactions", each.how != PLAIN)
                        break
            self._count("_finished", 1)
        except BaseException as error:  # noqa: BLE001 -- raised where it is waited for
            self.failure = error
        finally:
            sender.drop()

    def _count(self, name, number):
        with self._counted:
            setattr(self, name, getattr(self, name) + number)


class _Sender:
    """kafka-python's producer hands on what ended its own coroutines, GeneratorExit too."""

    def __init__(self, connection, publisher):
        self._connection = connection
        self._publisher = publisher
        self._abandoned = 0
        self._producer = None

    def send(self, messages, how):
        """Raises KafkaError; then it may be there or not, and the sender is to be dropped."""
        if self._producer is None:
            self._producer = self._connect(how)
        if how != PLAIN:
            self._producer.begin_transaction()
        sent = [
            self._producer.send(topic, value=value, key=key, partition=partition)
            for topic, partition, key, value in messages
        ]
        self._producer.flush(timeout=20)
        for each in sent:
            each.get(timeout=20)
        if how == COMMITTED:
            self._producer.commit_transaction()
        elif how == ABORTED:
            self._producer.abort_transaction()
        elif how == ABANDONED:  # open until the brokers lose patience
            self._abandoned += 1
            self.drop()

    def drop(self):
        if self._producer is not None:
            with suppress(Exception, GeneratorExit, CancelledError):
                self._producer.close(timeout=0)
            self._producer = None

    def _connect(self, how):
        transactional = {}
        if how != PLAIN:
            name = f"soak-{self._publisher}-{self._abandoned}"
            transactional = {"transactional_id": name, "transaction_timeout_ms": TRANSACTION_MS}
        producer = KafkaProducer(
            **self._connection.kafka_python(),
            **transactional,
            linger_ms=5,
            compression_type="lz4",
            request_timeout_ms=5_000,
            delivery_timeout_ms=15_000,
            max_block_ms=15_000,
        )
        if how != PLAIN:
            producer.init_transactions()
        return producer
