"""A Faust message that tells when it is acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.types.tuples import ConsumerMessage

if TYPE_CHECKING:
    from collections.abc import Callable


class TrackedMessage(ConsumerMessage):  # type: ignore[misc] # faust is untyped here
    """A Faust message that calls `on_acked` when it is acknowledged. Faust's streams inline the acknowledgement (in
    Cython as well) without the consumer; what all of their ways have in common is that they set `acked`.
    """

    def __init__(
        self,
        *args: Any,
        on_acked: Callable[[TrackedMessage], None],
        ack_before: Callable[[int], None],
        **fields: Any,
    ) -> None:
        self._on_acked = on_acked
        self.ack_before = ack_before
        """of a run that will not be acknowledged as a whole: everything before this offset is done"""
        super().__init__(*args, **fields)

    @property
    def acked(self) -> bool:
        """Whether every stream that got the message is done with it."""
        return self._acked

    @acked.setter
    def acked(self, acked: bool) -> None:
        self._acked = acked
        if acked:
            self._on_acked(self)
