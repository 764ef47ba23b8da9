import random
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.domain.facts.lineage import ALL_MARKED, MARKS, TOLD, Taint, combine, inherited, mark_of, own_taints
from suyuan.domain.facts.quality import InspectionFact, RecallFact
from suyuan.domain.keys import join_key

RECALL = RecallFact(recall_no="RC1", level=1, evidence="X/recall")


def lot(number):
    return join_key("P", "G", f"{number}")


def inspection(result):
    return InspectionFact(report_no="R1", result=result, inspected_on=None, evidence="X/report")


def failed(root, steps=0, **more):
    return Taint(lot(root), "failed", f"X/{root}", steps, **more)


def test_a_lot_is_tainted_by_an_open_recall_and_by_its_own_failed_inspection():
    taints = own_taints(lot("a"), RECALL, inspection("fail"))
    assert [(taint.root, taint.kind, taint.steps, taint.evidence) for taint in taints] == [
        (lot("a"), "failed", 0, "X/report"),
        (lot("a"), "recalled", 0, "X/recall"),
    ]
    assert own_taints(lot("a"), None, inspection("pass")) == ()


def test_a_recall_is_one_cause_for_every_lot_of_the_item_and_a_failed_lot_is_its_own():
    causes = [taint.cause_key for name in "ab" for taint in own_taints(lot(name), RECALL, inspection("fail"))]
    assert causes == [lot("a"), lot("RC1"), lot("b"), lot("RC1")]


def test_of_several_ways_to_a_lot_the_shortest_is_kept():
    told = {lot("c"): [failed("r", 3)], lot("b"): [failed("r", 1)], lot("a"): [failed("r", 2)]}
    assert [(taint.root, taint.steps) for taint in combine(lot("z"), (), told)] == [(lot("r"), 2)]


def test_of_equally_short_ways_it_stays_with_the_one_it_has():
    ways = {lot(name): [failed("r", 1, marks=(mark_of(lot(name)),))] for name in "abc"}
    for name in "abc":
        (first,) = combine(lot("z"), (), {lot(name): ways[lot(name)]})
        assert combine(lot("z"), (), ways, before=(first,)) == (first,)


def test_a_lot_refuses_what_it_passed_on_itself():
    (passed_on,) = combine(lot("a"), (), {lot("z"): [failed("z")]})
    assert combine(lot("z"), (), {lot("a"): [passed_on]}) == (), "of itself it knows better"
    (passed_on,) = combine(lot("a"), (), {lot("b"): [failed("r")]})
    assert combine(lot("a"), (), {lot("b"): [passed_on]}) == ()
    assert combine(lot("c"), (), {lot("b"): [passed_on]}) != ()


def test_what_is_of_an_ended_term_does_not_count():
    told = {lot("a"): [failed("r", 1, term=4)], lot("b"): [failed("r", 7, term=5)]}
    (taint,) = combine(lot("z"), (), told, lambda taint: taint.term <= 4)
    assert (taint.steps, taint.term) == (8, 5)


def test_the_nearest_of_each_kind_are_told_and_no_more():
    own = own_taints(lot("z"), RECALL, None)
    told = {lot("a"): [failed(number, number % 4) for number in range(9)]}
    taints = combine(lot("z"), own, told)
    assert [(x.root, x.steps) for x in taints if x.kind == "failed"] == [
        (lot(0), 1), (lot(4), 1), (lot(8), 1), (lot(1), 2)
    ]  # fmt: skip
    assert [x.root for x in taints if x.kind == "recalled"] == [lot("z")]


def test_marks_stay_few_however_far_a_taint_comes():
    taint = failed("r")
    most = 0
    for number in range(ALL_MARKED - 1):
        (taint,) = combine(lot(number), (), {lot("before"): [taint]})
        most = max(most, len(taint.marks))
    assert (taint.steps, most) == (ALL_MARKED - 1, MARKS)


