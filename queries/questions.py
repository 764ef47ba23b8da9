"""The table of questions: what each wants to know, what it is answered with, and who answers it with SQL.

Whoever asks from another process and whoever answers there are both made from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Generic, TypeVar

import msgspec

from suyuan.access.scope import Scope
from suyuan.queries import sql, tracing
from suyuan.queries.answers import (
    Alert,
    AlertAct,
    AlertBudget,
    AlertChange,
    Assessed,
    AuditedEvent,
    AuditEntry,
    AuditHead,
    AuditNewest,
    AuditNode,
    BackwardTrace,
    Chain,
    ChainsAnew,
    ChainVersion,
    CheckAct,
    DeadLetter,
    Divisions,
    DrawnListing,
    Event,
    EventOutcome,
    Feedback,
    Finding,
    ForwardTrace,
    FrameRow,
    GapCounts,
    InspectionOrder,
    ListingAsKnown,
    Replay,
    StratumResult,
    Unmatched,
    WebhookAttempt,
    WholeChain,
    WholeDeadLetter,
    typed,
)
from suyuan.queries.budget import OfDesks, alert_budget
from suyuan.queries.budgets import Use
from suyuan.queries.chain_check import ChainChecker
from suyuan.queries.chain_check.describing import describe
from suyuan.queries.chain_check.recent import Recent
from suyuan.queries.check_list import CheckFilter, CheckSummary, PublicCheck, checks, public_check
from suyuan.queries.divisions import divisions
from suyuan.queries.find import find
from suyuan.queries.found import Found
from suyuan.queries.hops import MOST_EDGES, Direction, Graph, NodeKey, hop
from suyuan.queries.impact import Impact, impact
from suyuan.queries.paging import MOST_ROWS, ListQuery, Page, Paged
from suyuan.queries.records import LotKey
from suyuan.queries.registers import OfRegisters, Registers, registers
from suyuan.queries.sql import (
    AlertFilter,
    AttemptFilter,
    ChainFilter,
    DeadLetterFilter,
    FeedbackFilter,
    FindingFilter,
    FrameFilter,
    OrderFilter,
    UnmatchedFilter,
)
from suyuan.queries.visible import must_see_everything
from suyuan.sinks.damage import Damage, damage
from suyuan.sinks.readers import Reader

W = TypeVar("W")
A = TypeVar("A")
T = TypeVar("T")

Place = tuple[str, int, int]
"""topic, partition, offset of a dead letter"""


class Listed(msgspec.Struct, Generic[W], frozen=True):
    """A page of the rows that are wanted."""

    wanted: W
    page: Page


class OfListing(msgspec.Struct, frozen=True, tag="listing"):
    """What names a listing."""

    platform_code: str
    listing_id: str


class OfLot(msgspec.Struct, frozen=True, tag="lot"):
    """What names a lot."""

    producer_code: str
    gtin: str
    lot: str


class OfProduct(msgspec.Struct, frozen=True, tag="product"):
    """What names a product."""

    gtin: str


class OfProducer(msgspec.Struct, frozen=True, tag="producer"):
    """What names a producer."""

    producer_code: str


class OfDrawn(msgspec.Struct, frozen=True):
    """Listings (platform, listing), as they were known at a moment, ms UTC."""

    listings: list[tuple[str, str]]
    as_known_at: int


class OfAlert(msgspec.Struct, frozen=True):
    """What names an alert."""

    alert_id: str


class OfRecall(msgspec.Struct, frozen=True, tag="recall"):
    """What names a recall."""

    producer_code: str
    recall_no: str


class OfDivision(msgspec.Struct, frozen=True):
    """What names a division: its first digits, none the whole country, None the widest of the scope. `on`: a day by
    which divisions are in force.
    """

    prefix: str | None
    on: dt.date


class FromNode(msgspec.Struct, frozen=True):
    """Up to `hops` hops from a node of the graph (`hops.nodes`) over at most `limit` edges."""

    node: str
    direction: Direction
    hops: int = 1
    limit: int = MOST_EDGES


class AboutNode(msgspec.Struct, frozen=True):
    """The latest `limit` records about a node of the graph (`hops.nodes`), of what happened at `since` or later and
    before `until`, ms UTC.
    """

    node: str
    limit: int
    since: int | None = None
    until: int | None = None


Subject = OfListing | OfLot | OfProduct | OfProducer
"""what can be asked after"""


class Known(msgspec.Struct, Generic[W], frozen=True):
    """A subject as it was known at `as_of` (ms UTC), by what had happened at `happened_by`; None: as it is."""

    subject: W
    as_of: int | None
    happened_by: int | None = None


class OfEvents(msgspec.Struct, frozen=True):
    """Events of a kind by (publisher, event_id, digest); `firsts`: see sql.known_events."""

    kind: str
    firsts: list[str]
    names: list[tuple[str, str, str]]


class OfEvent(msgspec.Struct, frozen=True):
    """What names an event, all of its versions."""

    kind: str
    publisher: str
    event_id: str


class OfEntries(msgspec.Struct, frozen=True):
    """Events of a kind that entries of the audit's tree are of, from the index `first` to before `end`."""

    kind: str
    first: int
    end: int


