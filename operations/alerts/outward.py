"""An alert as everybody outside is told of it: by the API, over live streams and webhooks.

It is about a subject, and says how many listings it covers. Who sees a part of it alone is told of that part
(`queries.alert_parts`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from suyuan.queries.answers import Alert, PlatformCount
from suyuan.schemas.blocks import BlockError, decode_block

logger = logging.getLogger(__name__)

TOPIC = "alert.state"
"""that changes of alerts are published to"""
BLOCK = "alert_state"
"""what its messages are"""


class OutwardAlert(msgspec.Struct, frozen=True):
    """`subject`: a node of the graph of traces (`queries.hops.nodes`); `listings`: how many the alert covers;
    `platforms`: how many of each platform, none of one whose last has just left; `platform_code`, `listing_id` and
    other names: the subject's, null where it has none. `condition`: of the facts; `handling`, `assignee`,
    `acknowledged_until`, `resolution`: what people do about it; `act`, `act_event` (its event id), `actor`,
    `acted_at`: what was done last. `bureau_why`: why that bureau is in charge; `basis`: digest of what a resolution
    rests on. `verdict`, `gap_names`, `explanation_*`, `triggering` (values of the rule's
    columns by name), `evidence`: of the listing that was offered last. `sequence`: 1, 2, 3 and so on per alert:
    (`alert_id`, `sequence`) names what was said, whichever way it came. Times are ms UTC.
    """

    alert_id: str
    sequence: int
    change: str
    condition: Literal["standing", "cleared"]
    handling: str
    severity: str
    rule: str
    rule_version: int
    title_zh: str
    title_en: str
    subject_kind: str
    subject: str
    listings: int
    platforms: list[PlatformCount]
    platform_code: str | None
    listing_id: str | None
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None
    bureau: str
    bureau_why: str
    seller_division: str | None
    producer_division: str | None
    assignee: str | None
    acknowledged_until: int | None
    resolution: str | None
    act: str | None
    act_event: str | None
    actor: str | None
    acted_at: int | None
    verdict: str
    gap_names: list[str]
    explanation_zh: str
    explanation_en: str
    triggering: Any
    evidence: list[str]
    basis: str
    raised_at: int
    changed_at: int
    received_at: int


OUTWARD_COLUMNS = OutwardAlert.__struct_fields__
_SAME = tuple(name for name in OUTWARD_COLUMNS if name in Alert.__struct_fields__ and name != "triggering")
_EMPTY: dict[Any, Any] = {str: "", int: 0, list[str]: [], list[PlatformCount]: []}
_DEFAULTS = {field.name: _EMPTY[field.type] for field in msgspec.structs.fields(Alert) if field.type in tuple(_EMPTY)}
"""of columns that a block leaves out"""


def outward(alert: Alert) -> OutwardAlert:
    """What is told of an alert as it stood after a change."""
    return OutwardAlert(
        **{name: getattr(alert, name) for name in _SAME},
        condition="standing" if alert.state == "raised" else "cleared",
        triggering=read_triggering(alert.triggering),
    )


def alerts_in(value: bytes | None) -> Iterator[Alert]:
    """The alerts of a message of TOPIC, in their order; none of one that cannot be read, which the log is told of."""
    try:
        rows = decode_block(value or b"", BLOCK)
    except BlockError as error:
        logger.error("a message of topic %s is passed over: %s", TOPIC, error)  # noqa: TRY400 -- it says all
        return
    for row in rows.iter_rows(named=True):
        yield alert_of(row)


def alert_of(row: Mapping[str, Any]) -> Alert:
    """A row of the block."""
    return msgspec.convert(
        {name: _DEFAULTS.get(name) if value is None else value for name, value in row.items()}, Alert
    )


def read_triggering(text: str) -> Any:
    """Values of a rule's columns by name, from JSON; what cannot be read as it is."""
    try:
        return msgspec.json.decode(text) if text else {}
    except msgspec.DecodeError:
        return text
