"""Ids of a schema registry, for processes that read events."""

from __future__ import annotations

from suyuan.publishing.registration import registered_ids
from suyuan.runtime.settings import Settings
from suyuan.schemas.kinds import KINDS
from suyuan.schemas.registered import accept


def accept_registered_ids(settings: Settings) -> None:
    """From now on this process reads messages with the ids of the registry, where one is named, beside the built-in
    ones. Blocks. Raises SuyuanError: UNAVAILABLE where the registry does not answer.
    """
    registry = settings.schema_registry()
    if registry is None:
        return
    for kind in KINDS:
        accept(kind, registered_ids(registry, kind))
