"""For what an act on a check is not accepted: what is wrong where, and what to do.

The door asks before it publishes; who verifies finds the same again in the public files.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from difflib import get_close_matches
from typing import NamedTuple

import msgspec

from suyuan.domain.checks import randomness as chance
from suyuan.domain.checks.bodies import (
    BODIES,
    ActName,
    AnyBody,
    Body,
    CommitReveal,
    Drand,
    DrandRound,
    Draw,
    Freeze,
    Plan,
    Publish,
    Randomness,
    Reveals,
    canonical,
    hash_of,
)
from suyuan.domain.checks.draw import wanted
from suyuan.domain.checks.numbers import check_number
from suyuan.domain.checks.publication import FILES
from suyuan.domain.checks.stage import Check
from suyuan.domain.rules.columns import COLUMNS, Kind
from suyuan.domain.rules.errors import RuleError
from suyuan.domain.rules.rule import Rule
from suyuan.domain.rules.sql import condition
from suyuan.errors import ErrorKind, SuyuanError

_PATH = re.compile(r"(?P<reason>.*?)(?: - at `\$\.?(?P<path>.*)`)?", re.DOTALL)
_NAMED = re.compile(r"field `([^`]+)`")
_AS_IN_A_RULE = "write it with a chain's columns, as in a rule"
NOT_IN_TABLES = frozenset({"complaints_7d", "complaints_30d"})
"""columns of a rule that are counted as listings are assessed, and kept by no table: a frame cannot be asked by them"""
_UNFIT = re.compile(r'["\\\x00-\x1f\x7f]')


class Fault(NamedTuple):
    """What is wrong. `field`: as in `strata[2].size`, empty for the whole."""

    field: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field or 'body'}: {self.reason}: {self.remedy}"


class BodyError(SuyuanError, ValueError):
    """A body that is not accepted, and all for which it is not."""

    kind = ErrorKind.USAGE

    def __init__(self, act: str, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{act}: " + "; ".join(map(str, self.faults)))


def decode(act: ActName, text: bytes | str) -> AnyBody:
    """The body that a text holds, read strictly: every field known and of its kind, and the text its canonical one.
    Raises BodyError.
    """
    given = text.encode() if isinstance(text, str) else text
    try:
        body: AnyBody = msgspec.json.decode(given, type=BODIES[act])
    except msgspec.DecodeError as error:
        raise BodyError(act, [_unread(str(error), act)]) from None
    except UnicodeDecodeError:
        raise BodyError(act, [Fault("", "is no UTF-8", "write JSON in UTF-8")]) from None
    if canonical(body) != given:
        remedy = "sort the names, leave out blanks and fields that say nothing"
        raise BodyError(act, [Fault("", "is not written canonically", remedy)])
    return body


def read_loosely(act: ActName, fields: object) -> AnyBody:
    """The body of fields that are in whatever order. Raises BodyError."""
    try:
        body: AnyBody = msgspec.convert(fields, BODIES[act])
    except msgspec.ValidationError as error:
        raise BodyError(act, [_unread(str(error), act)]) from None
    return body


def faults(body: AnyBody, check: Check) -> Iterator[Fault]:
    """All for which an act is not accepted now. `check`: what is known of it, nothing before the plan."""
    yield from _out_of_turn(body, check)
    match body:
        case Plan():
            yield from plan_faults(body)
        case Freeze() if check.plan:
            yield from _freeze_faults(body, check.plan)
        case Randomness() if check.plan and check.freeze:
            yield from _randomness_faults(body, check.plan)
        case Draw() if check.plan and check.freeze and check.randomness:
            yield from _draw_faults(body, check.plan, check.freeze, check.randomness)
        case Publish():
            yield from _file_faults(body)
        case _:
            pass


def plan_faults(plan: Plan) -> Iterator[Fault]:
    """What is wrong with a plan by itself."""
    if check_number(plan.check_id) is None:
        yield Fault("check_id", f"{plan.check_id!r} is no check's number", "write bureau-year-number: 330100-2026-7")
    if (plan.population is None) == (not plan.objects):
        yield Fault("population", "is to be an expression or a list", "give either population or objects")
    yield from _column_faults(plan.column)
    for field, expression in _expressions(plan):
        yield from expression_faults(field, expression)
    yield from _twice("objects", plan.objects)
    yield from _item_faults(plan)
    yield from _stratum_faults(plan)
    yield from _officer_faults(plan)
    match plan.randomness:
        case Drand():
            yield from _drand_faults(plan.randomness)
        case CommitReveal():
            yield from _party_faults(plan.randomness)
    if plan.randomness.at <= plan.planned_at:
        yield Fault("randomness.at", "is not after planned_at", "name a later round, or a later moment")


def _out_of_turn(body: AnyBody, check: Check) -> Iterator[Fault]:
    last = check.last
    if not isinstance(body, check.next):
        names = ", ".join(name for name, kind in BODIES.items() if kind in check.next) or "nothing"
        done = type(last).__name__.lower() if last else "nothing"
        yield Fault("act", f"{type(body).__name__.lower()} does not follow {done}", f"what may come now: {names}")
    elif last is not None and not isinstance(body, Plan):
        if check.plan and body.check_id != check.plan.check_id:
            yield Fault("check_id", f"is {body.check_id}", f"write {check.plan.check_id}, as the plan has it")
        if body.after != hash_of(last):
            yield Fault("after", "is not the hash of the act before", f"write {hash_of(last)}")


def _expressions(plan: Plan) -> Iterator[tuple[str, str]]:
    if plan.population is not None:
        yield "population", plan.population
    for place, weight in enumerate(plan.weights):
        yield f"weights[{place}].expression", weight.expression


def _column_faults(column: str) -> Iterator[Fault]:
    if column not in COLUMNS or column in NOT_IN_TABLES or COLUMNS[column].kind is Kind.TEXTS:
        yield Fault("column", f"{column} is no column that strata can be of", _nearest(column))


def expression_faults(field: str, expression: str) -> Iterator[Fault]:
    """What is wrong with an expression that a frame is asked by."""
    try:
        read = condition(Rule("check", 1, "-", "-", "low", expression, "-", "-")).columns
    except RuleError as error:
        reason = error.problem + (f": {error.token}" if error.token else "")
        unknown = re.fullmatch("[a-z_0-9]+", error.token or "") and error.token not in COLUMNS
        yield Fault(field, reason, _nearest(error.token or "") if unknown else _AS_IN_A_RULE)
        return
    for column in sorted(read & NOT_IN_TABLES):
        yield Fault(field, f"{column} is in no table", "write the expression without it")


def _nearest(column: str) -> str:
    found = get_close_matches(column, COLUMNS.keys() - NOT_IN_TABLES, 1)
    return f"is it {found[0]}?" if found else _AS_IN_A_RULE


def _item_faults(plan: Plan) -> Iterator[Fault]:
    if not plan.items:
        yield Fault("items", "is empty", "name at least one check item")
    yield from _twice("items", (item.item_no for item in plan.items))
    for place, item in enumerate(plan.items):
        if (item.item_class == "general") != (item.share_cap is not None):
            remedy = "give a general item its cap, in parts of 10,000, and a key item none"
            yield Fault(f"items[{place}].share_cap", f"does not go with class {item.item_class}", remedy)


def _stratum_faults(plan: Plan) -> Iterator[Fault]:
    if not plan.strata:
        yield Fault("strata", "is empty", "name at least one stratum")
    yield from _twice("strata", (stratum.stratum for stratum in plan.strata))
    for place, stratum in enumerate(plan.strata):
        if _UNFIT.search(stratum.stratum):
            remedy = 'leave out ", \\ and control characters'
            yield Fault(f"strata[{place}].stratum", "holds a character that no frame does", remedy)
        able = sum({*stratum.needs} <= {*officer.qualifications} for officer in plan.officers)
        if able < plan.officers_each:
            remedy = f"add officers who have {', '.join(stratum.needs) or 'anything'}"
            yield Fault(f"strata[{place}].needs", f"{able} officers are qualified, {plan.officers_each} go", remedy)


def _officer_faults(plan: Plan) -> Iterator[Fault]:
    known = {officer.staff_no for officer in plan.officers}
    yield from _twice("officers", (officer.staff_no for officer in plan.officers))
    yield from _twice("recusals", ((recusal.staff_no, recusal.code) for recusal in plan.recusals))
    for place, recusal in enumerate(plan.recusals):
        if recusal.staff_no not in known:
            remedy = "name one of officers, or leave the recusal out"
            yield Fault(f"recusals[{place}].staff_no", f"{recusal.staff_no} is none of the officers", remedy)


def _drand_faults(beacon: Drand) -> Iterator[Fault]:
    if chance.chain_hash(beacon) != beacon.chain:
        remedy = "take key, period, genesis and group as the beacon's /info says them"
        yield Fault("randomness.chain", "is not the hash of such a chain", remedy)
    if chance.round_time(beacon) != beacon.at:
        remedy = f"write {chance.round_time(beacon)}"
        yield Fault("randomness.at", f"is not when round {beacon.round} is due", remedy)


def _party_faults(given: CommitReveal) -> Iterator[Fault]:
    if len(given.parties) < chance.LEAST_PARTIES:
        yield Fault("randomness.parties", "are too few", "name at least two that have nothing to do with each other")
    yield from _twice("randomness.parties", (party.name for party in given.parties))
    yield from _twice("randomness.parties", (party.commitment for party in given.parties))


def _freeze_faults(freeze: Freeze, plan: Plan) -> Iterator[Fault]:
    if freeze.frozen_at >= plan.randomness.at:
        remedy = "cancel the check, and plan another one with a later round"
        yield Fault("frozen_at", "is not before the randomness is due", remedy)
    if freeze.frozen_at <= plan.planned_at:
        yield Fault("frozen_at", "is not after the plan", "mend the clock of who acts")
    if freeze.as_known_at > freeze.frozen_at:
        yield Fault("as_known_at", "is after frozen_at", "freeze what was known before")
    if [each.stratum for each in freeze.strata] != [each.stratum for each in plan.strata]:
        yield Fault(
            "strata", "are not those of the plan in their order", "count the rows of each of these, also of none"
        )
    if sum(each.rows for each in freeze.strata) != freeze.rows:
        yield Fault("rows", "is not the sum over the strata", f"write {sum(each.rows for each in freeze.strata)}")
    if freeze.rows == 0:
        yield Fault("rows", "is 0", "cancel the check, and plan another one with a wider population")


def _randomness_faults(given: Randomness, plan: Plan) -> Iterator[Fault]:
    match plan.randomness, given.source:
        case Drand() as beacon, DrandRound() as source:
            if source.round != beacon.round:
                yield Fault("source.round", f"is {source.round}", f"take round {beacon.round}, as the plan says")
            made = chance.of_signature(source.signature)
        case CommitReveal() as beacon, Reveals() as source:
            yield from _reveal_faults(source, beacon, plan.check_id)
            made = chance.of_reveals(beacon, source)
        case _:
            yield Fault("source", "is not what the plan says", "give what the plan's beacon or parties gave")
            return
    if made != given.randomness:
        yield Fault("randomness", "does not follow from the source", f"write {made}")


def _reveal_faults(source: Reveals, plan: CommitReveal, check_id: str) -> Iterator[Fault]:
    names = [party.name for party in plan.parties]
    given = [reveal.name for reveal in source.reveals]
    if given != [name for name in names if name in given]:
        yield Fault("source.reveals", "are not the plan's parties in their order", f"take these: {', '.join(names)}")
    if len(given) < chance.LEAST_PARTIES:
        yield Fault("source.reveals", f"are {len(given)}", "two have to reveal: wait, or cancel the check")
    commitments = {party.name: party.commitment for party in plan.parties}
    for place, reveal in enumerate(source.reveals):
        if commitments.get(reveal.name) != chance.commitment(check_id, reveal.name, reveal.secret):
            remedy = "ask the party for what it has committed to; without it, leave it out: its default is taken"
            yield Fault(f"source.reveals[{place}].secret", f"is not what {reveal.name} has committed to", remedy)


def _draw_faults(draw: Draw, plan: Plan, freeze: Freeze, given: Randomness) -> Iterator[Fault]:
    made = chance.seed(plan.check_id, freeze.root, given.randomness)
    if draw.seed != made:
        yield Fault("seed", "does not follow from check, root and randomness", f"write {made}")
    sizes = wanted(plan, freeze.strata)
    if {each.stratum: each.drawn for each in draw.strata} != sizes:
        remedy = "draw of each stratum its size, or as many as there are and the cap allows"
        yield Fault("strata", "are not drawn from as the plan says", remedy)
    if draw.orders != sum(sizes.values()):
        yield Fault("orders", f"are {draw.orders}", f"there are {sum(sizes.values())}: one for each that was drawn")
    if draw.waiting > draw.orders:
        yield Fault("waiting", "are more than there are orders", "count those without officers")


def _file_faults(publish: Publish) -> Iterator[Fault]:
    names = [file.name for file in publish.files]
    yield from _twice("files", names)
    for name in sorted({*FILES}.difference(names)):
        yield Fault("files", f"{name} is missing", "a stranger needs it: publish it with the others")


def _twice(field: str, values: Iterable[Hashable]) -> Iterator[Fault]:
    for value, times in Counter(values).items():
        if times > 1:
            yield Fault(field, f"{value} is there {times} times", "name each once")


def _unread(error: str, act: str) -> Fault:
    """What msgspec says, with the field where it has it in its own place."""
    found = _PATH.fullmatch(error)
    reason, path = (found["reason"], found["path"] or "") if found else (error, "")
    named = _NAMED.search(reason)
    field = ".".join(part for part in (path, named[1] if named else "") if part)
    kind: type[Body] = BODIES[act]  # type: ignore[index]
    return Fault(field, reason, f"write it as {kind.__name__} has it, and nothing else")
