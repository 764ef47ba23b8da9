"""The life of an order: what the set of answers and the results known now give, whatever order they came in.

| state            | answer or result               | becomes   | keeps                    |
|------------------|--------------------------------|-----------|--------------------------|
| issued           | accepted                       | accepted  |                          |
| issued, accepted | refused, gone, removed         | that, end |                          |
| accepted         | bought                         | bought    |                          |
| bought           | delivered                      | delivered |                          |
| delivered        | unpacked                       | unpacked  | numbers of sample, spare |
| unpacked         | result of the sample           | tested    | result                   |
| tested           | told, one party after another  | told      | who, on which day        |
| told of a fail   | objected, within the days      | objected  | who                      |
| objected         | result of the spare            | retested  | result                   |
| retested         | told anew, to all of them      | final     |                          |

A result is an inspection with the order's number that names the seal of the sample, or of the spare, whenever it was
published: it belongs to that seal, not to a moment. All who are concerned are told: of a pass the seller, of a fail
the labelled producer, where there is one, and the platform too. Any other answer is void: it is kept, and changes
nothing. An order of a cancelled check is cancelled, unless there is a result.

There is no clock here: told of a pass it is final at once, of a fail once the days for an objection are over, which
readers tell (`state_at`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

from suyuan.domain.calendar import china_day, days_after
from suyuan.domain.records import Event

AnswerName = Literal["accepted", "refused", "gone", "removed", "bought", "delivered", "unpacked", "told", "objected"]
ANSWERS: tuple[AnswerName, ...] = get_args(AnswerName)
Party = Literal["seller", "producer", "platform"]
PARTIES: tuple[Party, ...] = get_args(Party)
State = Literal[
    "issued", "accepted", "refused", "gone", "removed", "bought", "delivered", "unpacked", "tested", "told", "objected",
    "retested", "final", "cancelled",
]  # fmt: skip
STATES: tuple[State, ...] = get_args(State)
Verdict = Literal["pass", "fail"]


class Answer(Event, frozen=True, kw_only=True):
    """What became of an order, by whoever did it. `sample`, `spare`: numbers of the seals, with `unpacked`; `party`:
    who was told, or has objected. `answer` may be of a later version.
    """

    order_no: str
    answer: str
    actor: str
    sample: str | None = None
    spare: str | None = None
    party: str | None = None


class Result(NamedTuple):
    """An inspection with the order's number. `recency`: its place among versions of the same report."""

    agency_code: str
    report_no: str
    seal: str
    verdict: Verdict
    inspected_on: dt.date
    recency: tuple[int, str, str, int]


class Facts(NamedTuple):
    """What is the case now. `producer`: whether the listing names one; `cancelled`: whether the check is;
    `objection_days`: see `deadlines.py`.
    """

    results: frozenset[Result] = frozenset()
    producer: bool = True
    cancelled: bool = False
    objection_days: int = 15


class Life(NamedTuple):
    """What has become of an order. `told`: who, and on which day in China; `result`, `retest`: of sample and spare;
    `objected_by`: a party; `void`: answers without effect, by (publisher, event_id); `stray`: results that are of no
    seal of the order, or another than the first of one.
    """

    state: State = "issued"
    sample: str | None = None
    spare: str | None = None
    result: Result | None = None
    told: tuple[tuple[str, dt.date], ...] = ()
    objected_by: str | None = None
    retest: Result | None = None
    void: tuple[tuple[str, str], ...] = ()
    stray: frozenset[Result] = frozenset()

    @property
    def verdict(self) -> Verdict | None:
        """What the order has found: the spare's result, where there is one."""
        found = self.retest or self.result
        return found.verdict if found else None


def fold(answers: Iterable[Answer], facts: Facts) -> Life:
    """The life that a set of answers on one order gives, in any order and however often each comes."""
    results = _newest(facts.results)
    life, void = Life(), []
    for answer in _in_order(answers):
        after = _applied(life, answer, facts)
        if after is None:
            void.append((answer.publisher, answer.event_id))
        else:
            life = _with_results(after, results)
    if facts.cancelled and life.result is None and life.state not in ("refused", "gone", "removed"):
        life = life._replace(state="cancelled")
    return life._replace(void=tuple(void), stray=frozenset(results) - {life.result, life.retest})


