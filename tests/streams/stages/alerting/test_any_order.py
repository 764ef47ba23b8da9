"""The last that is said of each alert that stands is that of a plain reading of findings and acts, whatever their order
and their blocks, and whatever is delivered again.
"""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.domain.calendar import DAY_MS
from suyuan.domain.rules.rule import SEVERITIES
from tests.streams.stages.alerting.conftest import ALERT, RECEIVED
from tests.streams.stages.played import blocks_of, play

ALERTS = [f"{ALERT}-330106", f"{ALERT}-440305", ALERT]
PLATFORMS = ["91110108MA01234567", "91330106MA2CABCD12"]
BASES = ["00000000000000b1", "00000000000000b2", "ffffffffffffffff"]
ACTS = [
    ("acknowledge", {"until": RECEIVED + 10**10}),
    ("unacknowledge", {}),
    ("assign", {"assignee": "li"}),
    ("resolve", {"resolution": "false_alarm", "basis": BASES[0]}),
    ("resolve", {"resolution": "confirmed", "basis": BASES[1]}),
    ("reopen", {}),
    ("comment", {"note_id": "n"}),
]

versions = st.lists(
    st.tuples(
        st.booleans(),
        st.sampled_from(SEVERITIES),
        st.sampled_from(BASES),
        st.sampled_from(PLATFORMS),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=4,
)
histories = st.dictionaries(st.tuples(st.sampled_from(ALERTS[:2]), st.integers(0, 6)), versions, max_size=9)
acts_done = st.lists(st.tuples(st.sampled_from(ALERTS[:2]), st.sampled_from(ACTS), st.integers(0, 6)), max_size=6)


def rows_of(make, found, acts):
    """Input rows by what they are of: those of one finding stay in their order."""
    rows = {}
    for (alert, listing), told in found.items():
        name = f"{listing:x}"
        rows[alert, name] = [
            (
                "finding",
                make["finding"](
                    name, number, alert=alert, stands=stands, severity=severity, basis=basis,
                    listed_at=RECEIVED + DAY_MS * listed, platform_code=platform,
                ),
            )
            for number, (stands, severity, basis, platform, listed) in enumerate(told, start=1)
        ]  # fmt: skip
    for number, (alert, (name, fields), at) in enumerate(acts):
        made = make["act"](name, number, alert=alert, at=RECEIVED + DAY_MS * at, **fields)
        rows["act", number] = [("alert.record", made)]
    return rows


def interleaved(rows, chance):
    """All of them in an order of chance."""
    waiting = [list(each) for each in rows.values()]
    order = []
    while waiting:
        chosen = chance.choice(waiting)
        order.append(chosen.pop(0))
        waiting = [each for each in waiting if each]
    return order


def standing(found):
    """By alert, what its standing findings give, told plainly."""
    alerts = {}
    for (alert, listing), told in found.items():
        stands, severity, basis, platform, listed = told[-1]
        if stands:
            alerts.setdefault(alert, []).append((severity, basis, platform, listed, f"{listing:x}"))
    return {
        alert: {
            "severity": SEVERITIES[max(SEVERITIES.index(severity) for severity, *_ in members)],
            "listings": len(members),
            "platforms": sorted(
                (platform, sum(each[2] == platform for each in members)) for platform in {each[2] for each in members}
            ),
            "basis": f"{sum(int(basis, 16) for basis in {each[1] for each in members}) % 2**64:016x}",
            "newest_listed_at": RECEIVED + DAY_MS * max(each[3] for each in members),
            "shown": min((-listed, name * 32) for *_, listed, name in members)[1],
        }
        for alert, members in alerts.items()
    }


def said_last(heard):
    newest = {}
    for row in heard:
        if row["alert_id"] not in newest or newest[row["alert_id"]]["sequence"] <= row["sequence"]:
            newest[row["alert_id"]] = row
    return newest


def handled(acts, facts):
    """How an alert is dealt with, told plainly: one act after the other."""
    handling, assignee = "open", None
    for name, fields, at in acts:
        if name == "acknowledge" and handling in {"open", "acknowledged"}:
            handling = "acknowledged"
        elif name == "unacknowledge" and handling == "acknowledged":
            handling = "open"
        elif name == "assign" and handling != "resolved":
            handling, assignee = "assigned", fields["assignee"]
        elif name == "resolve" and handling != "resolved":
            again = fields["resolution"] != "false_alarm" and facts["newest_listed_at"] > at
            handling = "open" if again or fields["basis"] != facts["basis"] else "resolved"
        elif name == "reopen" and handling == "resolved":
            handling = "open"
        if handling != "assigned":
            assignee = None
    return handling, assignee


@settings(max_examples=300, deadline=None)
@given(histories, acts_done, st.integers(0, 2**32), st.sampled_from([0, 0.4]))
def test_the_same_alerts_stand(make_partition, finding, act, found, acts, seed, losses):
    chance = random.Random(seed)
    rows = rows_of({"finding": finding, "act": act}, found, acts)
    partition = make_partition(slice_rows=chance.choice([1, 2, 100]))

    def before(heard):
        partition.quiet_before = RECEIVED + 10**9 if chance.random() < 0.2 and len(heard) < 50 else 0

    blocks = blocks_of(interleaved(rows, chance), chance)
    topics = {"inputs": ("finding", "alert.record"), "backlog": "alerting.backlog"}
    heard = play(partition, blocks, chance, losses, before=before, **topics)
    last = said_last(heard)
    expected = standing(found)
    assert {alert for alert, row in last.items() if row["state"] == "raised"} == expected.keys()
    for alert, facts in expected.items():
        row = last[alert]
        told = {name: row[name] for name in facts if name in row}
        told["platforms"] = [(each["platform_code"], each["listings"]) for each in row["platforms"] if each["listings"]]
        told["shown"] = row["evidence"][0].removeprefix("listing/")[0] * 32
        assert told == facts
        of_alert = [
            (name, fields, RECEIVED + DAY_MS * at, number)
            for number, (where, (name, fields), at) in enumerate(acts)
            if where == alert
        ]
        of_alert.sort(key=lambda each: (each[2], f"act-{each[3]}"))
        assert (row["handling"], row["assignee"]) == handled([each[:3] for each in of_alert], facts)
    for alert in last:
        of_alert = [row for row in heard if row["alert_id"] == alert]
        if not losses:
            assert_ends_are_told(of_alert)
            sequences = [row["sequence"] for row in of_alert]
            assert sequences == list(range(1, len(sequences) + 1))


def assert_ends_are_told(rows):
    """Whose last listing has left an alert is named once more, with none, and none else is named so. `rows`: of an
    alert, of which none was said again.
    """
    before = set()
    for row in rows:
        if before or row["state"] == "raised":
            assert named_in(row) == covered_in(row) | before
        before = covered_in(row) if row["state"] == "raised" else set()


def named_in(row):
    """The platforms that it names."""
    return {each["platform_code"] for each in row["platforms"]}


def covered_in(row):
    """The platforms of which it covers listings."""
    return {each["platform_code"] for each in row["platforms"] if each["listings"]}
