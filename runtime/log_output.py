"""What processes and their libraries log: to standard error, as a terminal may show it and without secrets."""

from __future__ import annotations

import logging
import sys

from suyuan.connections.urls import without_secrets
from suyuan.runtime.visible import visible


def log_warnings() -> None:
    """From warnings on; a record of several lines too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _VisibleFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return visible(without_secrets(super().format(record)), lines=True)
