"""The current record against the rule: the greatest (occurred_at, event_id, publisher, content) of each key."""

import json
from itertools import accumulate, pairwise, product

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from suyuan.domain.content import content, digest, event_ids_in_hex
from suyuan.streams.stages.current import SEEN_LIMIT, body, held_before, perhaps_older, supersede, supersede_in_general
from suyuan.streams.stages.held_records import held_fields

SCHEMA = {
    "key": pl.String,
    "occurred_at": pl.Int64,
    "event_id": pl.String,
    "publisher": pl.String,
    "said": pl.String,
    "offset": pl.Int64,
}


def content_of(event):
    return content({"occurred_at": event[1], "said": event[4]})


class Home:
    """The state of one partition, and its log."""

    def __init__(self):
        self.held = {}
        self.older = {}
        self.tables = {}

    def take(self, log, start, end, *, redelivered=False):
        events = log[start:end]
        rows = pl.DataFrame(
            [(*event, offset) for offset, event in enumerate(events, start)], schema=SCHEMA, orient="row"
        )
        digests = pl.Series("digest", [digest(content_of(event)) for event in events], dtype=pl.String)
        rows = rows.with_columns(
            content=pl.Series([content_of(event) for event in events], dtype=pl.String),
            digest=digests,
            revision=pl.col("offset") + 1,
            id=event_ids_in_hex("lot", rows, digests),
        )
        keys = rows["key"].unique(maintain_order=True).to_list()
        prior = held_before(keys, [self.held.get(key) for key in keys])
        older = [(*at, self.older[at]) for at in perhaps_older(rows, prior) if at in self.older]
        change = supersede(rows, prior, older, moves_with=["said"], redelivered=redelivered)
        assert_same(change, supersede_in_general(rows, prior, older, moves_with=["said"], redelivered=redelivered))
        self.held |= dict(zip(change.keys, change.values, strict=True))
        self.older |= {(key, id_): offset for key, id_, offset in change.older}
        self.tables |= {row["offset"]: row for row in change.outcomes.iter_rows(named=True)}
        return change

    def current(self, key, until):
        """As the tables say, which have no content."""
        rows = [
            row
            for row in self.tables.values()
            if (row["key"], row["outcome"]) == (key, "accepted") and row["offset"] < until
        ]
        names = ("occurred_at", "event_id", "publisher", "tie")
        last = max(rows, key=lambda row: [row[name] for name in names], default=None)
        return last and (key, *(last[name] for name in (*names[:3], "said")))


def assert_same(change, general):
    assert_frame_equal(change.outcomes, general.outcomes, check_column_order=False)
    assert_frame_equal(change.current.sort("key"), general.current.sort("key"), check_column_order=False)
    assert change.keys.equals(general.keys)
    assert change.values == general.values
    assert change.older == general.older


events = st.tuples(
    st.sampled_from("kl"),
    st.integers(0, 1),
    st.sampled_from(("a", "b")),
    st.sampled_from(("P", "Q")),
    st.sampled_from(("x", "x!", "茅", "Z")),
)
"""key, occurred_at, event_id, publisher, what it says"""


def version(event):
    return (*event[1:4], content_of(event).encode())


@st.composite
def logs(draw):
    """A log, and where it is cut into runs."""
    log = draw(st.lists(events, min_size=1, max_size=14))
    cuts = draw(st.lists(st.integers(1, len(log)), unique=True))
    return log, list(pairwise(sorted({0, len(log), *cuts})))


def without_tie(frame):
    return frame.drop("tie")


@settings(deadline=None, max_examples=80)
@given(st.lists(st.lists(events, min_size=1, max_size=2, unique_by=lambda event: event[0]), min_size=1, max_size=20))
def test_runs_in_which_each_key_comes_once_are_no_exception(runs):
    home = Home()
    log = [event for run in runs for event in run]
    ends = [*accumulate(len(run) for run in runs)]
    for start, end in pairwise([0, *ends]):
        home.take(log, start, end)  # which compares with the general way