class OfListingEvents(msgspec.Struct, frozen=True):
    """Listing events of a platform: (listing_id, event_id, evidence id) of each."""

    platform_code: str
    events: list[tuple[str, str, str]]


class AsKnown(msgspec.Struct, frozen=True):
    """Listings (platform, listing) as chains knew them at `as_known_at`, ms UTC."""

    as_known_at: int
    listings: list[tuple[str, str]]


class Anew(msgspec.Struct, frozen=True):
    """About `count` chains, chosen by chance; what came after `settled` (ms UTC) is not judged. `partitions`: that the
    topics have.
    """

    settled: int
    count: int
    partitions: int


@dataclass(frozen=True, slots=True)
class Question(Generic[W, A]):
    """`wanted`, `answer`: types, for whoever reads them from bytes. `use`: which readers it takes."""

    name: str
    wanted: Any
    answer: Any
    use: Callable[[W], Use]
    ask: Callable[[Reader, Scope, W], A]


class Whole(msgspec.Struct, Generic[W], frozen=True):
    """All the rows that are wanted; of `limit` the first so many."""

    wanted: W
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Export(Generic[W, T]):
    """A whole list. `wanted`: type, for whoever reads it from bytes; `row`: of what it has; `pages`: the question for
    a page of it.
    """

    name: str
    wanted: Any
    row: type[T]
    query: Callable[[Scope, W], ListQuery]
    pages: Question[Listed[W], Paged[T]]


def _always(use: Use) -> Callable[[Any], Use]:
    return lambda _wanted: use


def _of_page(listed: Listed[Any]) -> Use:
    return Use.EXPORT if listed.page.limit > MOST_ROWS else Use.INTERACTIVE


def _typed(page: Paged[Any], of: type[T]) -> Paged[T]:
    return Paged(typed(page.rows, of), page.after, page.more)


def _chains(reader: Reader, scope: Scope, listed: Listed[ChainFilter]) -> Paged[Chain]:
    return _typed(sql.chains(reader, scope, listed.wanted, listed.page), Chain)


def _chain(reader: Reader, scope: Scope, wanted: Known[OfListing]) -> WholeChain | None:
    listing = wanted.subject
    row = sql.chain(reader, scope, listing.platform_code, listing.listing_id, wanted.as_of, wanted.happened_by)
    return None if row is None else msgspec.convert(row, WholeChain)


def _chain_history(reader: Reader, scope: Scope, listed: Listed[OfListing]) -> Paged[ChainVersion]:
    listing = listed.wanted
    page = sql.chain_versions(reader, scope, listing.platform_code, listing.listing_id, listed.page)
    return _typed(page, ChainVersion)


def _first_known(reader: Reader, scope: Scope, subject: Subject) -> int | None:
    match subject:
        case OfListing(platform_code, listing_id):
            return sql.first_chain(reader, scope, platform_code, listing_id)
        case OfLot(producer_code, gtin, lot):
            named = {"producer_code": producer_code, "gtin": gtin, "lot": lot}
        case OfProduct(gtin):
            named = {"gtin": gtin}
        case OfProducer(producer_code):
            named = {"producer_code": producer_code}
    return sql.first_record(reader, scope, named)


def _verdicts(reader: Reader, scope: Scope, _: None) -> dict[str, int]:
    return sql.verdicts(reader, scope)


