"""Messages that were deleted before they were read: what is logged of them, and counted."""

from __future__ import annotations

import logging

from suyuan.connections.log_errors import MessagesLost
from suyuan.connections.lost import Lost
from suyuan.sinks.tables import GROUP as LOADERS
from suyuan.streams import metrics
from suyuan.streams.transport.errors import TopicGrown

_SAID = (MessagesLost, TopicGrown)

logger = logging.getLogger(__name__)


def leave_to_the_command() -> None:
    """Of what stops a process here, its last line says all; the framework would add a trace of its own for each of
    its parts that it ends by.
    """
    for handler in logging.getLogger().handlers:
        handler.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], _SAID)))


def note_lost(lost: Lost, group: str = LOADERS) -> None:
    """Something that a group can no longer read."""
    metrics.LOST.labels(group, lost.topic).inc(abs(lost.count) or 1)
    logger.error("lost: %s", lost)
