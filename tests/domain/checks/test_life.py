"""What becomes of an order, beside a model that was written for itself."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from suyuan.domain.calendar import DAY_MS
from suyuan.domain.checks.deadlines import built_in_deadlines
from suyuan.domain.checks.life import ANSWERS, PARTIES, Answer, Facts, Result, fold, state_at
from tests.reference.order_life import life

ORDER = "330100-2026-7-1"
NAMES = st.sampled_from(["a", "b", "Z", "é", "😀", "\uffff"])
SEALS = st.sampled_from(["S1", "S2", "S3", None])


def day(number):
    return dt.date(2026, 1, 1) + dt.timedelta(days=number)


def at(number):
    """Noon in China of that day."""
    return (day(number) - dt.date(1970, 1, 1)).days * DAY_MS + 4 * 3_600_000


def answer(name, on, **other):
    made = {"event_id": f"{on:04}-{name}", "publisher": "SUYUAN", "order_no": ORDER, "actor": "li"}
    return Answer(**made | {"answer": name, "occurred_at": at(on)} | other)


def result(seal="S1", verdict="fail", on=5, report="R1", version=0):
    return Result("LAB", report, seal, verdict, day(on), (version, "", "", 0))


UNPACKED = (
    answer("accepted", 1),
    answer("bought", 2),
    answer("delivered", 3),
    answer("unpacked", 4, sample="S1", spare="S2"),
)


def told(on, *parties):
    return tuple(answer("told", on, party=party, event_id=f"{on:04}-{party}") for party in parties)


def facts(*results, **other):
    return Facts(results=frozenset(results), **other)


def state(*answers, of=None):
    return fold(answers, of or facts()).state


def test_step_by_step():
    names = ("issued", "accepted", "bought", "delivered", "unpacked")
    assert [state(*UNPACKED[:end]) for end in range(5)] == list(names)
    assert state(*UNPACKED, of=facts(result())) == "tested"


def test_a_step_that_is_left_out_is_not_taken():
    found = fold(UNPACKED[:1] + UNPACKED[2:], facts())
    assert (found.state, len(found.void)) == ("accepted", 2)


@pytest.mark.parametrize("end", ["refused", "gone", "removed"])
def test_an_order_may_end_before_anything_is_bought(end):
    assert state(answer(end, 1)) == state(answer("accepted", 1), answer(end, 2)) == end
    assert state(*UNPACKED[:2], answer(end, 9)) == "bought"


def test_a_sample_needs_a_spare_under_a_seal_of_its_own():
    for seals in ({}, {"sample": "S1"}, {"sample": "S1", "spare": "S1"}):
        assert state(*UNPACKED[:3], answer("unpacked", 4, **seals)) == "delivered"


def test_of_a_pass_the_seller_is_told_and_it_is_final():
    of = facts(result(verdict="pass"))
    assert state(*UNPACKED, *told(6, "platform"), of=of) == "tested"
    assert state(*UNPACKED, *told(6, "seller"), of=of) == "final"


def test_of_a_fail_all_are_told_and_it_is_final_once_nobody_may_object():
    of = facts(result())
    assert state(*UNPACKED, *told(6, "seller", "producer"), of=of) == "tested"
    found = fold((*UNPACKED, *told(6, "seller", "producer"), *told(8, "platform")), of)
    assert (found.state, found.verdict) == ("told", "fail")
    assert dict(found.told) == {"seller": day(6), "producer": day(6), "platform": day(8)}
    assert state_at(found, day(23), of) == "told"
    assert state_at(found, day(24), of) == "final"


def test_where_no_producer_is_labelled_none_is_told():
    assert state(*UNPACKED, *told(6, "seller", "platform"), of=facts(result(), producer=False)) == "told"


ALL_TOLD = (*UNPACKED, *told(6, *PARTIES))


def test_an_objection_within_the_days_has_the_spare_tested():
    objection = answer("objected", 21, party="producer")
    assert state(*ALL_TOLD, answer("objected", 22, party="producer"), of=facts(result())) == "told"
    assert state(*ALL_TOLD, answer("objected", 9, party="somebody"), of=facts(result())) == "told"
    assert state(*ALL_TOLD, objection, of=facts(result())) == "objected"
    of = facts(result(), result("S2", "pass", 25, "R2"))
    found = fold((*ALL_TOLD, objection), of)
    assert (found.state, found.verdict, found.objected_by, found.told) == ("retested", "pass", "producer", ())
    assert state(*ALL_TOLD, objection, *told(26, "seller"), of=of) == "final"


def test_a_second_fail_is_final_when_all_are_told_again():
    of = facts(result(), result("S2", "fail", 25, "R2"))
    again = (*ALL_TOLD, answer("objected", 9, party="seller"), *told(26, "seller", "producer"))
    assert state(*again, of=of) == "retested"
    assert state(*again, *told(27, "platform"), of=of) == "final"


def test_a_result_of_the_spare_without_an_objection_is_stray():
    found = fold(ALL_TOLD, facts(result(), result("S2", "pass", 7, "R2"), result("S9", "pass", 7, "R3")))
    assert (found.state, found.verdict) == ("told", "fail")
    assert {each.report_no for each in found.stray} == {"R2", "R3"}


def test_a_report_that_was_corrected_counts_as_it_is_now():
    found = fold(UNPACKED, facts(result(), result(verdict="pass", version=1)))
    assert (found.state, found.verdict) == ("tested", "pass")


def test_a_cancelled_check_has_no_orders_but_those_with_a_result():
    assert state(*UNPACKED, of=facts(cancelled=True)) == "cancelled"
    assert state(answer("refused", 1), of=facts(cancelled=True)) == "refused"
    assert state(*UNPACKED, of=facts(result(), cancelled=True)) == "tested"


def test_days_have_their_source():
    found = built_in_deadlines()
    assert (found.objection.days, found.told.days, found.told.working) == (15, 5, True)
    assert "order 18" in found.objection.source


@st.composite
def any_answer(draw):
    name = draw(st.sampled_from([*ANSWERS, "told", "told", "a later one"]))
    return answer(
        name,
        draw(st.integers(0, 30)),
        event_id=draw(NAMES),
        publisher=draw(NAMES),
        tie=draw(st.integers(0, 2)),
        sample=draw(SEALS),
        spare=draw(SEALS),
        party=draw(st.sampled_from([*PARTIES, None])),
    )


RESULTS = st.builds(
    result,
    st.sampled_from(["S1", "S2", "S3"]),
    st.sampled_from(["pass", "fail"]),
    st.integers(0, 30),
    st.sampled_from(["R1", "R2", "R3"]),
    st.integers(0, 9),
)
FACTS = st.builds(
    lambda results, producer, cancelled, days: facts(
        *results, producer=producer, cancelled=cancelled, objection_days=days
    ),
    st.lists(RESULTS, max_size=3, unique_by=lambda one: (one.report_no, one.recency)),
    st.booleans(),
    st.booleans(),
    st.integers(0, 15),
)
# of one publisher, event_id, moment and tie there is one content: the tie tells contents apart
SETS = st.lists(any_answer(), max_size=9, unique_by=lambda one: one.recency)


def of_the_way():
    """Some of what follows when all goes its way, so that late states are reached."""
    whole = [*UNPACKED, *told(6, *PARTIES), answer("objected", 9, party="seller"), *told(26, *PARTIES)]
    return st.sets(st.sampled_from(range(len(whole))), max_size=2).map(
        lambda left_out: [each for place, each in enumerate(whole) if place not in left_out]
    )


def same_as_the_model(answers, of):
    found = fold(answers, of)
    said = [
        {name: getattr(one, name) for name in ("event_id", "publisher", "answer", "sample", "spare", "party", "tie")}
        | {"at": one.occurred_at, "day": (one.occurred_at - at(0)) // DAY_MS}
        for one in answers
    ]
    reports = [
        {"agency": one.agency_code, "report": one.report_no, "seal": one.seal, "verdict": one.verdict}
        | {"day": (one.inspected_on - day(0)).days, "recency": one.recency}
        for one in of.results
    ]
    rest = {name: getattr(of, name) for name in ("producer", "cancelled", "objection_days")}
    order, void = life(said, reports, **rest)
    assert found.state == order["state"]
    assert (found.sample, found.spare, found.objected_by) == (order["sample"], order["spare"], order["by"])
    for mine, other in ((found.result, order["result"]), (found.retest, order["retest"])):
        assert (mine and (mine.report_no, mine.verdict)) == (other and (other["report"], other["verdict"]))
    assert dict(found.told) == {party: day(number) for party, number in order["told"].items()}
    assert list(found.void) == void


@given(SETS, FACTS)
def test_it_is_what_the_model_says(answers, of):
    same_as_the_model(answers, of)


@given(of_the_way(), st.lists(any_answer(), max_size=2), FACTS)
def test_it_is_what_the_model_says_far_on_the_way(way, more, of):
    same_as_the_model([*way, *more], of)


@given(of_the_way(), SETS, FACTS, st.randoms(use_true_random=False))
def test_any_order_and_any_number_of_deliveries_give_the_same(way, more, of, chance):
    answers = [*way, *more]
    again = [*answers, *chance.choices(answers, k=5)]
    chance.shuffle(again)
    assert fold(again, of) == fold(answers, of)


@given(SETS, FACTS)
def test_void_answers_change_nothing(answers, of):
    found = fold(answers, of)
    of_effect = [each for each in answers if (each.publisher, each.event_id) not in found.void]
    assert fold(of_effect, of)._replace(void=()) == found._replace(void=())


class Orders(RuleBasedStateMachine):
    """An order on which officers, laboratories and parties act, some of them late, some with clocks that are behind."""

    def __init__(self):
        super().__init__()
        self.answers, self.results, self.on, self.cancelled = [], [], 0, False

    def do(self, name, behind=0, **other):
        self.on += 1
        self.answers.append(answer(name, self.on - behind, event_id=f"{len(self.answers):03}", **other))

    @rule()
    def next_step(self):
        """What follows when all goes its way."""
        reached = fold(self.answers, self.facts)
        following = {"issued": "accepted", "accepted": "bought", "bought": "delivered"}
        if reached.state in following:
            self.do(following[reached.state])
        elif reached.state == "delivered":
            self.do("unpacked", sample="S1", spare="S2")
        elif reached.state in ("tested", "retested"):
            left = [party for party in PARTIES if party not in dict(reached.told)]
            self.do("told", party=left[0])
        elif reached.state == "told":
            self.do("objected", party="seller")

    @rule(name=st.sampled_from(["accepted", "refused", "gone", "removed", "bought"]), behind=st.integers(0, 4))
    def out_of_turn(self, name, behind):
        self.do(name, behind)

    @rule(party=st.sampled_from(PARTIES), name=st.sampled_from(["told", "objected"]), behind=st.integers(0, 4))
    def says(self, party, name, behind):
        self.do(name, behind, party=party)

    @rule(
        seal=st.sampled_from(["S1", "S2"]),
        verdict=st.sampled_from(["pass", "fail", "fail"]),
        report=st.sampled_from(["R1", "R2"]),
    )
    def a_laboratory_reports(self, seal, verdict, report):
        self.results.append(result(seal, verdict, self.on, report, len(self.results)))

    @rule(days=st.integers(1, 16))
    def time_passes(self, days):
        self.on += days

    @rule()
    def the_check_is_cancelled(self):
        self.cancelled = True

    @property
    def facts(self):
        return facts(*self.results, cancelled=self.cancelled)

    @invariant()
    def it_is_what_the_model_says(self):
        same_as_the_model(self.answers, self.facts)


TestOrders = Orders.TestCase