def _feedback(reader: Reader, scope: Scope, listed: Listed[FeedbackFilter]) -> Paged[Feedback]:
    return _typed(sql.feedback(reader, scope, listed.wanted, listed.page), Feedback)


def _gap_counts(reader: Reader, scope: Scope, wanted: FeedbackFilter) -> GapCounts:
    return msgspec.convert(sql.gap_counts(reader, scope, wanted), GapCounts)


def _alerts(reader: Reader, scope: Scope, listed: Listed[AlertFilter]) -> Paged[Alert]:
    return _typed(sql.alerts(reader, scope, listed.wanted, listed.page), Alert)


def _alert(reader: Reader, scope: Scope, wanted: OfAlert) -> Alert | None:
    row = sql.alert(reader, scope, wanted.alert_id)
    return None if row is None else msgspec.convert(row, Alert)


def _alert_history(reader: Reader, scope: Scope, listed: Listed[OfAlert]) -> Paged[AlertChange]:
    return _typed(sql.alert_history(reader, scope, listed.wanted.alert_id, listed.page), AlertChange)


def _alert_acts(reader: Reader, scope: Scope, wanted: OfAlert) -> list[AlertAct]:
    return typed(sql.alert_acts(reader, scope, wanted.alert_id), AlertAct)


def _findings(reader: Reader, scope: Scope, listed: Listed[FindingFilter]) -> Paged[Finding]:
    return _typed(sql.findings(reader, scope, listed.wanted, listed.page), Finding)


def _divisions(reader: Reader, scope: Scope, wanted: OfDivision) -> Divisions | None:
    return divisions(reader, scope, wanted.prefix, wanted.on)


def _alert_budget(reader: Reader, scope: Scope, wanted: OfDesks) -> AlertBudget | None:
    return alert_budget(reader, scope, wanted)


def _trace_back(reader: Reader, scope: Scope, wanted: Known[OfListing | OfLot]) -> BackwardTrace | None:
    moments = (wanted.as_of, wanted.happened_by)
    match wanted.subject:
        case OfListing(platform_code, listing_id):
            found = tracing.trace_listing(reader, scope, platform_code, listing_id, *moments)
        case OfLot(producer_code, gtin, lot):
            found = tracing.trace_lot(reader, scope, LotKey(producer_code, gtin, lot), *moments)
    return None if found is None else msgspec.convert(_plain(asdict(found)), BackwardTrace)


def _trace_forward(reader: Reader, scope: Scope, wanted: Known[OfLot | OfProduct | OfProducer]) -> ForwardTrace:
    moments = (wanted.as_of, wanted.happened_by)
    match wanted.subject:
        case OfLot(producer_code, gtin, lot):
            found = tracing.trace_lot_forward(reader, scope, LotKey(producer_code, gtin, lot), *moments)
        case OfProduct(gtin):
            found = tracing.trace_product(reader, scope, gtin, *moments)
        case OfProducer(producer_code):
            found = tracing.trace_producer(reader, scope, producer_code, *moments)
    holdings = [{**asdict(holding), "held": holding.held} for holding in found.holdings]
    return msgspec.convert(_plain({**asdict(found), "holdings": holdings}), ForwardTrace)


def _hop(reader: Reader, scope: Scope, wanted: Known[FromNode]) -> Graph | None:
    node = wanted.subject
    return hop(
        reader,
        scope,
        NodeKey.parse(node.node),
        node.direction,
        hops=node.hops,
        limit=node.limit,
        as_of=wanted.as_of,
        happened_by=wanted.happened_by,
    )


def _records_about(reader: Reader, scope: Scope, wanted: AboutNode) -> list[Event]:
    node = NodeKey.parse(wanted.node)
    window, limit = (wanted.since, wanted.until), min(wanted.limit, MOST_ROWS)
    rows = sql.records_about(reader, scope, node.kind, node.parts, window, limit)
    return [Event(row.pop("kind"), row.pop("evidence"), _plain(row)) for row in rows]


def _impact(reader: Reader, scope: Scope, wanted: Known[OfRecall]) -> Impact | None:
    return impact(reader, scope, wanted.subject.producer_code, wanted.subject.recall_no, wanted.as_of)


def _dead_letters(reader: Reader, scope: Scope, listed: Listed[DeadLetterFilter]) -> Paged[DeadLetter]:
    return _typed(sql.dead_letters(reader, scope, listed.wanted, listed.page), DeadLetter)