@settings(deadline=None, max_examples=80)
@given(logs(), st.booleans())
def test_outcomes_and_what_is_current_do_not_depend_on_the_runs(drawn, again):
    log, runs = drawn
    home = Home()
    for start, end in runs:
        change = home.take(log, start, end)
        if again:
            twice = home.take(log, start, end, redelivered=True)
            assert without_tie(twice.outcomes).equals(without_tie(change.outcomes))
            assert twice.current.sort("key").equals(change.current.sort("key"))
        assert change.outcomes["outcome"].to_list() == [
            "duplicate" if log[offset] in log[:offset] else "accepted" for offset in range(start, end)
        ]
        before = {key: max(filter(lambda e: e[0] == key, log[:start]), key=version, default=None) for key in "kl"}
        after = {key: max(filter(lambda e: e[0] == key, log[:end]), key=version, default=None) for key in "kl"}
        news = {key: after[key] for key in "kl" if after[key] != before[key]}
        rows = change.current.select("key", body(), "previous").rows()
        assert {key: said(now) for key, now, _ in rows} == {key: news[key][1:] for key in news}
        assert {key: said(previous) for key, _, previous in rows} == {
            key: before[key][1:] if before[key] and before[key][4] != news[key][4] else None for key in news
        }
        moments = [0, *(end for _, end in runs)] if again else range(len(log) + 1)
        for key, until in product("kl", (until for until in moments if until <= end)):
            standing = max((event for event in log[:until] if event[0] == key), key=version, default=None)
            assert home.current(key, until) == standing, "also as it was known before"


def said(text):
    told = json.loads(text) if text else {}
    return tuple(told[name] for name in ("occurred_at", "event_id", "publisher", "said")) if told else None


def test_a_delivery_is_known_again_after_any_number_of_others_of_its_key():
    log = [("k", at, f"{at}", "P", "x") for at in range(3 * SEEN_LIMIT)]
    log += [log[1], log[0], log[-1], ("k", 0, "0", "P", "y")]
    home = Home()
    for start, end in ((0, 5), (5, 2 * SEEN_LIMIT + 3), (2 * SEEN_LIMIT + 3, 3 * SEEN_LIMIT)):
        home.take(log, start, end)
    outcomes = home.take(log, 3 * SEEN_LIMIT, len(log)).outcomes["outcome"].to_list()
    assert outcomes == ["duplicate", "duplicate", "duplicate", "accepted"]
    again = home.take(log, 3 * SEEN_LIMIT, len(log), redelivered=True).outcomes["outcome"].to_list()
    assert again == outcomes
    assert len(next(iter(home.held.values()))) < 2000, "what is rewritten with each version does not grow with them"


def test_versions_that_come_one_at_a_time_are_all_known_again():
    log = [("k", at, f"{at}", "P", "x") for at in range(SEEN_LIMIT + 5)]
    home = Home()
    for at in range(len(log)):
        home.take(log, at, at + 1)
    assert len(home.older) == 5
    outcomes = home.take([*log, log[2], log[-1]], len(log), len(log) + 2).outcomes["outcome"].to_list()
    assert outcomes == ["duplicate", "duplicate"]


def test_what_a_former_version_held_is_read():
    former = json.dumps(FIELDS | {"content": CONTENT}, separators=(",", ":"), ensure_ascii=False).encode()
    now = json.dumps(FIELDS, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" + CONTENT.encode()
    rows = held_before(["k", "l", "m"], [former, None, now])
    assert rows.drop("key").row(0, named=True) == rows.drop("key").row(1, named=True) == FIELDS | {"content": CONTENT}
    assert held_fields(former) == held_fields(now) == FIELDS | {"content": CONTENT}


CONTENT = '{"said":"茅\\n\\""}'
FIELDS = {
    "occurred_at": 1,
    "event_id": "e\n",
    "publisher": "P",
    "tie": -1,
    "revision": 7,
    "digest": "0f",
    "previous": '{"a":1}',
    "seen": ["a", "b"],
    "seen_at": [1, 7],
    "older": True,
}
