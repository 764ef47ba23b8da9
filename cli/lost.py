"""Messages that were deleted before the loader had them: logged and counted."""

from __future__ import annotations

import logging

from suyuan.connections.lost import Lost
from suyuan.sinks.loader import GROUP
from suyuan.streams import metrics

logger = logging.getLogger(__name__)


def note_lost(lost: Lost) -> None:
    """For `Loader`."""
    metrics.LOST.labels(GROUP, lost.topic).inc(max(1, lost.count))
    logger.error("lost: %s", lost)
