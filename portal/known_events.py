"""Events that the tables know already: what a log of many machines cannot tell of a repeat."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from suyuan.access.scope import EVERYTHING
from suyuan.errors import SuyuanError
from suyuan.publishing.keys import Identities
from suyuan.queries.api import OfEvents, Queries
from suyuan.queries.sql import narrowing_column
from suyuan.schemas.kinds import KINDS

logger = logging.getLogger(__name__)


class KnownEvents:
    """Asks the tables once for each batch. Where they do not answer nothing is known: an event is accepted again then,
    and intake recognises it, as it does what the loader has not brought yet.
    """

    def __init__(self, queries: Callable[[], Queries]) -> None:
        self._queries = queries
        self._trouble = ""

    def __call__(self, named: Identities) -> Sequence[bool]:
        """See `publishing.files.outlet.Known`."""
        if named.kind not in KINDS:  # said of the system itself: no table has it as an event
            return [False] * len(named.keys)
        names = named.names()
        firsts = sorted(set(named.rows[narrowing_column(named.kind)].to_list()))
        try:
            found = set(self._queries().known_events(EVERYTHING, OfEvents(named.kind, firsts, names)))
        except SuyuanError as error:
            if self._trouble != str(error):
                logger.warning("whether events are repeats is not known: %s", error)
            self._trouble = str(error)
            return [False] * len(names)
        self._trouble = ""
        return [name in found for name in names]
