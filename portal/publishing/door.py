"""The door of a portal: names that come in by HTTP become pseudonyms by the key of its deployment."""

from __future__ import annotations

import logging

from suyuan.domain.privacy.pseudonym import Pseudonyms
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.publishing.door import Door
from suyuan.runtime.deployment import Deployment
from suyuan.schemas.validation import InvalidEvent

logger = logging.getLogger(__name__)


def portal_door(deployment: Deployment) -> Door:
    """Where there is no key, complaints that name somebody are rejected, each with that reason, and the operator reads
    in the log what to give; all else is published.
    """
    told: list[str] = []

    def pseudonyms() -> Pseudonyms:
        try:
            return deployment.pseudonyms()
        except SuyuanError as error:
            if error.kind is not ErrorKind.CONFIGURATION:
                raise
            if not told:
                told.append(str(error))
                logger.error("complaints with names are rejected: %s", error)  # noqa: TRY400 - a setting, not our code
            raise InvalidEvent(
                "complainant",
                "is no pseudonym, and this portal has no key to make one: its operator sets SUYUAN_PSEUDONYM_KEY_FILE",
            ) from None

    return Door(pseudonyms)
