"""Why events could not be published."""

from __future__ import annotations

from suyuan.errors import ErrorKind, SuyuanError


class PublishingError(SuyuanError):
    """Events cannot be published, for the reason it says."""


class BrokersUnavailable(PublishingError):
    """No broker answers, or none accepts the connection."""

    kind = ErrorKind.UNAVAILABLE


class WrongTopics(PublishingError):
    """The topics of events are missing, or differ in their partition counts: keys would go to wrong partitions."""

    kind = ErrorKind.CONFIGURATION


class Undelivered(PublishingError):
    """Events were published and not stored. `count`: how many; `reason`: that of the first."""

    kind = ErrorKind.UNAVAILABLE

    def __init__(self, count: int, reason: str) -> None:
        super().__init__(f"{count:,} events were not stored: {reason}")
        self.count = count
        self.reason = reason
