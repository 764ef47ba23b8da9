"""What questions are answered with: plain values, so that an answer is the same whoever gives it.

Times are ms UTC, days ISO text, bytes hex. The order of the fields is that of the columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeVar

import msgspec

T = TypeVar("T")
S = TypeVar("S", bound=msgspec.Struct)

Record = dict[str, Any]
"""a published record: the columns of event_<kind>, and `evidence`, the id by which it is cited"""


class Gap(msgspec.Struct, frozen=True):
    """What a chain lacks, or what contradicts it."""

    gap: str
    class_: str = msgspec.field(name="class")
    subject: str | None
    detail: str | None
    evidence: list[str]


class Node(msgspec.Struct, frozen=True):
    """Who takes part in a chain. `outside` of the scope: without evidence."""

    role: str
    id: str
    name: str | None
    status: str | None
    division: str | None
    evidence: str | None
    outside: bool = False


class Hop(msgspec.Struct, frozen=True):
    """A shipment that a chain goes over. `outside` of the scope: without quantity and evidence."""

    shipment_id: str
    from_code: str
    to_code: str
    quantity: int | None
    shipped_at: int
    evidence: str | None
    outside: bool = False


class Chain(msgspec.Struct, frozen=True):
    """The chain of a listing, without its nodes and hops."""

    platform_code: str
    listing_id: str
    verdict: str
    status: str
    title: str | None
    category: str | None
    url: str | None
    seller_code: str | None
    producer_code: str | None
    producer_name: str | None
    gtin: str | None
    lot: str | None
    licence_no: str | None
    price_fen: int | None
    sold_30d: int | None
    listed_at: int
    listing_event: str
    gap_names: list[str]
    gaps: list[Gap]
    seller_status: str | None
    producer_status: str | None
    seller_division: str | None
    producer_division: str | None
    seller_penalties: int | None
    recall_level: int | None
    as_of: int
    received_at: int
    revision: int
    assessment: int


class WholeChain(Chain, frozen=True):
    """The chain of a listing with everything that it rests on."""

    nodes: list[Node]
    hops: list[Hop]


class Cause(msgspec.Struct, frozen=True):
    """An event that changed a chain. `occurred_at`: when it happened; `received_at`: when it was known."""

    kind: str
    evidence: str
    publisher: str
    occurred_at: int
    received_at: int


class ChainVersion(msgspec.Struct, frozen=True):
    """What a chain said from `received_at` on, until the next version. `gained`, `lost`: names of gaps that the one
    before did not have, or alone had. `causes`: none where nobody may see them.
    """

    platform_code: str
    listing_id: str
    verdict: str
    status: str
    gap_names: list[str]
    gained: list[str]
    lost: list[str]
    causes: list[Cause]
    listing_event: str
    as_of: int
    received_at: int
    revision: int
    assessment: int


class Feedback(msgspec.Struct, frozen=True):
    """A listing that has gaps, for the platform that shows it."""

    platform_code: str
    listing_id: str
    verdict: str
    title: str | None
    url: str | None
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None
    licence_no: str | None
    gap_names: list[str]
    gaps: list[Gap]
    listed_at: int
    received_at: int


class GapCounts(msgspec.Struct, frozen=True):
    """How many listings have each verdict, and how many each gap, the most first."""

    verdicts: dict[str, int]
    gaps: dict[str, int]


class PlatformCount(msgspec.Struct, frozen=True):
    """How many listings of a platform an alert covers."""

    platform_code: str
    listings: int


class Alert(msgspec.Struct, frozen=True):
    """An alert as it stands. `subject`: a node of traces; `platform_code` and other names are the subject's, None where
    it has none: a lot is of no platform. `verdict`, `gap_names`, `explanation_*`, `triggering`,
    `evidence`: of the listing that was offered last. `act` and what is beside it: what was done with it last.
    """

    alert_id: str
    rule: str
    rule_version: int
    severity: str
    title_zh: str
    title_en: str
    subject_kind: str
    subject: str
    state: str
    handling: str
    change: str
    listings: int
    platforms: list[PlatformCount]
    platform_code: str | None
    listing_id: str | None
    verdict: str
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None
    gap_names: list[str]
    explanation_zh: str
    explanation_en: str
    triggering: str
    evidence: list[str]
    seller_division: str | None
    producer_division: str | None
    bureau: str
    bureau_why: str
    basis: str
    newest_listed_at: int | None
    assignee: str | None
    acknowledged_until: int | None
    resolution: str | None
    act_event: str | None
    act: str | None
    actor: str | None
    note_id: str | None
    acted_at: int | None
    raised_at: int
    changed_at: int
    received_at: int
    sequence: int


class AlertChange(Alert, frozen=True):
    """An alert as it stood after a change. `loaded_at`: when the change came into the tables."""

    loaded_at: int


class FrameRow(msgspec.Struct, frozen=True):
    """A row of what a spot check is drawn from: see `domain/checks/frame.py`."""

    id: str
    parties: list[str]
    stratum: str
    weight: int


class DrawnListing(msgspec.Struct, frozen=True):
    """What the chain of a listing said that was drawn."""

    platform_code: str
    listing_id: str
    title: str | None
    seller_code: str | None
    producer_code: str | None


class CheckAct(msgspec.Struct, frozen=True):
    """What was done with a spot check: an event of kind `check_act`."""

    event_id: str
    publisher: str
    occurred_at: int
    check_id: str
    act: str
    actor: str
    body: str
    tie: int


class OrderAnswer(msgspec.Struct, frozen=True):
    """What somebody said of an order: an event of kind `order_answer`."""

    event_id: str
    publisher: str
    occurred_at: int
    digest: str
    tie: int
    answer: str
    actor: str
    sample: str | None
    spare: str | None
    party: str | None


class OrderResult(msgspec.Struct, frozen=True):
    """A laboratory's report that names an order: the current version of an event of kind `inspection`. `sample_no`: the
    seal; `result`: pass, fail.
    """

    event_id: str
    publisher: str
    occurred_at: int
    digest: str
    tie: int
    agency_code: str
    report_no: str
    sample_no: str
    result: Literal["pass", "fail"]
    failed_items: list[str]
    inspected_on: str


class InspectionOrder(msgspec.Struct, frozen=True):
    """An order of a spot check, an event of kind `order`, and all that was said of it: `answers` in the order in which
    they count, `results`, and whether its check is `cancelled`. How it stands: `queries.order_standing`.
    """

    order_no: str
    check_id: str
    bureau: str
    platform_code: str
    listing_id: str
    title: str | None
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None
    stratum: str
    weight: int
    ticket: str
    officers: list[str]
    items: list[str]
    occurred_at: int
    event_id: str
    digest: str
    answers: list[OrderAnswer]
    results: list[OrderResult]
    cancelled: bool


class ListingAsKnown(msgspec.Struct, frozen=True):
    """What a chain said of a listing and its parties at a moment."""

    platform_code: str
    listing_id: str
    title: str | None
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None


class StratumResult(msgspec.Struct, frozen=True):
    """What the orders of a stratum have found. `rows`: of the frame; `tested`: those with a result, `passed` of them;
    `ended`: orders that will have none (gone, removed, refused, cancelled); `pending`: the others. `rate`: of all rows
    that could be tested, with weights undone, and where it lies for `confidence`, `low` to `high`; None: no result.
    """

    stratum: str
    rows: int
    drawn: int
    tested: int
    passed: int
    pending: int
    ended: int
    rate: float | None
    low: float | None
    high: float | None
    confidence: float


class AlertAct(msgspec.Struct, frozen=True):
    """What somebody did with an alert. `event_id`, `publisher`: of the act; `actor`: who did it; `outcome`: done; void,
    where the state that the alert was in did not allow it; lapsed, a resolution that does not hold now. `note`: what
    was written with it; None: nothing, or it was erased at `note_erased_at`, or it is not what was written then.
    """

    event_id: str
    publisher: str
    alert_id: str
    act: str
    actor: str
    outcome: str
    basis: str | None
    until: int | None
    assignee: str | None
    resolution: str | None
    takedown: bool
    note_id: str | None
    note_hash: str | None
    note: str | None
    note_erased_at: int | None
    occurred_at: int
    received_at: int


class Finding(msgspec.Struct, frozen=True):
    """What a rule finds about a listing, and the alert that it belongs to. `change`: what was said of it last: raised,
    changed or cleared. `evidence`: the first is the listing's own.
    """

    finding_id: str
    alert_id: str
    rule: str
    rule_version: int
    severity: str
    change: str
    subject_kind: str
    subject: str
    platform_code: str
    listing_id: str
    verdict: str
    title: str | None
    seller_code: str | None
    producer_code: str | None
    gtin: str | None
    lot: str | None
    gap_names: list[str]
    listed_at: int
    triggering: str
    evidence: list[str]
    seller_division: str | None
    producer_division: str | None
    bureau: str
    bureau_why: str
    basis: str
    raised_at: int
    changed_at: int
    received_at: int
    sequence: int
    revision: int
    assessment: int


class DivisionFigures(msgspec.Struct, frozen=True):
    """Of what happens in a division. `division`: its first digits, none the whole country, None for what has no known
    one; `name`: as it is called today; `listings`: that are offered; `open_critical` and so on: alerts that stand;
    `serious_per_10k`: of 10,000 listings the critical and high ones, None where there are no listings;
    `median_hours_to_clear`: from raised to cleared, of the alerts that are cleared, None where there are none.
    """

    division: str | None
    name: str | None
    listings: int
    broken: int
    contradicted: int
    open_critical: int
    open_high: int
    open_medium: int
    open_low: int
    serious_per_10k: float | None
    median_hours_to_clear: float | None


class Divisions(msgspec.Struct, frozen=True):
    """A division and what it is divided into: the most serious first, what has no known division last."""

    whole: DivisionFigures
    parts: list[DivisionFigures]


class RuleLoad(msgspec.Struct, frozen=True):
    """What a rule brings to a desk. `raised`: in the days before and today; `open`: that waits there."""

    rule: str
    raised: int
    open: int


class DeskLoad(msgspec.Struct, frozen=True):
    """What a desk has to do. `officers`: how many work there, None where its record does not say; `open`: alerts that
    stand and are not resolved, nor acknowledged until later; `raised`: alerts that came to it, by day, seven days and
    then today, each once a day; `handled`: so those that somebody acknowledged, assigned or resolved; `raised_a_day`:
    the mean of the seven days; what is per officer is None where officers are not known, or none; `over_budget`:
    whether more came than the budget, today or on the mean; `rules`: those of which most came.
    """

    bureau: str
    name_zh: str | None
    name_en: str | None
    officers: int | None
    over_budget: bool
    open: int
    raised_today: int
    raised_a_day: float
    handled_today: int
    handled_a_day: float
    open_per_officer: float | None
    raised_a_day_per_officer: float | None
    raised: list[int]
    handled: list[int]
    rules: list[RuleLoad]


class AlertBudget(msgspec.Struct, frozen=True):
    """The desks that have something to do on a day (in China), those over the budget first. `budget`: alerts that may
    come to a desk in a day.
    """

    day: str
    budget: int
    desks: list[DeskLoad]


class LotName(msgspec.Struct, frozen=True):
    """What names a lot."""

    producer_code: str
    gtin: str
    lot: str


class Link(msgspec.Struct, frozen=True):
    """`quantity` units of `upstream` went into `downstream`, as `evidence` says."""

    upstream: LotName
    downstream: LotName
    quantity: int
    evidence: str


class TracedLot(msgspec.Struct, frozen=True):
    """A lot on a way. `depth`: steps from the lot asked for. `record`, `producer`: None where nobody has published
    them. `inspections`: of the lot, and of its product with no lot named, the latest first. `recalls`: those that cover
    the lot, closed ones too.
    """

    key: LotName
    depth: int
    record: Record | None
    producer: Record | None
    inspections: list[Record]
    recalls: list[Record]


class BackwardTrace(msgspec.Struct, frozen=True):
    """What a lot was made of. `chain`: of the listing asked for; None where a lot was. `lots`: the lot itself first,
    then by depth; none for a listing that declares no lot. `as_of`: what was known then; `happened_by`: of what had
    happened by then; ms UTC, None for now. `cycles`: lots that went into themselves, by what records say.
    """

    as_of: int | None
    happened_by: int | None
    chain: WholeChain | None
    lots: list[TracedLot]
    links: list[Link]
    cycles: list[list[LotName]]


class Holding(msgspec.Struct, frozen=True):
    """Units of a lot at one holder; `held` below 0: more was sent than was received."""

    lot: LotName
    holder: str
    received: int
    sent: int
    held: int


class Offer(msgspec.Struct, frozen=True):
    """An active listing: `certain` where it declares the lot, `possible` where it declares none of the product."""

    certainty: Literal["certain", "possible"]
    chain: Chain


class ForwardTrace(msgspec.Struct, frozen=True):
    """Where lots went. `links`: which were made of which; `holdings`: who received and sent how many; the others as
    in BackwardTrace.
    """

    as_of: int | None
    happened_by: int | None
    lots: list[TracedLot]
    links: list[Link]
    cycles: list[list[LotName]]
    holdings: list[Holding]
    offers: list[Offer]


class DeadLetter(msgspec.Struct, frozen=True):
    """What could not be read, or was not accepted. `event_id`: what its bytes seem to say; `replays`: how often it was
    sent again, the last time at `replayed_at`.
    """

    topic: str
    source_partition: int
    source_offset: int
    kind: str | None
    event_id: str | None
    field: str | None
    reason: str
    payload_bytes: int
    received_at: int
    replays: int
    replayed_at: int | None


class WholeDeadLetter(msgspec.Struct, frozen=True):
    """With its bytes in hex, unless they are withheld: see `sql.whole_dead_letters`."""

    topic: str
    source_partition: int
    source_offset: int
    reason: str
    field: str | None
    kind: str | None
    payload_bytes: int
    received_at: int
    key: str | None
    payload: str
    withheld: bool
    sha256: str | None


class Replay(msgspec.Struct, frozen=True):
    """A time that a dead letter was sent again. `outcome`: accepted, duplicate, dead, or None: not known yet."""

    replayed_at: int
    replayed_partition: int
    replayed_offset: int | None
    edited: bool
    outcome: str | None


class WebhookAttempt(msgspec.Struct, frozen=True):
    """An attempt to deliver a webhook. `delivery`: its webhook-id; `attempt`: 1, 2, 3 and so on; `outcome`: delivered,
    retried, failed, withheld; `status`: of the receiver's answer, None: there was none; `reason`: why it is no success;
    `next_at`: when the next one is due. `alert_partition` and what follows: where what is told lies; None: a test.
    """

    subscription: str
    delivery: str
    attempt: int
    attempted_at: int
    outcome: str
    status: int | None
    reason: str
    milliseconds: int
    next_at: int | None
    alert_partition: int | None
    alert_offset: int | None
    alert_row: int | None


class AuditEntry(msgspec.Struct, frozen=True):
    """An entry of the audit's tree, bytes in hex; `raw` None: its bytes are in their topic alone."""

    leaf_index: int
    leaf: str
    nodes: list[str]
    kind: str
    publisher: str
    event_id: str | None
    digest: str | None
    key: str
    source_topic: str
    source_partition: int
    source_offset: int
    received_at: int
    raw: str | None


