"""What becomes of an alert by what people do with it, beside a model that was written for itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from suyuan.domain.alerts.acts import ACTS, RESOLUTIONS, Act
from suyuan.domain.alerts.life import Facts, State, applied, fold, handling_at
from suyuan.domain.calendar import DAY_MS
from tests.reference.alert_life import life

ALERT = "5f" * 16
BASES = ("b1", "b2", "b3")
NAMES = st.sampled_from(["a", "b", "Z", "é", "😀", "\uffff"])
"""of which those beyond U+FFFF come before U+FFFF where texts are compared by UTF-16"""


def act(name, at, basis="b1", **other):
    """An act of that day."""
    made = {"event_id": f"{at:04}", "publisher": "SUYUAN", "occurred_at": at * DAY_MS, "alert_id": ALERT, "actor": "li"}
    return Act(**made | {"act": name, "basis": basis} | other)


def resolve(at, basis="b1", resolution="confirmed", **other):
    return act("resolve", at, basis, resolution=resolution, **other)


def now(*acts, standing=True, basis="b1", newest=None):
    listed = None if newest is None else newest * DAY_MS
    return fold(acts, standing=standing, basis=basis, newest_listed_at=listed)


def outcomes(found):
    return [each.outcome for each in found.judged]


def dicts(acts):
    return [{name: getattr(one, name) for name in Act.__struct_fields__} for one in acts]


@st.composite
def any_act(draw):
    name = draw(st.sampled_from([*ACTS, "resolve", "a later one"]))
    own = {
        "acknowledge": {"until": draw(st.none() | st.integers(0, 20))},
        "assign": {"assignee": draw(st.sampled_from(["wang", "unit 7"]))},
        "resolve": {"resolution": draw(st.sampled_from(RESOLUTIONS)), "takedown": draw(st.booleans())},
    }.get(name, {})
    named = {"event_id": draw(NAMES), "publisher": draw(NAMES), "tie": draw(st.integers(0, 2))}
    return act(name, draw(st.integers(0, 9)), draw(st.sampled_from(BASES)), **named, **own)


# of one publisher, event_id, moment and tie there is one content: the tie tells contents apart
SETS = st.lists(any_act(), max_size=9, unique_by=lambda one: one.recency)
FACTS = st.fixed_dictionaries(
    {
        "standing": st.booleans(),
        "basis": st.sampled_from(BASES),
        "newest_listed_at": st.none() | st.integers(0, 9).map(lambda day: day * DAY_MS),
    }
)


@given(SETS, FACTS)
def test_it_is_what_the_model_says(acts, facts):
    same_as_the_model(acts, **facts)


@given(SETS, FACTS, st.randoms(use_true_random=False))
def test_any_order_and_any_number_of_deliveries_give_the_same(acts, facts, chance):
    again = [*acts, *chance.choices(acts, k=5)] if acts else []
    chance.shuffle(again)
    assert fold(again, **facts) == fold(acts, **facts)


@given(SETS, FACTS)
def test_comments_and_void_acts_change_nothing(acts, facts):
    found = fold(acts, **facts)
    of_effect = [each.act for each in found.judged if each.outcome != "void" and each.act.act != "comment"]
    without = fold(of_effect, **facts)
    assert [getattr(found, name) for name in STATE] == [getattr(without, name) for name in STATE]
    assert (found.last, found.raised_again) == (without.last, without.raised_again)
    assert {each for each in found.judged if each.outcome != "void"} >= set(without.judged)


@given(SETS, FACTS)
def test_one_more_act_is_applied_to_what_the_others_gave(acts, facts):
    """Which is how the one who acted sees it before the stage has taken it."""
    before, last = fold(acts, **facts), act("assign", 99, assignee="wang")
    state, outcome = applied(State(**{name: getattr(before, name) for name in STATE}), last, Facts(**facts))
    after = fold([*acts, last], **facts)
    assert [getattr(state, name) for name in STATE] == [getattr(after, name) for name in STATE]
    assert after.judged[-1].outcome == outcome


STATE = State.__struct_fields__


def same_as_the_model(acts, *, standing, basis, newest_listed_at):
    found = fold(acts, standing=standing, basis=basis, newest_listed_at=newest_listed_at)
    listed = [] if newest_listed_at is None else [0, newest_listed_at]
    expected, became = life(dicts(acts), "standing" if standing else "cleared", basis, listed)
    assert {name: getattr(found, name) for name in STATE} == {name: expected[name] for name in STATE}
    assert found.raised_again == expected["raised_again"]
    assert (found.last and (found.last.publisher, found.last.event_id)) == expected["last"]
    assert {(one.publisher, one.event_id): outcome for one, outcome in found.judged} == became


class Alert(RuleBasedStateMachine):
    """A desk: evidence comes and goes, members are listed and removed, and people act, some of them with clocks that
    are behind.
    """

    def __init__(self):
        super().__init__()
        self.acts, self.listed, self.basis, self.at = [], [10], "b1", 10

    def do(self, name, basis, *, behind=0, **other):
        self.at += 1
        self.acts.append(act(name, self.at - behind, basis, event_id=f"{len(self.acts):03}", **other))

    @rule(name=st.sampled_from(["acknowledge", "unacknowledge", "reopen", "comment"]), behind=st.integers(0, 5))
    def simply(self, name, behind):
        self.do(name, None, behind=behind, **({"until": self.at + 5} if name == "acknowledge" else {}))

    @rule(assignee=st.sampled_from(["wang", "li"]))
    def assign(self, assignee):
        self.do("assign", self.basis, assignee=assignee)

    @rule(resolution=st.sampled_from(RESOLUTIONS), takedown=st.booleans(), behind=st.integers(0, 5))
    def resolve(self, resolution, takedown, behind):
        self.do("resolve", self.basis, behind=behind, resolution=resolution, takedown=takedown)

    @rule(basis=st.sampled_from(BASES))
    def evidence_changes(self, basis):
        self.basis = basis

    @rule()
    def a_member_is_listed(self):
        self.at += 1
        self.listed.append(self.at)

    @rule()
    def the_newest_member_goes(self):
        self.listed = self.listed[:-1]

    @invariant()
    def it_is_what_the_model_says(self):
        newest = max(self.listed) * DAY_MS if self.listed else None
        same_as_the_model(self.acts, standing=bool(self.listed), basis=self.basis, newest_listed_at=newest)


TestAlert = Alert.TestCase


def test_evidence_that_goes_and_comes_back():
    acts = [resolve(1), act("acknowledge", 2, "b2")]
    there, changed, back = (now(*acts[:many], basis=basis) for many, basis in ((1, "b1"), (2, "b2"), (2, "b1")))
    assert (there.handling, there.raised_again) == ("resolved", False)
    assert (changed.handling, changed.raised_again, outcomes(changed)) == ("acknowledged", False, ["lapsed", "done"])
    assert (back.handling, back.last, outcomes(back)) == ("resolved", acts[0], ["done", "void"])
    again = now(acts[0], basis="b2")
    assert (again.handling, again.raised_again, again.last) == ("open", True, acts[0])


@pytest.mark.parametrize(
    ("resolution", "newest", "handling"),
    [
        ("confirmed", 5, "resolved"),
        ("confirmed", 6, "open"),
        ("other", 6, "open"),
        ("false_alarm", 6, "resolved"),
        ("confirmed", None, "resolved"),
    ],
)
def test_what_is_offered_again_was_not_dealt_with_but_a_false_alarm_stays_one(resolution, newest, handling):
    assert now(resolve(5, resolution=resolution), newest=newest).handling == handling


def test_a_false_alarm_does_not_hold_against_new_evidence():
    assert now(resolve(5, resolution="false_alarm"), basis="b2").raised_again


def test_a_cleared_alert_stays_resolved_whatever_it_rested_on():
    assert now(resolve(5), standing=False, basis="b3").handling == "resolved"


def test_a_resolution_that_does_not_hold_takes_what_was_before_with_it():
    found = now(act("assign", 1, assignee="wang"), resolve(2), basis="b2")
    assert (found.handling, found.assignee, found.resolution) == ("open", None, None)


def test_of_two_versions_of_an_act_the_newest_counts():
    first = act("assign", 1, event_id="x", assignee="wang")
    assert now(act("assign", 2, event_id="x", assignee="li"), first).judged[0].act.assignee == "li"
    assert now(first, act("assign", 1, event_id="x", assignee="li", tie=1)).assignee == "li"


def test_an_acknowledgement_that_has_run_out_is_read_as_none():
    found = now(act("acknowledge", 1, until=7))
    read = [handling_at(found.handling, found.acknowledged_until, moment) for moment in (7, 8)]
    assert read == ["acknowledged", "open"]
    assert handling_at("acknowledged", None, 8) == "acknowledged"
    assert handling_at("assigned", 7, 8) == "assigned"
