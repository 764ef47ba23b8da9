"""One alert of each rule, subject and bureau: what is said at once, what when it has settled, how it is dealt with."""

import pytest

from tests.streams.stages.alerting.conftest import ALERT, LOT, RECEIVED

BUREAU = f"{ALERT}-330106"


def of(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


def test_an_alert_of_many_listings_says_what_it_is_about(partition, finding):
    (said,) = partition.feed("finding", [finding("a"), finding("b", listed_at=RECEIVED + 9, title="红茶")])
    assert "绿茶" in said.pop("explanation_zh")
    assert "level 2" in said.pop("explanation_en")
    assert said.pop("triggering").startswith("{")
    assert said == {
        "alert_id": BUREAU,
        "rule": "recalled_on_sale",
        "rule_version": 1,
        "severity": "high",
        "title_zh": "召回产品仍在销售",
        "title_en": "Recalled product still on sale",
        "subject_kind": "lot",
        "subject": LOT,
        "state": "raised",
        "handling": "open",
        "change": "raised",
        "listings": 2,
        "platforms": [{"platform_code": "91110108MA01234567", "listings": 2}],
        "platform_code": None,
        "listing_id": None,
        "verdict": "contradicted",
        "seller_code": None,
        "producer_code": "91440300MA5FABCD34",
        "gtin": "06901234567892",
        "lot": "B1",
        "gap_names": ["lot_recalled"],
        "evidence": ["listing/b-1", "recall/r1"],
        "seller_division": None,
        "producer_division": "440305",
        "bureau": "330106",
        "bureau_why": "seller:330106",
        "basis": "00000000000000b1",
        "newest_listed_at": RECEIVED + 9,
        **dict.fromkeys(["assignee", "acknowledged_until", "resolution", "act_event", "act", "actor"]),
        **dict.fromkeys(["note_id", "acted_at"]),
        "raised_at": RECEIVED + 1,
        "changed_at": RECEIVED + 1,
        "received_at": RECEIVED + 1,
        "sequence": 1,
    }


def test_steps_are_told_at_once_and_the_exact_number_when_it_has_settled(partition, finding):
    said = [partition.feed("finding", [finding(name)]) for name in "abcdefg"]
    assert [of(rows, "listings", "change") for rows in said] == [
        [(1, "raised")],
        [(2, "changed")],
        [],
        [],
        [(5, "changed")],
        [],
        [],
    ]
    assert of(partition.rest(), "listings", "sequence") == [(7, 4)]
    assert partition.rest() == []


def test_while_it_changes_in_every_round_it_waits(partition, finding):
    partition.feed("finding", [finding(name) for name in "0123456789"])
    for name in "abc":
        assert partition.feed("finding", [finding(name)]) == []
        assert partition.feed("alerting.backlog", partition.backlog.pop(0)) == []
        assert len(partition.backlog) == 1
    assert of(partition.rest(), "listings") == [(13,)]


def test_a_storm_is_some_rows_of_each_bureau(partition, finding):
    said = []
    for number in range(120):
        row = finding("a", alert=f"{ALERT}-33010{number % 3}") | {"finding_id": f"{number:032x}"}
        said += partition.feed("finding", [row])
    said += partition.rest()
    last = {row["alert_id"]: row["listings"] for row in said}
    assert last == {f"{ALERT}-33010{number}": 40 for number in range(3)}
    steps = [row["listings"] for row in said if row["bureau"] == "330100"]
    assert steps == [1, 2, 5, 10, 20, 40]


def test_it_clears_when_no_finding_stands_and_is_raised_again(partition, finding):
    partition.feed("finding", [finding("a"), finding("b")])
    assert of(partition.feed("finding", [finding("a", 2, stands=False)]), "listings", "state") == [(1, "raised")]
    (cleared,) = partition.feed("finding", [finding("b", 2, stands=False, triggering=None)])
    assert (cleared["state"], cleared["change"], cleared["listings"], cleared["basis"]) == (
        "cleared",
        "cleared",
        0,
        None,
    )
    assert cleared["platforms"] == [{"platform_code": "91110108MA01234567", "listings": 0}], "it hears of that too"
    assert (cleared["subject"], cleared["explanation_en"]) == (LOT, "What raised the alert no longer holds.")
    (again,) = partition.feed("finding", [finding("a", 3)])
    assert (again["change"], again["raised_at"], again["sequence"]) == ("raised", RECEIVED + 3, 4)


def test_a_platform_whose_last_listing_leaves_hears_of_it_once(partition, finding):
    """And again the same where that is lost, also by settling."""
    other = {"platform_code": "91330106MA2CABCD12"}

    def platforms(rows):
        return [{each["platform_code"][2:6]: each["listings"] for each in row["platforms"]} for row in rows]

    partition.feed("finding", [finding("a"), finding("b"), finding("c", **other)])
    partition.rest()
    gone = [finding("c", 2, stands=False, **other)]
    assert platforms([*partition.feed("finding", gone), *partition.rest()]) == [{"1101": 2, "3301": 0}]
    assert platforms([*partition.feed("finding", [finding("d")]), *partition.rest()])[-1] == {"1101": 3}
    assert platforms([*partition.feed("finding", [finding("c", 3, **other)]), *partition.rest()])[-1] == {
        "1101": 3,
        "3301": 1,
    }
    # now at once, since the step changes
    most = [finding(name, 2, stands=False) for name in "ab"]
    said = partition.feed("finding", [*most, finding("c", 4, stands=False, **other)])
    assert platforms(said) == [{"1101": 1, "3301": 0}]
    offset = partition.offsets["finding"]
    again = [*most, finding("c", 4, stands=False, **other)]
    assert partition.feed("finding", again, offset=offset, redelivered=True) == said
    assert partition.rest() == [], "nothing is left to say"
    (cleared,) = partition.feed("finding", [finding("d", 2, stands=False)])
    assert platforms([cleared]) == [{"1101": 0}], "whose part had ended before is not told again"
    (raised,) = partition.feed("finding", [finding("c", 5, **other)])
    assert platforms([raised]) == [{"3301": 1}]


def test_the_worst_severity_counts_and_the_newest_offer_is_shown(partition, finding):
    older = finding("b", severity="critical", listed_at=RECEIVED - 1)
    (said,) = partition.feed("finding", [finding("a", severity="medium"), older])
    assert (said["severity"], said["evidence"][0]) == ("critical", "listing/a-1")
    (less,) = partition.feed("finding", [finding("b", 2, stands=False)])
    assert (less["severity"], less["evidence"][0]) == ("medium", "listing/a-1")
    (more,) = partition.feed("finding", [finding("c", listed_at=RECEIVED + 5, severity="medium")])
    assert more["evidence"][0] == "listing/c-1"
    (last,) = partition.feed("finding", [finding("c", 2, stands=False, severity="medium")])
    assert (last["evidence"][0], last["newest_listed_at"]) == ("listing/a-1", RECEIVED)


def test_of_one_listing_every_change_is_told(partition, finding):
    of_one = {"alert": ALERT, "subject_kind": "listing", "subject": "listing:91110108MA01234567/a"}
    (raised,) = partition.feed("finding", [finding("a", **of_one)])
    assert (raised["platform_code"], raised["listing_id"], raised["seller_code"]) == (
        *("91110108MA01234567", "a", "91330106MA2CABCD12"),
    )
    gaps = ["lot_recalled", "uninspected"]
    (restated,) = partition.feed("finding", [finding("a", 2, gap_names=gaps, **of_one)])
    assert (restated["change"], restated["gap_names"]) == ("changed", gaps)
    (moved,) = partition.feed("finding", [finding("a", 3, gap_names=gaps, bureau="330100", **of_one)])
    assert (moved["change"], moved["bureau"], moved["alert_id"]) == ("moved", "330100", ALERT)


def test_a_false_alarm_stays_resolved_through_a_flicker_and_opens_on_other_evidence(partition, finding, act):
    (raised,) = partition.feed("finding", [finding("a")])
    basis = raised["basis"]
    said = partition.feed("alert.record", [act("acknowledge", 1, until=RECEIVED + 86_400_000)])
    said += partition.feed("alert.record", [act("assign", 2, assignee="li")])
    said += partition.feed("alert.record", [act("resolve", 3, resolution="false_alarm", basis=basis, note_id="n1")])
    assert of(said, "change", "handling", "assignee", "act", "actor", "note_id") == [
        ("handled", "acknowledged", None, "acknowledge", "zhang", None),
        ("handled", "assigned", "li", "assign", "zhang", None),
        ("handled", "resolved", None, "resolve", "zhang", "n1"),
    ]
    flicker = partition.feed("finding", [finding("a", 2, stands=False)])
    flicker += partition.feed("finding", [finding("a", 3, listed_at=RECEIVED + 10**9)])
    assert of(flicker, "state", "handling", "resolution") == [
        ("cleared", "resolved", "false_alarm"),
        ("raised", "resolved", "false_alarm"),
    ]
    (again,) = partition.feed("finding", [finding("a", 4, basis="00000000000000b2")])
    assert (again["state"], again["handling"], again["resolution"]) == ("raised", "open", None)


def test_what_was_dealt_with_and_is_offered_again_is_open_again(partition, finding, act):
    (raised,) = partition.feed("finding", [finding("a")])
    resolve = act("resolve", 1, resolution="confirmed", basis=raised["basis"])
    assert of(partition.feed("alert.record", [resolve]), "handling") == [("resolved",)]
    (offered,) = partition.feed("finding", [finding("b", listed_at=RECEIVED + 10**8)])
    assert (offered["handling"], offered["listings"]) == ("open", 2)


def test_acts_on_an_alert_that_was_not_raised_yet_count_when_it_is(partition, finding, act):
    assert partition.feed("alert.record", [act("assign", 1, assignee="li")]) == []
    assert of(partition.feed("finding", [finding("a")]), "handling", "assignee") == [("assigned", "li")]


def test_every_act_is_told_once(partition, finding, act):
    partition.feed("finding", [finding("a")])
    comment = act("comment", 1, note_id="n1")
    assert of(partition.feed("alert.record", [comment]), "handling", "act") == [("open", "comment")]
    assert partition.feed("alert.record", [comment]) == []


def test_what_follows_from_old_events_waits_until_all_is_read(partition, finding):
    partition.quiet_before = RECEIVED + 100
    assert partition.feed("finding", [finding("a"), finding("b")]) == []
    assert partition.feed("alerting.backlog", partition.backlog.pop(0)) == []
    live = finding("c", 200, alert=f"{ALERT}-440305")
    assert of(partition.feed("finding", [live]), "alert_id") == [(f"{ALERT}-440305",)]
    assert partition.feed("finding", [finding("b", 2, stands=False)]) == []
    partition.quiet_before = 0
    assert of(partition.rest(), "alert_id", "listings", "change", "sequence") == [(BUREAU, 1, "raised", 1)]


def test_nobody_is_told_of_what_was_cleared_while_it_waited(partition, finding):
    partition.quiet_before = RECEIVED + 100
    partition.feed("finding", [finding("a")])
    partition.feed("finding", [finding("a", 2, stands=False)])
    partition.quiet_before = 0
    assert partition.rest() == []


@pytest.mark.parametrize("topic", ["finding", "alert.record"])
def test_delivered_again_the_same_rows_are_published(partition, finding, act, topic):
    partition.feed("finding", [finding("z", alert=f"{ALERT}-440305")])
    partition.feed("finding", [finding("a")])
    rows = [finding("b"), finding("c")] if topic == "finding" else [act("comment", 1, note_id="n")]
    first = partition.feed(topic, rows)
    asked = list(partition.backlog)
    offset = partition.offsets[topic]
    assert len(first) == 1
    partition.backlog.clear()
    assert partition.feed(topic, rows, offset=offset, redelivered=True) == first
    assert [frame.to_dicts() for frame in partition.backlog] == [frame.to_dicts() for frame in asked]
    assert partition.feed(topic, rows) == []


def test_a_round_that_is_delivered_again_tells_the_same(partition, finding):
    partition.feed("finding", [finding(name) for name in "abc"])
    partition.feed("finding", [finding("d")])
    assert partition.feed("alerting.backlog", partition.backlog.pop(0)) == []
    (asked,) = partition.backlog
    partition.backlog.clear()
    said = partition.feed("alerting.backlog", asked)
    assert of(said, "listings") == [(4,)]
    assert partition.feed("alerting.backlog", asked, offset=1, redelivered=True) == said
    assert partition.backlog == []
    assert partition.feed("alerting.backlog", asked) == []