class Lots:
    """Lots that tell those made from them what taints them, over channels that keep order. `ends`: what ends is told to
    each lot, at some time; else never.
    """

    def __init__(self, *, ends):
        self.inputs = {}
        self.tainted = set()
        self.told = {}
        self.channels = {}
        self.state = {}
        self.terms = {}
        self.over = {}
        self.ends = deque() if ends else None
        self.tellings = 0

    def own(self, lot):
        return own_taints(
            lot,
            RECALL if (lot, "recalled") in self.tainted else None,
            inspection("fail") if (lot, "failed") in self.tainted else None,
            lambda kind, _: self.terms.get((kind, lot), 0),
        )

    def change(self, lot, inputs, kinds):
        for kind in ("failed", "recalled"):
            if (lot, kind) in self.tainted and kind not in kinds and self.ends is not None:
                term = self.terms.get((kind, lot), 0)
                self.terms[kind, lot] = term + 1
                self.ends += [(other, (kind, lot), term) for other in {*self.inputs, lot}]
        self.tainted = {(root, kind) for root, kind in self.tainted if root != lot} | {(lot, kind) for kind in kinds}
        for gone in self.inputs.get(lot, set()) - inputs:
            self.channels.pop((gone, lot))
            self.told.get(lot, {}).pop(gone, None)
        for new in inputs - self.inputs.get(lot, set()):
            self.channels[new, lot] = deque([self.state.get(new, ())])
        self.inputs[lot] = inputs
        self.settle(lot)

    def settle(self, lot):
        over = self.over.get(lot, {})
        before = self.state.get(lot, ())
        state = combine(
            lot,
            self.own(lot),
            self.told.get(lot, {}),
            lambda taint: taint.term <= over.get((taint.kind, taint.root), -1),
            before,
        )
        if state != before:
            self.state[lot] = state
            for (upstream, _), channel in self.channels.items():
                if upstream == lot:
                    channel.append(state)
                    self.tellings += 1

    def deliver(self, channel):
        upstream, lot = channel
        self.told.setdefault(lot, {})[upstream] = self.channels[channel].popleft()
        self.settle(lot)

    def deliver_end(self):
        lot, (kind, root), term = self.ends.popleft()
        over = self.over.setdefault(lot, {})
        over[kind, root] = max(term, over.get((kind, root), -1))
        self.settle(lot)

    def waiting(self):
        return sorted(channel for channel, messages in self.channels.items() if messages)

    def rest(self, chance=None):
        """All that is under way is delivered: one by one as chance has it, or in rounds."""
        for _ in range(50_000):
            if self.ends and (chance is None or chance.random() < 0.5):
                self.deliver_end()
                continue
            waiting = self.waiting()
            if not waiting and not self.ends:
                return
            for channel in waiting if chance is None else waiting and [chance.choice(waiting)]:
                self.deliver(channel)
        raise AssertionError("the lots do not come to rest")

    def rest_in_turns(self, chance):
        """Lots by turns, each with all that waits for it, as a partition works them off; how many turns it took."""
        for turn in range(50_000):
            waiting = sorted({lot for (_, lot), messages in self.channels.items() if messages})
            if not waiting:
                return turn
            lot = chance.choice(waiting)
            for upstream in self.inputs[lot]:
                if messages := self.channels[upstream, lot]:
                    self.told.setdefault(lot, {})[upstream] = messages[-1]
                    messages.clear()
            self.settle(lot)
        raise AssertionError("the lots do not come to rest")

    def nearest(self, lot, kind):
        """By the definition, level by level: other lots that went into this one and are tainted."""
        found, seen, level, steps = [], {lot}, {lot}, 0
        while level:
            found += sorted((steps, root) for root in level if root != lot and (root, kind) in self.tainted)
            level = {part for made in level for part in self.inputs.get(made, ())} - seen
            seen |= level
            steps += 1
        return found

    def check(self):
        for lot in self.inputs:
            for kind in ("failed", "recalled"):
                found = [(x.steps, x.root) for x in inherited(lot, self.state.get(lot, ()), kind, TOLD - 1)]
                assert found == self.nearest(lot, kind)[: TOLD - 1]


names = st.sampled_from([lot(name) for name in "abcdefgh"])
changes = st.lists(
    st.tuples(
        names,
        st.frozensets(names, max_size=3),
        st.frozensets(st.sampled_from(["recalled", "failed"])),
        st.integers(0, 6),
    ),
    max_size=24,
)


@settings(deadline=None)
@given(changes, st.booleans(), st.randoms())
def test_in_any_order_of_delivery_lots_end_with_what_is_nearest_to_them(given_changes, ends, chance):
    """Lots change (roots come and go, inputs are corrected, circles close) while messages are under way."""
    lots = Lots(ends=ends)
    for lot, inputs, kinds, deliveries in given_changes:
        lots.change(lot, set(inputs), kinds)
        for _ in range(deliveries):
            if lots.ends and chance.random() < 0.3:
                lots.deliver_end()
            elif waiting := lots.waiting():
                lots.deliver(chance.choice(waiting))
    lots.rest(chance)
    lots.check()


@settings(deadline=None)
@given(changes, st.booleans())
def test_in_rounds_lots_end_with_what_is_nearest_to_them(given_changes, ends):
    lots = Lots(ends=ends)
    for lot, inputs, kinds, _ in given_changes:
        lots.change(lot, set(inputs), kinds)
    lots.rest()
    lots.check()


@pytest.mark.parametrize("size", [2, 10, 300])
def test_what_went_into_a_circle_and_does_no_more_is_forgotten_soon(size):
    """Nobody says that anything ended: the lot still fails, it went into none of them after all."""
    lots = Lots(ends=False)
    circle = {lot(number): {lot((number - 1) % size)} for number in range(size)}
    for name, inputs in circle.items():
        lots.change(name, inputs, set())
    lots.change(lot("x"), set(), {"failed"})
    lots.change(lot(0), {*circle[lot(0)], lot("x")}, set())
    lots.rest()
    lots.check()
    assert inherited(lot(1), lots.state[lot(1)], "failed", 1)
    before = lots.tellings
    lots.change(lot(0), circle[lot(0)], set())
    lots.rest()
    lots.check()
    assert lots.tellings - before < 6 * size + 10


@pytest.mark.parametrize("seed", range(4))
def test_circles_that_run_into_each_other_come_to_rest_too(seed):
    chance = random.Random(seed)
    lots = Lots(ends=False)
    tangle = {lot(n): {lot((n - 1) % 40), *(lot(x) for x in chance.sample(range(40), 2))} for n in range(40)}
    for name, inputs in tangle.items():
        lots.change(name, inputs, set())
    strangers = [lot(f"x{number}") for number in range(6)]
    for stranger in strangers:
        lots.change(stranger, set(), {"failed", "recalled"})
    lots.change(lot(0), {*tangle[lot(0)], *strangers}, set())
    lots.rest_in_turns(chance)
    lots.check()
    lots.change(lot(0), tangle[lot(0)], set())
    assert lots.rest_in_turns(chance) < 10_000
    lots.check()
