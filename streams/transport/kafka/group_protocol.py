"""How workers name themselves to the group, so that those of another shape are kept out.

Kafka lets a member into a group only where it knows a protocol that all others know. So workers of two versions whose
state or messages differ are never in one group: whoever comes second is refused before it is given a partition.
"""

from __future__ import annotations

from faust.assignor import PartitionAssignor

from suyuan.connections.log_errors import TransportError
from suyuan.errors import ErrorKind
from suyuan.schemas.former_shape import SHAPE

PROTOCOL = f"suyuan-{SHAPE}"


class OtherShapeInGroup(TransportError):
    """Workers of another version are in the group; this one was not let in, and nothing was read or written."""

    kind = ErrorKind.UNAVAILABLE

    def __init__(self, group: str) -> None:
        super().__init__(
            f"the group {group} has members of another version of suyuan, or of another program, and the brokers let "
            "this worker not in beside them. Nothing was touched: stop all of them, then start again "
            "(docs/how-to/move-to-a-new-version.md)"
        )


class ShapeAssignor(PartitionAssignor):  # type: ignore[misc] # faust is untyped here
    """Faust's, under the name of this shape."""

    @property
    def name(self) -> str:
        """Which protocol the members of a group have to share."""
        return PROTOCOL
