"""A publication that nobody watches."""

from __future__ import annotations

from suyuan.publishing.files.sources import Source
from suyuan.publishing.files.workbook import Workbook


class Silent:
    """See `publishing.files.publish.Progress`."""

    def begin(self, source: Source | Workbook) -> None:
        """Nobody looks."""

    def step(self, source: Source | Workbook) -> None:
        """Nobody looks."""