def _whole_dead_letters(reader: Reader, scope: Scope, places: list[Place]) -> list[WholeDeadLetter]:
    return typed(sql.whole_dead_letters(reader, scope, places), WholeDeadLetter)


def _replays(reader: Reader, scope: Scope, place: Place) -> list[Replay]:
    return typed(sql.replays(reader, scope, place), Replay)


def _events(reader: Reader, scope: Scope, ids: list[str]) -> list[Event]:
    return [
        Event(row.pop("kind"), row.pop("evidence"), _plain(row)) for row in sql.events_by_evidence(reader, scope, ids)
    ]


def _find(reader: Reader, scope: Scope, text: str) -> Found:
    return find(reader, scope, text)


def _outcomes(reader: Reader, scope: Scope, evidence: str) -> list[EventOutcome]:
    rows = sql.outcomes(reader, scope, evidence)
    return typed([row | {"fields": _plain(row["fields"])} for row in rows], EventOutcome)


def _assessed(reader: Reader, scope: Scope, wanted: OfListingEvents) -> list[Assessed]:
    return typed(sql.assessed(reader, scope, wanted.platform_code, wanted.events), Assessed)


def _registers(reader: Reader, scope: Scope, wanted: OfRegisters) -> Registers:
    return registers(reader, scope, wanted)


def _known_events(reader: Reader, scope: Scope, wanted: OfEvents) -> list[tuple[str, str, str]]:
    rows = sql.known_events(reader, scope, wanted.kind, wanted.firsts, wanted.names)
    return [(row["publisher"], row["event_id"], row["digest"]) for row in rows]


def _reused_ids(reader: Reader, scope: Scope, _: None) -> dict[str, int]:
    return sql.count_reused_ids(reader, scope)


def _undirected_alerts(reader: Reader, scope: Scope, _: None) -> dict[str, int]:
    must_see_everything(scope, "alerts of no known division")
    return sql.count_undirected(reader)


def _unmatched(reader: Reader, scope: Scope, listed: Listed[UnmatchedFilter]) -> Paged[Unmatched]:
    return _typed(sql.unmatched(reader, scope, listed.wanted, listed.page), Unmatched)


def _unmatched_counts(reader: Reader, scope: Scope, wanted: UnmatchedFilter) -> dict[str, int]:
    return sql.count_unmatched(reader, scope, wanted)


def _webhook_attempts(reader: Reader, scope: Scope, listed: Listed[AttemptFilter]) -> Paged[WebhookAttempt]:
    return _typed(sql.webhook_attempts(reader, scope, listed.wanted, listed.page), WebhookAttempt)


def _frame(reader: Reader, scope: Scope, listed: Listed[FrameFilter]) -> Paged[FrameRow]:
    return _typed(sql.frame(reader, scope, listed.wanted, listed.page), FrameRow)


def _check_acts(reader: Reader, scope: Scope, beginning: str) -> list[CheckAct]:
    return typed(sql.check_acts(reader, scope, beginning), CheckAct)


def _checks(reader: Reader, scope: Scope, listed: Listed[CheckFilter]) -> Paged[CheckSummary]:
    return checks(reader, scope, listed.wanted, listed.page)


def _public_check(reader: Reader, _scope: Scope, check_id: str) -> PublicCheck | None:
    return public_check(reader, check_id)


def _outside_of_frame(reader: Reader, scope: Scope, wanted: FrameFilter) -> int:
    return sql.outside_of_frame(reader, scope, wanted)


def _drawn_listings(reader: Reader, scope: Scope, wanted: OfDrawn) -> list[DrawnListing]:
    return typed(sql.drawn_listings(reader, scope, wanted.listings, wanted.as_known_at), DrawnListing)


def _orders(reader: Reader, scope: Scope, listed: Listed[OrderFilter]) -> Paged[InspectionOrder]:
    return sql.orders(reader, scope, listed.wanted, listed.page)


def _listings_as_known(reader: Reader, scope: Scope, wanted: AsKnown) -> list[ListingAsKnown]:
    return sql.listings_as_known(reader, scope, wanted.as_known_at, wanted.listings)


def _check_results(reader: Reader, scope: Scope, check_id: str) -> list[StratumResult]:
    return sql.check_results(reader, scope, check_id)


