"""What an event says, field by field, as pages show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from suyuan.schemas.kinds import event_schema


@dataclass(frozen=True, slots=True)
class Fact:
    """`form`: how a page shows the value."""

    name: str
    form: Literal["moment", "text", "texts", "lots", "money"]
    value: Any


def facts_of(event: Mapping[str, Any]) -> Iterator[Fact]:
    """The fields of an event that say something, in the order of its schema. `event`: as `plain` has it."""
    for field in event_schema(event["kind"]).fields:
        value = event.get(field.name)
        if value is None or value == [] or field.name == "occurred_at":
            continue
        yield Fact(field.name, _form(field.name, value), value)


def _form(name: str, value: Any) -> Literal["moment", "text", "texts", "lots", "money"]:
    if name.endswith("_at"):
        return "moment"
    if name.endswith("_fen"):
        return "money"
    if isinstance(value, list):
        return "lots" if value and isinstance(value[0], dict) else "texts"
    return "text"
