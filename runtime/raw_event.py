"""The bytes of an event as they were published, from the log of either shape."""

from __future__ import annotations

from suyuan.errors import SuyuanError
from suyuan.eventlog.log import Log
from suyuan.runtime.settings import Settings
from suyuan.sinks.kafka_log import KafkaLog
from suyuan.sinks.log_reader import Fetched

_MOST_BYTES = 8 << 20


def raw_event(settings: Settings, topic: str, partition: int, offset: int) -> bytes:
    """Raises SuyuanError, also where the log does not have it any more."""
    found: Fetched
    if settings.kafka:
        log = KafkaLog(settings.kafka_connection(), [topic], "event")
        try:
            found = log.fetch(topic, partition, offset, 1, _MOST_BYTES)
        finally:
            log.close()
    else:
        with Log.open(settings.data, role="read") as opened:
            found = opened.fetch(topic, partition, offset, 1, _MOST_BYTES)
    if not len(found.offsets) or found.offsets[0] != offset:
        raise SuyuanError(f"the log does not have {topic}-{partition} at offset {offset} any more")
    return found.values[0] or b""
