"""What can be asked of the tables, whoever has them open: a method for each question.

Each wants a `Scope`: what somebody may see, of whom the answer tells no more (`visible`). Lists are asked for by pages
(`paging`). A question that takes longer than it may, or comes when too many wait, is an error that may be asked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

import msgspec

from suyuan.access.scope import Scope
from suyuan.errors import SuyuanError
from suyuan.queries import questions as q
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
)
from suyuan.queries.budget import OfDesks
from suyuan.queries.check_list import CheckFilter, CheckSummary, PublicCheck
from suyuan.queries.found import Found
from suyuan.queries.hops import Graph
from suyuan.queries.impact import Impact
from suyuan.queries.paging import MOST_ROWS, Page, Paged
from suyuan.queries.questions import (
    AboutNode,
    Anew,
    AsKnown,
    Export,
    FromNode,
    Known,
    Listed,
    OfAlert,
    OfDivision,
    OfDrawn,
    OfEntries,
    OfEvent,
    OfEvents,
    OfListing,
    OfListingEvents,
    OfLot,
    OfProducer,
    OfProduct,
    OfRecall,
    Place,
    Question,
    Subject,
    Whole,
)
from suyuan.queries.registers import OfRegisters, Registers
from suyuan.queries.spool import Spool
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
from suyuan.sinks.damage import Damage

__all__ = [
    "AboutNode",
    "AlertFilter",
    "Anew",
    "AsKnown",
    "AttemptFilter",
    "ChainFilter",
    "CheckFilter",
    "DeadLetterFilter",
    "FeedbackFilter",
    "FindingFilter",
    "FrameFilter",
    "FromNode",
    "NothingProcessed",
    "OfAlert",
    "OfDesks",
    "OfDivision",
    "OfDrawn",
    "OfEntries",
    "OfEvent",
    "OfEvents",
    "OfListing",
    "OfListingEvents",
    "OfLot",
    "OfProducer",
    "OfProduct",
    "OfRecall",
    "OrderFilter",
    "Page",
    "Paged",
    "Queries",
    "UnmatchedFilter",
]

W = TypeVar("W")
A = TypeVar("A")
T = TypeVar("T")


class NothingProcessed(SuyuanError):
    """A data folder in which no process has made tables yet."""


class Queries(Protocol):
    """Every question raises SuyuanError: UNAVAILABLE where the same may be asked again, OutsideScope where the scope
    allows none of what was asked for.
    """

    def answer(self, question: Question[W, A], scope: Scope, wanted: W) -> A:
        """What all questions go through."""

    def spool(self, export: Export[W, T], scope: Scope, whole: Whole[W], spool: Spool) -> None:
        """What all whole lists go through: fills the spool with lines, each a list of rows as JSON. After an error what
        is in it is not all.
        """

    def export(self, export: Export[W, T], scope: Scope, wanted: W, limit: int | None = None) -> Iterator[T]:
        """A whole list, or its first `limit` rows. They are read at once and kept, so that nobody holds a reader by
        being slow; the few of a page are asked for as one.
        """
        if limit is not None and limit <= MOST_ROWS:
            yield from self.answer(export.pages, scope, Listed(wanted, Page(limit))).rows
            return
        with Spool() as spool:
            self.spool(export, scope, Whole(wanted, limit), spool)
            for line in spool.lines():
                yield from msgspec.json.decode(line, type=list[export.row])  # type: ignore[name-defined]

    def chains(self, scope: Scope, wanted: ChainFilter, page: Page) -> Paged[Chain]:
        """Current chains by platform and listing."""
        return self.answer(q.CHAINS, scope, Listed(wanted, page))

    def chain(
        self, scope: Scope, listing: OfListing, as_of: int | None = None, happened_by: int | None = None
    ) -> WholeChain | None:
        """The chain of a listing, as it is or as it was known at `as_of`, resting on nothing later than `happened_by`;
        None for no such listing then.
        """
        return self.answer(q.CHAIN, scope, Known(listing, as_of, happened_by))

    def chain_history(self, scope: Scope, listing: OfListing, page: Page) -> Paged[ChainVersion]:
        """What the chain of a listing said from when on, and why; the newest first."""
        return self.answer(q.CHAIN_HISTORY, scope, Listed(listing, page))

    def first_known(self, scope: Scope, subject: Subject) -> int | None:
        """Since when anything is known of a subject, ms UTC; None: nothing is."""
        return self.answer(q.FIRST_KNOWN, scope, subject)

    def verdicts(self, scope: Scope) -> dict[str, int]:
        """How many current chains have each verdict."""
        return self.answer(q.VERDICTS, scope, None)

    def feedback(self, scope: Scope, wanted: FeedbackFilter, page: Page) -> Paged[Feedback]:
        """Listings with gaps, by platform and listing. What would mend each: `to_mend`."""
        return self.answer(q.FEEDBACK, scope, Listed(wanted, page))

    def gap_counts(self, scope: Scope, wanted: FeedbackFilter) -> GapCounts:
        """Of the listings that the filter wants, how many have each verdict and each gap."""
        return self.answer(q.GAP_COUNTS, scope, wanted)

    def alerts(self, scope: Scope, wanted: AlertFilter, page: Page) -> Paged[Alert]:
        """Alerts as they stand, the newest first."""
        return self.answer(q.ALERTS, scope, Listed(wanted, page))

    def alert(self, scope: Scope, alert: OfAlert) -> Alert | None:
        """How one alert stands; None for no such alert."""
        return self.answer(q.ALERT, scope, alert)

    def alert_history(self, scope: Scope, alert: OfAlert, page: Page) -> Paged[AlertChange]:
        """Every change of one alert, the first first."""
        return self.answer(q.ALERT_HISTORY, scope, Listed(alert, page))

    def alert_acts(self, scope: Scope, alert: OfAlert) -> list[AlertAct]:
        """What people did with one alert, as it counts, and their notes; nothing where the scope shows a part of the
        alert alone, or none.
        """
        return self.answer(q.ALERT_ACTS, scope, alert)

    def findings(self, scope: Scope, wanted: FindingFilter, page: Page) -> Paged[Finding]:
        """Findings by alert, those of each that stand first."""
        return self.answer(q.FINDINGS, scope, Listed(wanted, page))

    def divisions(self, scope: Scope, wanted: OfDivision) -> Divisions | None:
        """Figures of a division and of what it is divided into, the most serious first; None for one that is not within
        the scope.
        """
        return self.answer(q.DIVISIONS, scope, wanted)

    def alert_budget(self, scope: Scope, wanted: OfDesks) -> AlertBudget | None:
        """What the desks have to do beside what they can, those over the budget first; None for a prefix that is not
        within the scope.
        """
        return self.answer(q.ALERT_BUDGET, scope, wanted)

    def trace_back(
        self, scope: Scope, subject: OfListing | OfLot, as_of: int | None = None, happened_by: int | None = None
    ) -> BackwardTrace | None:
        """What a listing's lot, or a lot, was made of; None for no such listing then."""
        return self.answer(q.TRACE_BACK, scope, Known(subject, as_of, happened_by))

    def trace_forward(
        self,
        scope: Scope,
        subject: OfLot | OfProduct | OfProducer,
        as_of: int | None = None,
        happened_by: int | None = None,
    ) -> ForwardTrace:
        """What became of a lot, of a product's, of a producer's lots; who has it, who sells it."""
        return self.answer(q.TRACE_FORWARD, scope, Known(subject, as_of, happened_by))

    def hop(
        self, scope: Scope, wanted: FromNode, as_of: int | None = None, happened_by: int | None = None
    ) -> Graph | None:
        """What is next to a node, backward or forward; what is outside of the scope as stubs. None for a node of which
        the scope shows nothing.
        """
        return self.answer(q.HOP, scope, Known(wanted, as_of, happened_by))

    def records_about(self, scope: Scope, wanted: AboutNode) -> list[Event]:
        """What was published of a node of the graph, what happened last first; every version of each record."""
        return self.answer(q.RECORDS_ABOUT, scope, wanted)

    def impact(self, scope: Scope, recall: OfRecall, as_of: int | None = None) -> Impact | None:
        """What a recall touches, and what became of it; None for none that is or touches anything in the scope."""
        return self.answer(q.IMPACT, scope, Known(recall, as_of))

    def dead_letters(self, scope: Scope, wanted: DeadLetterFilter, page: Page) -> Paged[DeadLetter]:
        """What could not be read, the newest first."""
        return self.answer(q.DEAD_LETTERS, scope, Listed(wanted, page))

    def whole_dead_letters(self, scope: Scope, places: Sequence[Place]) -> list[WholeDeadLetter]:
        """Those at the places that there are."""
        return self.answer(q.WHOLE_DEAD_LETTERS, scope, list(places))

    def replays(self, scope: Scope, place: Place) -> list[Replay]:
        """How often the dead letter at a place was sent again, the first time first."""
        return self.answer(q.REPLAYS, scope, place)

    def events(self, scope: Scope, ids: Sequence[str]) -> list[Event]:
        """The events of evidence ids; of an id without a version all versions."""
        return self.answer(q.EVENTS, scope, list(ids))

    def find(self, scope: Scope, text: str) -> Found:
        """What a text may be that somebody looks up, who uses it, and what is known of them."""
        return self.answer(q.FIND, scope, text)

    def outcomes(self, scope: Scope, evidence: str) -> list[EventOutcome]:
        """What became of an event by its evidence id: of an id without a version of all versions."""
        return self.answer(q.OUTCOMES, scope, evidence)

    def assessed(self, scope: Scope, wanted: OfListingEvents) -> list[Assessed]:
        """Those of the listing events with which the chains have caught up."""
        return self.answer(q.ASSESSED, scope, wanted)

    def known_events(self, scope: Scope, wanted: OfEvents) -> list[tuple[str, str, str]]:
        """Those of the events that the tables have."""
        return self.answer(q.KNOWN_EVENTS, scope, wanted)

    def registers(self, scope: Scope, wanted: OfRegisters) -> Registers:
        """Check items and officers as they are on record now."""
        return self.answer(q.REGISTERS, scope, wanted)

    def audit_entries(self, scope: Scope, first: int) -> list[AuditEntry]:
        """Entries of the audit's tree from the index `first` on, some thousands, in their order; none: no more."""
        return self.answer(q.AUDIT_ENTRIES, scope, first)

    def audit_entries_of(self, scope: Scope, event: OfEvent) -> list[AuditEntry]:
        """The entries of all versions of an event."""
        return self.answer(q.AUDIT_ENTRIES_OF, scope, event)

    def audit_nodes(self, scope: Scope, places: Sequence[tuple[int, int]]) -> list[AuditNode]:
        """The nodes of the audit's tree at (level, index), those that there are."""
        return self.answer(q.AUDIT_NODES, scope, list(places))

    def audit_heads(self, scope: Scope, least: int) -> list[AuditHead]:
        """Every root and every signed checkpoint of the audit's tree of `least` entries or more, by size."""
        return self.answer(q.AUDIT_HEADS, scope, least)

    def audit_checkpoints(self, scope: Scope, least: int) -> list[AuditHead]:
        """Signed checkpoints of the audit's tree of `least` entries or more, by size, a thousand at most. They are for
        everybody.
        """
        return self.answer(q.AUDIT_CHECKPOINTS, scope, least)

    def audit_cosigned(self, scope: Scope) -> AuditHead | None:
        """The checkpoint of most entries that somebody cosigned and was handed back; None: there is none. Everybody may
        know it.
        """
        return self.answer(q.AUDIT_COSIGNED, scope, None)

    def audit_newest(self, scope: Scope) -> AuditNewest:
        """How far the audit's tree came, and how far it is signed, which everybody may know."""
        return self.answer(q.AUDIT_NEWEST, scope, None)

    def audited_events(self, scope: Scope, wanted: OfEntries) -> list[AuditedEvent]:
        """The rows of the events that entries are of, each once."""
        return self.answer(q.AUDITED_EVENTS, scope, wanted)

    def unentered(self, scope: Scope, settled: int) -> list[AuditedEvent]:
        """Accepted events of audited kinds without an entry, of what the log took before `settled` (ms UTC); the first
        hundred.
        """
        return self.answer(q.UNENTERED, scope, settled)

    def reused_ids(self, scope: Scope) -> dict[str, int]:
        """Of each kind, how many event ids stand for more than one thing."""
        return self.answer(q.REUSED_IDS, scope, None)

    def undirected_alerts(self, scope: Scope) -> dict[str, int]:
        """By severity, how many standing alerts have no division that is known."""
        return self.answer(q.UNDIRECTED_ALERTS, scope, None)

    def unmatched(self, scope: Scope, wanted: UnmatchedFilter, page: Page) -> Paged[Unmatched]:
        """What records name and nobody knows, the records taken in last first."""
        return self.answer(q.UNMATCHED, scope, Listed(wanted, page))

    def unmatched_counts(self, scope: Scope, wanted: UnmatchedFilter) -> dict[str, int]:
        """Of each kind, how many records are listed as unmatched."""
        return self.answer(q.UNMATCHED_COUNTS, scope, wanted)

    def webhook_attempts(self, scope: Scope, wanted: AttemptFilter, page: Page) -> Paged[WebhookAttempt]:
        """Attempts to deliver webhooks of a subscription, the newest first."""
        return self.answer(q.WEBHOOK_ATTEMPTS, scope, Listed(wanted, page))

    def checks(self, scope: Scope, wanted: CheckFilter, page: Page) -> Paged[CheckSummary]:
        """How far spot checks have come, the newest years first."""
        return self.answer(q.CHECKS, scope, Listed(wanted, page))

    def frame(self, scope: Scope, wanted: FrameFilter, page: Page) -> Paged[FrameRow]:
        """What a spot check is drawn from, in the byte order of ids."""
        return self.answer(q.FRAME, scope, Listed(wanted, page))

    def check_acts(self, scope: Scope, beginning: str) -> list[CheckAct]:
        """Acts on the spot checks whose ids begin so, in the order of versions."""
        return self.answer(q.CHECK_ACTS, scope, beginning)

    def public_check(self, scope: Scope, check_id: str) -> PublicCheck | None:
        """What everybody may know of a spot check; None: there is none."""
        return self.answer(q.PUBLIC_CHECK, scope, check_id)

    def outside_of_frame(self, scope: Scope, wanted: FrameFilter) -> int:
        """How many rows of a frame the scope does not show."""
        return self.answer(q.OUTSIDE_OF_FRAME, scope, wanted)

    def drawn_listings(self, scope: Scope, wanted: OfDrawn) -> list[DrawnListing]:
        """What chains said of listings that were drawn, as far as the scope shows them."""
        return self.answer(q.DRAWN_LISTINGS, scope, wanted)

    def orders(self, scope: Scope, wanted: OrderFilter, page: Page) -> Paged[InspectionOrder]:
        """Orders of spot checks with what was said of them, those of the newest check first."""
        return self.answer(q.ORDERS, scope, Listed(wanted, page))

    def listings_as_known(self, scope: Scope, wanted: AsKnown) -> list[ListingAsKnown]:
        """What chains said of listings at a moment."""
        return self.answer(q.LISTINGS_AS_KNOWN, scope, wanted)

    def check_results(self, scope: Scope, check_id: str) -> list[StratumResult]:
        """What a spot check has found, by stratum, with pass rates and their intervals."""
        return self.answer(q.CHECK_RESULTS, scope, check_id)

    def damage(self, scope: Scope) -> list[Damage]:
        """Parts of the tables that are not as they were written."""
        return self.answer(q.DAMAGE, scope, None)

    def chains_anew(self, scope: Scope, wanted: Anew) -> ChainsAnew:
        """Some chains, assessed anew from the records."""
        return self.answer(q.CHAINS_ANEW, scope, wanted)

    def ping(self, scope: Scope) -> None:
        """Whether somebody answers."""
        self.answer(q.PING, scope, None)