def state_at(life: Life, day: dt.date, facts: Facts) -> State:
    """The state as it is read on a day in China: a fail to which nobody may object any more is final."""
    if life.state != "told" or any(day <= days_after(told, facts.objection_days) for _, told in life.told):
        return life.state
    return "final"


def concerned(verdict: Verdict, facts: Facts) -> tuple[Party, ...]:
    """Who is told of such a result."""
    if verdict == "pass":
        return ("seller",)
    return PARTIES if facts.producer else ("seller", "platform")


def _applied(life: Life, answer: Answer, facts: Facts) -> Life | None:
    """The life that one more answer leaves, None where it is void: see the table above."""
    match life.state, answer.answer:
        case "issued", "accepted":
            return life._replace(state="accepted")
        case "issued" | "accepted", "refused":
            return life._replace(state="refused")
        case "issued" | "accepted", "gone":
            return life._replace(state="gone")
        case "issued" | "accepted", "removed":
            return life._replace(state="removed")
        case "accepted", "bought":
            return life._replace(state="bought")
        case "bought", "delivered":
            return life._replace(state="delivered")
        case "delivered", "unpacked" if answer.sample and answer.spare and answer.sample != answer.spare:
            return life._replace(state="unpacked", sample=answer.sample, spare=answer.spare)
        case "tested" | "retested", "told":
            return _told(life, answer, facts)
        case "told", "objected":
            return _objected(life, answer, facts)
        case _:
            return None


def _told(life: Life, answer: Answer, facts: Facts) -> Life | None:
    verdict = life.verdict
    wanted = concerned(verdict, facts) if verdict else ()
    if answer.party not in wanted or answer.party in dict(life.told):
        return None
    told = (*life.told, (answer.party, china_day(answer.occurred_at)))
    if len(told) < len(wanted):
        return life._replace(told=told)
    return life._replace(told=told, state="told" if verdict == "fail" and not life.retest else "final")


def _objected(life: Life, answer: Answer, facts: Facts) -> Life | None:
    told = dict(life.told).get(answer.party or "")
    if told is None or china_day(answer.occurred_at) > days_after(told, facts.objection_days):
        return None
    return life._replace(state="objected", objected_by=answer.party)


def _with_results(life: Life, results: frozenset[Result]) -> Life:
    if life.state == "unpacked":
        found = _first(results, life.sample)
        return life._replace(state="tested", result=found) if found else life
    if life.state == "objected":
        found = _first(results, life.spare)
        # all are told anew
        return life._replace(state="retested", retest=found, told=()) if found else life
    return life


def _first(results: frozenset[Result], seal: str | None) -> Result | None:
    """The first report on what was under a seal: there is nothing under it for a second."""
    of = [each for each in results if each.seal == seal]
    return min(of, key=lambda each: (each.inspected_on, each.agency_code, each.report_no), default=None)


def _newest(results: Iterable[Result]) -> frozenset[Result]:
    """Of several versions of a report the current one."""
    newest: dict[tuple[str, str], Result] = {}
    for each in results:
        known = newest.get(name := (each.agency_code, each.report_no))
        if known is None or known.recency < each.recency:
            newest[name] = each
    return frozenset(newest.values())


def _in_order(answers: Iterable[Answer]) -> list[Answer]:
    """Each answer once, of several versions of one (publisher and event_id) the newest, in the order of versions."""
    newest: dict[tuple[str, str], Answer] = {}
    for answer in answers:
        known = newest.get(name := (answer.publisher, answer.event_id))
        if known is None or _place(known) < _place(answer):
            newest[name] = answer
    return sorted(newest.values(), key=_place)


def _place(answer: Answer) -> tuple[int, str, str, int, str]:
    return (*answer.recency, answer.digest)
