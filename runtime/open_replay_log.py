"""The log of the shape that the settings describe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from suyuan.operations.dead_letters.embedded import embedded_replay_log
from suyuan.operations.dead_letters.log import ReplayLog
from suyuan.runtime.settings import Settings


@contextmanager
def replay_log(settings: Settings) -> Iterator[ReplayLog]:
    """Raises SuyuanError."""
    if settings.kafka:
        from suyuan.operations.dead_letters.kafka import kafka_replay_log  # noqa: PLC0415 - loads Kafka's client

        with kafka_replay_log(settings.kafka_connection()) as over_kafka:
            yield over_kafka
    else:
        with embedded_replay_log(settings.data, fsync=settings.fsync) as embedded:
            yield embedded
