"""The ids that a registry gave to the schemas of events: subject `in.<kind>-value`, as TopicNameStrategy has it."""

from __future__ import annotations

from suyuan.connections.registry import SchemaRegistry
from suyuan.publishing.errors import PublishingError
from suyuan.schemas.kinds import event_schema
from suyuan.schemas.registered import built_in_ids


class NotRegistered(PublishingError):
    """The registry does not have the schema of a kind. Suyuan does not register schemas by itself."""


def registered_ids(registry: SchemaRegistry, kind: str) -> dict[int, int]:
    """Id in the registry → built-in id, of every version of a kind that both know. Raises RegistryUnavailable."""
    return built_in_ids(kind, registry.versions(f"in.{kind}-value"))


def registered_id(registry: SchemaRegistry, kind: str) -> int:
    """The id of the kind's current schema. Raises NotRegistered, RegistryUnavailable."""
    current = event_schema(kind).schema_id
    for number, built_in in registered_ids(registry, kind).items():
        if built_in == current:
            return number
    raise NotRegistered(
        f"subject in.{kind}-value of {registry.place} does not have schemas/avro/events/{kind}.avsc: register it first"
    )