def _damage(reader: Reader, scope: Scope, _: None) -> list[Damage]:
    must_see_everything(scope, "damage of the tables")
    return list(damage(reader.client))


def _chains_anew(reader: Reader, scope: Scope, wanted: Anew) -> ChainsAnew:
    must_see_everything(scope, "chains assessed anew")
    checker = ChainChecker(reader, Random(), wanted.count)  # noqa: S311 -- spreads the looks
    look = checker.look(Recent(wanted.settled), wanted.settled)
    wrong = [describe(found, wanted.partitions) for found in look.differing]
    return ChainsAnew(look.right, look.unsettled, look.too_large, wrong)


def _audit_entries(reader: Reader, scope: Scope, first: int) -> list[AuditEntry]:
    return typed(sql.audit_entries(reader, scope, first), AuditEntry)


def _audit_entries_of(reader: Reader, scope: Scope, event: OfEvent) -> list[AuditEntry]:
    return typed(sql.audit_entries_of(reader, scope, event.kind, event.publisher, event.event_id), AuditEntry)


def _audit_nodes(reader: Reader, scope: Scope, places: list[tuple[int, int]]) -> list[AuditNode]:
    return typed(sql.audit_nodes(reader, scope, places), AuditNode)


def _audit_heads(reader: Reader, scope: Scope, least: int) -> list[AuditHead]:
    return typed(sql.audit_heads(reader, scope, least), AuditHead)


def _audit_checkpoints(reader: Reader, scope: Scope, least: int) -> list[AuditHead]:
    return typed(sql.audit_checkpoints(reader, scope, least), AuditHead)


def _audit_cosigned(reader: Reader, scope: Scope, _: None) -> AuditHead | None:
    found = typed(sql.audit_cosigned(reader, scope), AuditHead)
    return found[0] if found else None


def _audit_newest(reader: Reader, scope: Scope, _: None) -> AuditNewest:
    entries, signed, since = sql.audit_newest(reader, scope)
    return AuditNewest(entries, typed([signed], AuditHead)[0] if signed else None, since)


def _audited_events(reader: Reader, scope: Scope, wanted: OfEntries) -> list[AuditedEvent]:
    rows = sql.audited_events(reader, scope, wanted.kind, wanted.first, wanted.end)
    return [AuditedEvent(wanted.kind, row["publisher"], row["event_id"], row["digest"], _plain(row)) for row in rows]


def _unentered(reader: Reader, scope: Scope, settled: int) -> list[AuditedEvent]:
    return typed(sql.unentered(reader, scope, settled), AuditedEvent)


def _ping(_: Reader, __: Scope, ___: None) -> None:
    """That it answers is the answer."""


