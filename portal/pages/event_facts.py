"""What an event says, field by field, as pages show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from suyuan.schemas.kinds import event_schema

Form = Literal["moment", "text", "texts", "lots", "money", "flag", "word"]
_WORDS = {"status": "status", "result": "status", "purpose": "told.purpose", "scheme": "told.scheme"}


@dataclass(frozen=True, slots=True)
class Fact:
    """`form`: how a page shows the value; `words`: the group that a word is one of."""

    name: str
    form: Form
    value: Any
    words: str = ""


def facts_of(event: Mapping[str, Any]) -> Iterator[Fact]:
    """The fields of an event that say something, in the order of its schema. `event`: as `plain` has it."""
    for field in event_schema(event["kind"]).fields:
        value = event.get(field.name)
        if value is None or value == [] or field.name == "occurred_at":
            continue
        yield Fact(field.name, _form(field.name, value), value, _words(event["kind"], field.name))


def _words(kind: str, name: str) -> str:
    """Of a listing that is active it is said that it is on sale, of a company that it is in good standing."""
    return "told.listing" if (kind, name) == ("listing", "status") else _WORDS.get(name, "")


def _form(name: str, value: Any) -> Form:
    if name in _WORDS:
        return "word"
    if isinstance(value, bool):
        return "flag"
    if name.endswith("_at"):
        return "moment"
    if name.endswith("_fen"):
        return "money"
    if isinstance(value, list):
        return "lots" if value and isinstance(value[0], dict) else "texts"
    return "text"
