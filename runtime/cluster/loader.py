"""A loader of the cluster: the topics that the group assigns to this process, from Kafka into a sink.

What happens          | what it does
----------------------|-----------------------------------------------------------------------------------------
topics are reassigned | drops what it has read, and reads its new topics from their committed offsets and notes
brokers are away      | the same, again and again, until they are back
the sink is away      | repeats the one insert that is in flight, up to 30 s apart; reads nothing meanwhile
told to stop          | ends the insert in flight, commits, leaves the group
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from random import Random

from suyuan.connections.kafka import KafkaConnection
from suyuan.connections.log_errors import LogUnavailable
from suyuan.runtime.lost import note_lost
from suyuan.sinks.attempts import BackOff
from suyuan.sinks.errors import OwnershipLost
from suyuan.sinks.kafka_log import KafkaLog
from suyuan.sinks.loader import POLL_SECONDS, Loaded, Loader
from suyuan.sinks.metrics import observe_loaded, observe_retry
from suyuan.sinks.sink import Sink

logger = logging.getLogger(__name__)

KEEP_SECONDS = 0.25
"""between two signs of life to the group"""
BUSY_SECONDS = 2.0
"""after the last message, before the brokers are asked to tell of the next one"""
REST_SECONDS = 0.5
"""that it leaves the group without a sign, and who tells it to stop without an answer, meanwhile"""
TOPICS_SECONDS = 5.0
"""between two looks at whether the topics are still the same"""


class ClusterLoader:
    """`start`, then `stop`, once each. `ended` is set when it ends, by itself with `once` or an `error`, and
    `on_end` is called with that, in its thread.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        sink: Sink,
        *,
        once: bool = False,
        accept_loss: bool = False,
        on_end: Callable[[BaseException | None], None] = lambda _: None,
    ) -> None:
        """Raises LogUnavailable, TopicMissing, SinkError, WrongConnection."""
        self.group = sink.group
        self.log = KafkaLog(connection, [target.topic for target in sink.targets], sink.group)
        self.ended = threading.Event()
        self.error: BaseException | None = None
        self.owned: frozenset[str] = frozenset()
        self.rows: dict[str, int] = {}
        """rows loaded since the start, by table, or what else the sink has"""
        self._sink = sink
        self._once = once
        self._accept_loss = accept_loss
        self._on_end = on_end
        self._stopping = threading.Event()
        self._loader: Loader | None = None
        self._kept_at = 0.0
        self._checked_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=sink.group, daemon=True)

    def start(self) -> None:
        """Load in the background."""
        self._thread.start()

    def stop(self, seconds: float) -> bool:
        """Finish the insert in flight, and leave the group; False where that takes longer than so many seconds. The
        intent is committed, and the next loader of the topic repeats it under the same token.
        """
        self.begin_to_stop()
        return self.ended.wait(seconds)

    def begin_to_stop(self) -> None:
        """`stop` without waiting."""
        self._stopping.set()
        if self._loader is not None:
            self._loader.stop.set()

    def lag(self) -> dict[tuple[str, int], int]:
        """Messages of its own topics that are not in the sink."""
        loader = self._loader
        return {} if loader is None else loader.lag()

    def _run(self) -> None:
        try:
            self._load()
            self.log.leave()
        except Exception as error:  # noqa: BLE001 -- whoever runs the process decides
            self.error = error
        finally:
            self.ended.set()
            self._on_end(self.error)

    def _load(self) -> None:
        back_off, chance, failures = BackOff(first=0.2, longest=5.0), Random(), 0  # noqa: S311 -- spreads attempts
        while not self._stopping.is_set():
            try:
                if self._take_part():
                    return
                failures = 0
            except OwnershipLost as error:
                logger.info("%s", error)
            except LogUnavailable as error:
                failures += 1
                logger.warning("%s; trying again (attempt %d)", error, failures)
                self._stopping.wait(back_off.seconds(failures, chance))
            finally:
                self._loader, self.owned = None, frozenset()

    def _take_part(self) -> bool:
        """Load until the topics are reassigned; True when there is nothing left to load, with `once`."""
        owned = self.log.join()
        if owned is None:
            return False
        logger.info("loads %s", ", ".join(sorted(owned)) or "nothing: there are more loaders than topics")
        targets = [target for target in self._sink.targets if target.topic in owned]
        loader = Loader(
            self.log,
            self._sink,
            targets,
            on_loaded=self._note,
            on_retry=observe_retry,
            pause=self._pause,
            on_lost=partial(note_lost, group=self.group),
            accept_loss=self._accept_loss,
        )
        self._loader, self.owned = loader, owned
        busy_at = time.monotonic()
        while not self._stopping.is_set() and self._keep():
            self._check_topics()
            rows = loader.step(wait=not self._once)
            if loader.stop.is_set():
                break
            if self._once and not rows and not any(loader.lag().values()):
                return True
            if rows or not loader.is_idle:
                busy_at = time.monotonic()
            if not rows and time.monotonic() - busy_at > BUSY_SECONDS:
                self.log.await_news(loader.positions, REST_SECONDS)
            elif not rows:
                self._stopping.wait(POLL_SECONDS)
        return False

    def _check_topics(self) -> None:
        now = time.monotonic()
        if now - self._checked_at >= TOPICS_SECONDS:
            self.log.check_topics()
            self._checked_at = time.monotonic()

    def _keep(self) -> bool:
        now = time.monotonic()
        if now - self._kept_at < KEEP_SECONDS:
            return True
        self._kept_at = now
        return self.log.keep()

    def _pause(self, seconds: float) -> bool:
        """Between two attempts at an insert, which may go on for hours: others must see that this member lives."""
        until = time.monotonic() + seconds
        going_on = True
        while going_on and (left := until - time.monotonic()) > 0:
            going_on = not self._stopping.wait(min(left, KEEP_SECONDS)) and self._keep()
        if not going_on and self._loader is not None:
            self._loader.stop.set()
        return going_on

    def _note(self, loaded: Loaded) -> None:
        self.rows[loaded.target.name] = self.rows.get(loaded.target.name, 0) + loaded.rows
        observe_loaded(loaded)
