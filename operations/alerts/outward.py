"""An alert as everybody outside is told of it: by the API, over live streams and webhooks.

It is about a subject, and says how many listings it covers. Now each is about one listing; an alert of many would have
the same form.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from suyuan.queries.answers import Alert
from suyuan.queries.hops.nodes import NodeKey
from suyuan.schemas.blocks import BlockError, decode_block

logger = logging.getLogger(__name__)

TOPIC = "alert"
"""that changes of alerts are published to"""


class OutwardAlert(msgspec.Struct, frozen=True):
    """`subject`: a node of the graph of traces (`queries.hops.nodes`); `listings`: how many the alert covers.
    `sequence`: 1, 2, 3 and so on per alert: (`alert_id`, `sequence`) names what was said, whichever way it came.
    `triggering`: values of the rule's columns by name. Times are ms UTC.
    """

    alert_id: str
    sequence: int
    change: str
    condition: Literal["standing", "cleared"]
    severity: str
    rule: str
    rule_version: int
    title_zh: str
    title_en: str
    subject: str
    listings: int
    platform_code: str
    listing_id: str
    seller_code: str | None
    producer_code: str | None
    bureau: str | None
    seller_division: str | None
    producer_division: str | None
    verdict: str
    gap_names: list[str]
    explanation_zh: str
    explanation_en: str
    triggering: Any
    evidence: list[str]
    raised_at: int
    changed_at: int
    received_at: int


OUTWARD_COLUMNS = OutwardAlert.__struct_fields__
_SAME = tuple(name for name in OUTWARD_COLUMNS if name in Alert.__struct_fields__ and name != "triggering")
_TEXTS = {field.name: "" for field in msgspec.structs.fields(Alert) if field.type is str}


def outward(alert: Alert) -> OutwardAlert:
    """What is told of an alert as it stood after a change."""
    return OutwardAlert(
        **{name: getattr(alert, name) for name in _SAME},
        condition="standing" if alert.state == "raised" else "cleared",
        subject=subject_of(alert.platform_code, alert.listing_id),
        listings=1,
        triggering=_triggering(alert.triggering),
    )


def subject_of(platform_code: str, listing_id: str) -> str:
    """The subject of an alert about a listing."""
    return str(NodeKey("listing", (platform_code, listing_id)))


def alerts_in(value: bytes | None) -> Iterator[Alert]:
    """The alerts of a message of TOPIC, in their order; none of one that cannot be read, which the log is told of."""
    try:
        rows = decode_block(value or b"", "alert")
    except BlockError as error:
        logger.error("a message of topic %s is passed over: %s", TOPIC, error)  # noqa: TRY400 -- it says all
        return
    for row in rows.iter_rows(named=True):
        yield alert_of(row)


def alert_of(row: Mapping[str, Any]) -> Alert:
    """A row of the block `alert`."""
    return msgspec.convert({name: _TEXTS.get(name) if value is None else value for name, value in row.items()}, Alert)


def _triggering(text: str) -> Any:
    """What cannot be read is told as it is."""
    try:
        return msgspec.json.decode(text) if text else {}
    except msgspec.DecodeError:
        return text
