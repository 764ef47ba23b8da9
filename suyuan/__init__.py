"""Product-quality traceability for online trade: listings meet producers' records in a stream.

What programs of others may build on: the names of `__all__`, which change only with a major version and a word in the
changelog. Everything else is Suyuan's own and may change at any time.

- publish events to Kafka: `Publisher`, `KafkaConnection`, `SchemaRegistry`, `Delivery`, `Caution` and the errors that
  it raises (docs/how-to/publish-from-your-platform.md)
- identifiers as the streams judge them: `check_uscc`, `classify_uscc`, `normalise_gtin`, `check_licence_no`, and the
  normal forms `text_form`, `code_form`, `number_form` by which values of different records meet
- the contract of events: `KINDS`, `event_schema`, `schema_by_id`, `encode_event`, `decode_event`, `parse_event`

`import suyuan` itself loads none of them; each is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from suyuan.connections.errors import InsecureConnection, WrongConnection
    from suyuan.connections.kafka import KafkaConnection
    from suyuan.connections.registry import RegistryUnavailable, SchemaRegistry
    from suyuan.domain.cautions import Caution
    from suyuan.domain.identifiers.gtin import normalise_gtin
    from suyuan.domain.identifiers.licence_no import check_licence_no
    from suyuan.domain.identifiers.normal_form import code_form, number_form, text_form
    from suyuan.domain.identifiers.uscc import UsccReport, check_uscc
    from suyuan.domain.identifiers.uscc import classify as classify_uscc
    from suyuan.errors import ErrorKind, SuyuanError
    from suyuan.publishing.errors import BrokersUnavailable, PublishingError, Undelivered, WrongTopics
    from suyuan.publishing.publisher import Delivery, Publisher
    from suyuan.publishing.registration import NotRegistered
    from suyuan.schemas.events import decode_event, encode_event
    from suyuan.schemas.framing import UnreadableEvent
    from suyuan.schemas.kinds import KINDS, EventSchema, event_schema, schema_by_id
    from suyuan.schemas.validation import InvalidEvent, ParsedEvent, parse_event

_PLACES = {
    "BrokersUnavailable": "publishing.errors",
    "Caution": "domain.cautions",
    "Delivery": "publishing.publisher",
    "ErrorKind": "errors",
    "EventSchema": "schemas.kinds",
    "InsecureConnection": "connections.errors",
    "InvalidEvent": "schemas.validation",
    "KINDS": "schemas.kinds",
    "KafkaConnection": "connections.kafka",
    "NotRegistered": "publishing.registration",
    "ParsedEvent": "schemas.validation",
    "Publisher": "publishing.publisher",
    "PublishingError": "publishing.errors",
    "RegistryUnavailable": "connections.registry",
    "SchemaRegistry": "connections.registry",
    "SuyuanError": "errors",
    "Undelivered": "publishing.errors",
    "UnreadableEvent": "schemas.framing",
    "UsccReport": "domain.identifiers.uscc",
    "WrongConnection": "connections.errors",
    "WrongTopics": "publishing.errors",
    "check_licence_no": "domain.identifiers.licence_no",
    "check_uscc": "domain.identifiers.uscc",
    "classify_uscc": "domain.identifiers.uscc:classify",
    "code_form": "domain.identifiers.normal_form",
    "decode_event": "schemas.events",
    "encode_event": "schemas.events",
    "event_schema": "schemas.kinds",
    "normalise_gtin": "domain.identifiers.gtin",
    "number_form": "domain.identifiers.normal_form",
    "parse_event": "schemas.validation",
    "schema_by_id": "schemas.kinds",
    "text_form": "domain.identifiers.normal_form",
}
"""where each public name is; under another name there: module:name"""

__all__ = [  # noqa: RUF022 - in the order of the text above
    "Publisher",
    "KafkaConnection",
    "SchemaRegistry",
    "Delivery",
    "Caution",
    "SuyuanError",
    "ErrorKind",
    "PublishingError",
    "BrokersUnavailable",
    "InsecureConnection",
    "InvalidEvent",
    "NotRegistered",
    "RegistryUnavailable",
    "Undelivered",
    "WrongConnection",
    "WrongTopics",
    "check_uscc",
    "classify_uscc",
    "UsccReport",
    "normalise_gtin",
    "check_licence_no",
    "text_form",
    "code_form",
    "number_form",
    "KINDS",
    "EventSchema",
    "event_schema",
    "schema_by_id",
    "encode_event",
    "decode_event",
    "UnreadableEvent",
    "parse_event",
    "ParsedEvent",
]


def __getattr__(name: str) -> Any:
    """A public name, loaded when it is first asked for (PEP 562)."""
    if name not in _PLACES:
        raise AttributeError(f"module 'suyuan' has no attribute {name!r}")
    module, _, there = _PLACES[name].partition(":")
    value = getattr(import_module(f"suyuan.{module}"), there or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