CHAINS = Question("chains", Listed[ChainFilter], Paged[Chain], _of_page, _chains)
CHAIN = Question("chain", Known[OfListing], WholeChain | None, _always(Use.INTERACTIVE), _chain)
CHAIN_HISTORY = Question(
    "chain_history", Listed[OfListing], Paged[ChainVersion], _always(Use.INTERACTIVE), _chain_history
)
FIRST_KNOWN = Question("first_known", Subject, int | None, _always(Use.INTERACTIVE), _first_known)
VERDICTS = Question("verdicts", None, dict[str, int], _always(Use.INTERACTIVE), _verdicts)
FEEDBACK = Question("feedback", Listed[FeedbackFilter], Paged[Feedback], _of_page, _feedback)
GAP_COUNTS = Question("gap_counts", FeedbackFilter, GapCounts, _always(Use.INTERACTIVE), _gap_counts)
ALERTS = Question("alerts", Listed[AlertFilter], Paged[Alert], _of_page, _alerts)
ALERT = Question("alert", OfAlert, Alert | None, _always(Use.INTERACTIVE), _alert)
ALERT_HISTORY = Question("alert_history", Listed[OfAlert], Paged[AlertChange], _always(Use.INTERACTIVE), _alert_history)
ALERT_ACTS = Question("alert_acts", OfAlert, list[AlertAct], _always(Use.INTERACTIVE), _alert_acts)
FINDINGS = Question("findings", Listed[FindingFilter], Paged[Finding], _of_page, _findings)
DIVISIONS = Question("divisions", OfDivision, Divisions | None, _always(Use.INTERACTIVE), _divisions)
ALERT_BUDGET = Question("alert_budget", OfDesks, AlertBudget | None, _always(Use.INTERACTIVE), _alert_budget)
TRACE_BACK = Question("trace_back", Known[OfListing | OfLot], BackwardTrace | None, _always(Use.TRACE), _trace_back)
TRACE_FORWARD = Question(
    "trace_forward", Known[OfLot | OfProduct | OfProducer], ForwardTrace, _always(Use.TRACE), _trace_forward
)
HOP = Question("hop", Known[FromNode], Graph | None, _always(Use.TRACE), _hop)
RECORDS_ABOUT = Question("records_about", AboutNode, list[Event], _always(Use.INTERACTIVE), _records_about)
IMPACT = Question("impact", Known[OfRecall], Impact | None, _always(Use.TRACE), _impact)
DEAD_LETTERS = Question("dead_letters", Listed[DeadLetterFilter], Paged[DeadLetter], _of_page, _dead_letters)
WHOLE_DEAD_LETTERS = Question(
    "whole_dead_letters", list[Place], list[WholeDeadLetter], _always(Use.EXPORT), _whole_dead_letters
)
REPLAYS = Question("replays", Place, list[Replay], _always(Use.INTERACTIVE), _replays)
EVENTS = Question("events", list[str], list[Event], _always(Use.INTERACTIVE), _events)
FIND = Question("find", str, Found, _always(Use.INTERACTIVE), _find)
OUTCOMES = Question("outcomes", str, list[EventOutcome], _always(Use.INTERACTIVE), _outcomes)
ASSESSED = Question("assessed", OfListingEvents, list[Assessed], _always(Use.FEED), _assessed)
KNOWN_EVENTS = Question("known_events", OfEvents, list[tuple[str, str, str]], _always(Use.INTERACTIVE), _known_events)
REGISTERS = Question("registers", OfRegisters, Registers, _always(Use.INTERACTIVE), _registers)
REUSED_IDS = Question("reused_ids", None, dict[str, int], _always(Use.VERIFIER), _reused_ids)
UNDIRECTED_ALERTS = Question("undirected_alerts", None, dict[str, int], _always(Use.VERIFIER), _undirected_alerts)
UNMATCHED = Question("unmatched", Listed[UnmatchedFilter], Paged[Unmatched], _always(Use.EXPORT), _unmatched)
UNMATCHED_COUNTS = Question(
    "unmatched_counts", UnmatchedFilter, dict[str, int], _always(Use.VERIFIER), _unmatched_counts
)
WEBHOOK_ATTEMPTS = Question(
    "webhook_attempts", Listed[AttemptFilter], Paged[WebhookAttempt], _always(Use.INTERACTIVE), _webhook_attempts
)
FRAME = Question("frame", Listed[FrameFilter], Paged[FrameRow], _of_page, _frame)
CHECK_ACTS = Question("check_acts", str, list[CheckAct], _always(Use.INTERACTIVE), _check_acts)
CHECKS = Question("checks", Listed[CheckFilter], Paged[CheckSummary], _of_page, _checks)
PUBLIC_CHECK = Question("public_check", str, PublicCheck | None, _always(Use.INTERACTIVE), _public_check)
OUTSIDE_OF_FRAME = Question("outside_of_frame", FrameFilter, int, _always(Use.EXPORT), _outside_of_frame)
DRAWN_LISTINGS = Question("drawn_listings", OfDrawn, list[DrawnListing], _always(Use.INTERACTIVE), _drawn_listings)
ORDERS = Question("orders", Listed[OrderFilter], Paged[InspectionOrder], _of_page, _orders)
LISTINGS_AS_KNOWN = Question(
    "listings_as_known", AsKnown, list[ListingAsKnown], _always(Use.INTERACTIVE), _listings_as_known
)
CHECK_RESULTS = Question("check_results", str, list[StratumResult], _always(Use.INTERACTIVE), _check_results)
DAMAGE = Question("damage", None, list[Damage], _always(Use.VERIFIER), _damage)
CHAINS_ANEW = Question("chains_anew", Anew, ChainsAnew, _always(Use.VERIFIER), _chains_anew)
AUDIT_ENTRIES = Question("audit_entries", int, list[AuditEntry], _always(Use.VERIFIER), _audit_entries)
AUDIT_ENTRIES_OF = Question("audit_entries_of", OfEvent, list[AuditEntry], _always(Use.INTERACTIVE), _audit_entries_of)
AUDIT_NODES = Question("audit_nodes", list[tuple[int, int]], list[AuditNode], _always(Use.INTERACTIVE), _audit_nodes)
AUDIT_HEADS = Question("audit_heads", int, list[AuditHead], _always(Use.VERIFIER), _audit_heads)
AUDIT_CHECKPOINTS = Question("audit_checkpoints", int, list[AuditHead], _always(Use.INTERACTIVE), _audit_checkpoints)
AUDIT_COSIGNED = Question("audit_cosigned", None, AuditHead | None, _always(Use.VERIFIER), _audit_cosigned)
AUDIT_NEWEST = Question("audit_newest", None, AuditNewest, _always(Use.INTERACTIVE), _audit_newest)
AUDITED_EVENTS = Question("audited_events", OfEntries, list[AuditedEvent], _always(Use.VERIFIER), _audited_events)
UNENTERED = Question("unentered", int, list[AuditedEvent], _always(Use.VERIFIER), _unentered)
PING = Question("ping", None, None, _always(Use.INTERACTIVE), _ping)

