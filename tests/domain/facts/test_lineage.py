from collections import deque
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.domain.facts.lineage import Taint, combine, own_taints
from suyuan.domain.facts.quality import InspectionFact, RecallFact

RECALL = RecallFact(recall_no="RC1", level=1, evidence="X/recall")


def inspection(result):
    return InspectionFact(report_no="R1", result=result, inspected_on=None, evidence="X/report")


def test_a_lot_is_tainted_by_an_open_recall_and_by_its_own_failed_inspection():
    taints = own_taints("a", RECALL, inspection("fail"))
    assert [(taint.root, taint.kind, taint.path, taint.evidence) for taint in taints] == [
        ("a", "failed", ("a",), "X/report"),
        ("a", "recalled", ("a",), "X/recall"),
    ]
    assert own_taints("a", None, inspection("pass")) == ()


def test_of_several_paths_the_shortest_then_the_least_is_kept():
    def via(*path):
        return [Taint(root="r", kind="recalled", path=path, evidence="X/1")]

    told = {"c": via("c", "r"), "b": via("b", "r"), "a": via("a", "b", "r")}
    assert [taint.path for taint in combine("z", (), told)] == [("z", "b", "r")]


def test_a_path_through_the_lot_itself_is_refused():
    round_about = [Taint(root="z", kind="failed", path=("a", "z"), evidence="X/1")]
    assert combine("z", (), {"a": round_about}) == ()


class Lots:
    """Lots that tell those made from them what taints them, over channels that keep order."""

    def __init__(self):
        self.inputs = {}
        self.tainted = set()
        self.told = {}
        self.channels = {}
        self.state = {}

    def own(self, lot):
        return own_taints(
            lot,
            RECALL if (lot, "recalled") in self.tainted else None,
            inspection("fail") if (lot, "failed") in self.tainted else None,
        )

    def change(self, lot, inputs, kinds):
        self.tainted = {(root, kind) for root, kind in self.tainted if root != lot} | {(lot, kind) for kind in kinds}
        for gone in self.inputs.get(lot, set()) - inputs:
            self.channels.pop((gone, lot))
            self.told.get(lot, {}).pop(gone, None)
        for new in inputs - self.inputs.get(lot, set()):
            self.channels[new, lot] = deque([self.state.get(new, ())])
        self.inputs[lot] = inputs
        self.settle(lot)

    def settle(self, lot):
        state = combine(lot, self.own(lot), self.told.get(lot, {}))
        if state != self.state.get(lot, ()):
            self.state[lot] = state
            for (upstream, _), channel in self.channels.items():
                if upstream == lot:
                    channel.append(state)

    def deliver(self, channel):
        upstream, lot = channel
        self.told.setdefault(lot, {})[upstream] = self.channels[channel].popleft()
        self.settle(lot)

    def waiting(self):
        return sorted(channel for channel, messages in self.channels.items() if messages)

    def reached(self, lot):
        """(root, kind) of the lots that went into this one, by the definition."""
        seen, todo = set(), [lot]
        while todo:
            for given_lot in self.inputs.get(todo.pop(), ()):
                if given_lot not in seen:
                    seen.add(given_lot)
                    todo.append(given_lot)
        return {(root, kind) for root, kind in self.tainted if root in seen and root != lot}


names = st.sampled_from("abcdef")
changes = st.lists(
    st.tuples(
        names,
        st.frozensets(names, max_size=3),
        st.frozensets(st.sampled_from(["recalled", "failed"])),
        st.integers(0, 6),
    ),
    max_size=14,
)


def check(lots):
    for lot in "abcdef":
        taints = lots.state.get(lot, ())
        assert {(taint.root, taint.kind) for taint in taints if taint.root != lot} == lots.reached(lot)
        for taint in taints:
            assert (taint.path[0], taint.path[-1]) == (lot, taint.root)
            assert all(given_lot in lots.inputs[made] for made, given_lot in pairwise(taint.path))


@settings(deadline=None)
@given(changes, st.randoms())
def test_in_any_order_of_delivery_lots_end_with_what_reaches_them(given_changes, chance):
    """Lots change (roots come and go, inputs are corrected, circles close) while messages are under way."""
    lots = Lots()
    for lot, inputs, kinds, deliveries in given_changes:
        lots.change(lot, set(inputs), kinds)
        for _ in range(deliveries):
            if waiting := lots.waiting():
                lots.deliver(chance.choice(waiting))
    for _ in range(100_000):
        if not (waiting := lots.waiting()):
            break
        lots.deliver(chance.choice(waiting))
    assert not lots.waiting()
    check(lots)


@settings(deadline=None)
@given(changes)
def test_in_rounds_lots_end_with_what_reaches_them(given_changes):
    lots = Lots()
    for lot, inputs, kinds, _ in given_changes:
        lots.change(lot, set(inputs), kinds)
    while waiting := lots.waiting():
        for channel in waiting:
            lots.deliver(channel)
    check(lots)