class AuditNode(msgspec.Struct, frozen=True):
    """A complete node of the audit's tree, its hash in hex."""

    level: int
    node_index: int
    hash: str


class AuditHead(msgspec.Struct, frozen=True):
    """What was said of the audit's tree at a size: its root in hex, and the signed note where it was signed."""

    size: int
    root: str
    note: str | None
    at: int


class AuditNewest(msgspec.Struct, frozen=True):
    """How far the audit's tree came, and how far it is signed. `signed`: the checkpoint of most entries, the newest of
    these; `unsigned_since`: when the log had the first entries beyond it, ms UTC, None where there are none.
    """

    entries: int
    signed: AuditHead | None
    unsigned_since: int | None


class AuditedEvent(msgspec.Struct, frozen=True):
    """The row of an event of an audited kind. `digest`: as the row has it; `fields`: what it says."""

    kind: str
    publisher: str
    event_id: str
    digest: str
    fields: dict[str, Any] = {}


class Event(msgspec.Struct, frozen=True):
    """An event that is cited. `fields`: what it says, and where and when the log took it."""

    kind: str
    evidence: str
    fields: dict[str, Any]


class EventOutcome(msgspec.Struct, frozen=True):
    """What became of a message that is called as an event. `outcome`: accepted or duplicate, of one that was taken in,
    whose `fields` follow; dead_letter, of one that was not, for the `reason` in `field`. `reused_id`: whether publisher
    and event_id stand for several things. `topic` and what follows: where and when the log took it.
    """

    kind: str
    evidence: str
    outcome: str
    reused_id: bool
    field: str | None
    reason: str | None
    topic: str
    source_partition: int
    source_offset: int
    received_at: int
    fields: dict[str, Any]


