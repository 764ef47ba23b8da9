"""The two shapes of a system, behind one face: what commands and consoles ask of the log, the tables and the state.

Nothing else asks which of them the settings describe.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol

from suyuan.runtime.settings import Settings

if TYPE_CHECKING:
    from suyuan.connections.topic_partition import TopicPartition
    from suyuan.domain.privacy.pseudonym import Pseudonyms
    from suyuan.operations.checks.finding import Finding
    from suyuan.operations.dead_letters.log import ReplayLog
    from suyuan.operations.dead_letters.place import Place
    from suyuan.operations.exporting.lines import Exported
    from suyuan.operations.tail import Tail
    from suyuan.operations.webhooks.log import Holding
    from suyuan.operations.work_left import WorkLeft
    from suyuan.publishing.files.outlet import Known, Outlet
    from suyuan.queries.api import Queries


class Deployment(Protocol):
    """A system of one shape. It holds nothing open: each call connects or opens what it needs, and imports it.

    Everything raises SuyuanError: CONFIGURATION for settings that make no sense, which are verified when they are
    needed, UNAVAILABLE where a server or the process that has the folder does not answer.
    """

    def queries(self) -> AbstractContextManager[Queries]:
        """To ask the tables: of the server where one is named, else in the data folder."""

    def outlet(
        self, known: Known | None = None, patience_seconds: float | None = None
    ) -> AbstractContextManager[Outlet]:
        """Where published events go. `known`: asked for what was taken in before, where the log cannot tell;
        `patience_seconds`: how long nobody may answer before it gives up, where the log is on other machines.
        """

    def pseudonyms(self) -> Pseudonyms:
        """What names of people become pseudonyms by. Raises SuyuanError, CONFIGURATION, where the key is to be given
        and was not.
        """

    def tail(
        self, topics: Sequence[str], first_offsets: Mapping[TopicPartition, int] | None = None
    ) -> AbstractContextManager[Tail]:
        """To read messages of topics as they come, from those offsets on; None: from now on."""

    def raw_event(self, place: Place) -> bytes:
        """A message as it came in. Raises Gone where the log does not have it any more."""

    def raw_events(self, places: Sequence[Place]) -> list[bytes | None]:
        """Several messages as they came in; None for each that the log does not have any more."""

    def erase_note(self, note_id: str, now: int) -> None:
        """Erase what somebody wrote with an act (`operations.alerts.notes`). `now`: ms UTC."""

    def replay_log(self) -> AbstractContextManager[ReplayLog]:
        """The log, to send dead letters again."""

    def holding(self) -> AbstractContextManager[Holding]:
        """The log, to deliver webhooks, once that is this process's to do."""

    def exported_lines(self, done: Exported) -> Iterator[bytes]:
        """Every event that came in, each once, as a line of JSON; `done` counts them as they are taken."""

    def append(self, topic: str, key: str, values: Sequence[bytes]) -> None:
        """Append values to the partition of a topic that the key chooses; durable on return."""

    def backfill_audit(self) -> int:
        """Send what was published before the audit existed to its tree (`operations.audit.backfill`); how many events
        were sent, in the tree already or not.
        """

    def rebuild_state(self) -> int:
        """Have the next start make the state anew; from how many events. UNAVAILABLE while anything runs."""

    def rebuild_partition(self, partition: int) -> int:
        """Have what belongs to one partition sent to it again; how many messages ask for it."""

    def work_left(self) -> WorkLeft:
        """What stages and loaders have yet to do: where that is nothing, the tables hold all that was published."""

    def checks(self) -> Iterator[Finding]:
        """What can be looked at in this shape, in the order in which one would put things right."""


def deployment_of(settings: Settings) -> Deployment:
    """The shape that the settings describe. Verifies nothing yet."""
    if settings.kafka:
        from suyuan.runtime.cluster.deployment import Cluster  # noqa: PLC0415 - one of the two

        return Cluster(settings)
    from suyuan.runtime.embedded.deployment import Embedded  # noqa: PLC0415 - as above

    return Embedded(settings)
