"""The current record against the rule in one line: the greatest (occurred_at, event_id, publisher) of each key."""

from itertools import pairwise

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.streams.stages.current import SEEN_LIMIT, supersede

SCHEMA = {
    "key": pl.String,
    "occurred_at": pl.Int64,
    "event_id": pl.String,
    "publisher": pl.String,
    "offset": pl.Int64,
    "body": pl.String,
}


class Home:
    """The state of one partition, and its log."""

    def __init__(self):
        self.held = {}

    def take(self, log, start, end, *, redelivered=False):
        rows = pl.DataFrame(
            [(*event, offset, "/".join(map(str, event))) for offset, event in enumerate(log[start:end], start)],
            schema=SCHEMA,
            orient="row",
        )
        keys = rows["key"].unique(maintain_order=True).to_list()
        change = supersede(rows, keys, [self.held.get(key) for key in keys], redelivered=redelivered)
        self.held |= dict(zip(change.keys, change.values, strict=True))
        return change


events = st.tuples(
    st.sampled_from("kl"), st.integers(0, 2), st.sampled_from(("a", "b", "c")), st.sampled_from(("P", "Q"))
)
"""key, occurred_at, event_id, publisher"""


def version(event):
    return event[1:]


@st.composite
def logs(draw):
    """A log in which the same (key, publisher, event_id) is the same event, and where it is cut into runs."""
    drawn = draw(st.lists(events, min_size=1, max_size=12))
    first = {}
    log = [first.setdefault((key, name, publisher), (key, at, name, publisher)) for key, at, name, publisher in drawn]
    cuts = draw(st.lists(st.integers(1, len(log)), unique=True))
    return log, list(pairwise(sorted({0, len(log), *cuts})))


@settings(deadline=None, max_examples=60)
@given(logs(), st.booleans())
def test_outcomes_and_what_is_current_do_not_depend_on_the_runs(drawn, again):
    log, runs = drawn
    home = Home()
    for start, end in runs:
        change = home.take(log, start, end)
        if again:
            twice = home.take(log, start, end, redelivered=True)
            assert twice.outcomes.equals(change.outcomes)
            assert twice.current.sort("key").equals(change.current.sort("key"))
        assert change.outcomes["outcome"].to_list() == [
            "duplicate" if log[offset] in log[:offset] else "accepted" for offset in range(start, end)
        ]
        before = {key: max(filter(lambda e: e[0] == key, log[:start]), key=version, default=None) for key in "kl"}
        after = {key: max(filter(lambda e: e[0] == key, log[:end]), key=version, default=None) for key in "kl"}
        news = {key: after[key] for key in "kl" if after[key] != before[key]}
        rows = change.current.select("key", "body", "previous").rows()
        assert {key: body for key, body, _ in rows} == {key: "/".join(map(str, news[key])) for key in news}
        assert {key: previous for key, _, previous in rows} == {
            key: "/".join(map(str, before[key])) if before[key] else None for key in news
        }


def test_a_delivery_is_forgotten_after_many_others_of_its_key():
    log = [("k", at, f"{at}", "P") for at in range(SEEN_LIMIT + 1)]
    log += [log[1], log[0]]
    home = Home()
    home.take(log, 0, SEEN_LIMIT + 1)
    outcomes = home.take(log, SEEN_LIMIT + 1, SEEN_LIMIT + 3).outcomes["outcome"].to_list()
    assert outcomes == ["duplicate", "accepted"]
    assert len(next(iter(home.held.values()))) < 2000, "what is kept of a key does not grow with its events"