class Assessed(msgspec.Struct, frozen=True):
    """A listing event (`evidence`) with which the listing's chain has caught up. `listing_event`: on which the chain
    rests, another one where that was overtaken.
    """

    evidence: str
    listing_id: str
    verdict: str
    gap_names: list[str]
    listing_event: str


class Unmatched(msgspec.Struct, frozen=True):
    """A thing that a record names and nobody knows. `key`: the record's business key."""

    kind: str
    key: list[str]
    publisher: str
    evidence: str
    occurred_at: int
    received_at: int
    missing: str
    producer_code: str
    gtin: str
    lot: str


class ChainsAnew(msgspec.Struct, frozen=True):
    """How many chains were looked at: right, not judged, resting on too much; `wrong`: what is said of others."""

    right: int
    unsettled: int
    too_large: int
    wrong: list[str]


def typed(rows: Iterable[Any], of: type[T]) -> list[T]:
    """Rows of the tables as answers; columns that an answer does not have are left out."""
    return msgspec.convert(list(rows), list[of])  # type: ignore[valid-type]


def plain(answer: msgspec.Struct) -> dict[str, Any]:
    """What JSON says of an answer; the fields of an event beside its name."""
    if isinstance(answer, Event):
        return {"kind": answer.kind, "evidence": answer.evidence, **answer.fields}
    if isinstance(answer, EventOutcome):
        said: dict[str, Any] = {"kind": answer.kind, "evidence": answer.evidence, "outcome": answer.outcome}
        if answer.reason is not None:
            said |= {"field": answer.field, "reason": answer.reason, "topic": answer.topic}
        placed = {name: getattr(answer, name) for name in ("source_partition", "source_offset", "received_at")}
        return {**said, "reused_id": answer.reused_id, **placed, **answer.fields}
    found: dict[str, Any] = msgspec.to_builtins(answer)
    return found


def each_plain(answers: Iterable[S]) -> Iterator[dict[str, Any]]:
    """The same of each."""
    return map(plain, answers)