_ALL: Iterable[Question[Any, Any]] = (
    *(CHAINS, CHAIN, CHAIN_HISTORY, FIRST_KNOWN),
    *(HOP, IMPACT, RECORDS_ABOUT),
    *(VERDICTS, ALERTS, TRACE_BACK, TRACE_FORWARD, DEAD_LETTERS),
    *(WHOLE_DEAD_LETTERS, REPLAYS, EVENTS, FIND, REUSED_IDS, UNDIRECTED_ALERTS),
    *(UNMATCHED, UNMATCHED_COUNTS, DAMAGE, CHAINS_ANEW, PING),
    *(OUTCOMES, ASSESSED, KNOWN_EVENTS, REGISTERS),
    *(
        AUDIT_ENTRIES,
        AUDIT_ENTRIES_OF,
        AUDIT_NODES,
        AUDIT_HEADS,
        AUDIT_CHECKPOINTS,
        AUDIT_COSIGNED,
        AUDIT_NEWEST,
        AUDITED_EVENTS,
        UNENTERED,
    ),
    *(WEBHOOK_ATTEMPTS, FEEDBACK, GAP_COUNTS, ALERT, ALERT_HISTORY, ALERT_ACTS, FINDINGS, DIVISIONS),
    *(ALERT_BUDGET, FRAME, CHECK_ACTS, CHECKS, PUBLIC_CHECK, OUTSIDE_OF_FRAME, DRAWN_LISTINGS),
    *(ORDERS, LISTINGS_AS_KNOWN, CHECK_RESULTS),
)
QUESTIONS = {question.name: question for question in _ALL}
"""every one, by its name in messages between processes"""

EVERY_ROW = Export("every_row", Whole[FrameFilter], FrameRow, sql.list_of_frame, FRAME)
EVERY_CHAIN = Export("every_chain", Whole[ChainFilter], Chain, sql.list_of_chains, CHAINS)
EVERY_ALERT = Export("every_alert", Whole[AlertFilter], Alert, sql.list_of_alerts, ALERTS)
EVERY_FINDING = Export("every_finding", Whole[FindingFilter], Finding, sql.list_of_findings, FINDINGS)
EVERY_DEAD_LETTER = Export(
    "every_dead_letter", Whole[DeadLetterFilter], DeadLetter, sql.list_of_dead_letters, DEAD_LETTERS
)
EVERY_UNMATCHED = Export("every_unmatched", Whole[UnmatchedFilter], Unmatched, sql.list_of_unmatched, UNMATCHED)
EVERY_FEEDBACK = Export("every_feedback", Whole[FeedbackFilter], Feedback, sql.list_of_feedback, FEEDBACK)
_EXPORTS: Iterable[Export[Any, Any]] = (
    *(EVERY_CHAIN, EVERY_FEEDBACK, EVERY_ALERT, EVERY_FINDING),
    *(EVERY_DEAD_LETTER, EVERY_UNMATCHED, EVERY_ROW),
)
EXPORTS = {export.name: export for export in _EXPORTS}
"""every one, by its name in messages between processes"""


def _plain(value: Any) -> Any:
    """As JSON can hold it."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, LotKey):
        return value._asdict()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
