"""Complaints count while their day is within the last 7 or 30 days, in China, of the listing's present day."""

import datetime as dt

WEEK = "complaints_in_a_week"


def rules(alerts):
    return sorted((alert["rule"], alert["change"]) for alert in alerts)


def test_three_within_a_week_whatever_comes_first(make_partition, chain, complaint):
    rows = [complaint("1", day=0), complaint("2", day=3), complaint("3", day=6)]
    before, after = make_partition(), make_partition()
    before.feed("chain", [chain("a", 1)])
    (alert,) = before.feed("risk.record", rows)
    assert (alert["rule"], alert["change"]) == (WEEK, "raised")
    assert alert["evidence"] == ["shop/a-1", *(f"complaint/12315/{number}-0~00000000" for number in "123")]
    assert alert["received_at"] == 1_772_000_002_000
    assert after.feed("risk.record", rows) == []
    (same,) = after.feed("chain", [chain("a", 1)])
    assert same["evidence"] == alert["evidence"]


def test_a_day_more_and_the_first_does_not_count(partition, chain, complaint):
    partition.feed("chain", [chain("a", 1)])
    assert partition.feed("risk.record", [complaint(str(n), day=day) for n, day in enumerate((0, 3, 7))]) == []
    assert rules(partition.feed("risk.record", [complaint("9", day=2)])) == [(WEEK, "raised")]


def test_days_are_those_of_china(partition, chain, complaint):
    partition.feed("chain", [chain("a", 1)])
    rows = [complaint("1", day=0), complaint("2", day=6), complaint("3", day=6)]
    last_ms = 24 * 3_600_000 - 1
    rows[2]["occurred_at"] += last_ms
    assert rules(partition.feed("risk.record", rows)) == [(WEEK, "raised")]
    over = [complaint("4", day=0)]
    over[0]["occurred_at"] -= 1
    assert partition.feed("risk.record", over) == []


def test_another_complaint_is_other_evidence(partition, chain, complaint):
    partition.feed("chain", [chain("a", 1)])
    partition.feed("risk.record", [complaint(key) for key in "123"])
    assert rules(partition.feed("risk.record", [complaint("4")])) == [(WEEK, "changed")]
    assert partition.feed("risk.record", [complaint("4")]) == []


def test_a_complaint_that_names_another_listing_now_counts_there(partition, chain, complaint):
    partition.feed("chain", [chain("a", 1), chain("b", 1)])
    partition.feed("risk.record", [complaint(key, "a") for key in "123"])
    moved = [complaint("3", "a", retracted=True), complaint("3", "b", version=1)]
    (alert,) = partition.feed("risk.record", moved)
    assert (alert["listing_id"], alert["change"]) == ("a", "cleared")
    assert partition.feed("risk.record", [complaint("3", "a")]) == []
    back = [complaint("3", "b", version=1, retracted=True), complaint("3", "a", version=2)]
    (alert,) = partition.feed("risk.record", back)
    assert (alert["listing_id"], alert["change"], alert["sequence"]) == ("a", "raised", 3)


def test_an_older_retraction_takes_nothing_away(partition, chain, complaint):
    partition.feed("chain", [chain("a", 1)])
    assert rules(partition.feed("risk.record", [complaint(key, version=5) for key in "123"])) == [(WEEK, "raised")]
    assert partition.feed("risk.record", [complaint("3", version=4, retracted=True)]) == []


def test_the_turn_of_a_day_ends_the_week(partition, chain, complaint, turn):
    partition.feed("chain", [chain("a", 1)])
    partition.feed("risk.record", [complaint(key, day=day) for key, day in (("1", 0), ("2", 1), ("3", 1))])
    assert partition.feed("risk.record", [turn(6)]) == []
    (alert,) = partition.feed("risk.record", [turn(7, received_at=1_772_000_003_007)])
    assert (alert["rule"], alert["change"], alert["changed_at"]) == (WEEK, "cleared", 1_772_000_003_007)
    assert partition.feed("risk.record", [turn(5), turn(6)]) == []


def test_the_listings_own_day_ends_the_week_too(partition, chain, complaint):
    partition.feed("chain", [chain("a", 1)])
    partition.feed("risk.record", [complaint(key) for key in "123"])
    assert rules(partition.feed("chain", [chain("a", 2, day=7)])) == [(WEEK, "cleared")]


def test_complaints_leave_the_month_one_by_one(partition, chain, complaint, turn, gap):
    partition.feed("chain", [chain("a", 1, gap("inspection_failed"))])
    partition.feed("risk.record", [complaint("1", day=0), complaint("2", day=2)])
    (changed,) = partition.feed("risk.record", [turn(30)])
    assert (changed["rule"], changed["evidence"]) == (
        "contradicted_and_complained_about",
        ["shop/a-1", "complaint/12315/2-0~00000000", "lab/i1"],
    )
    assert partition.feed("risk.record", [turn(31)]) == []
    assert rules(partition.feed("risk.record", [turn(40)])) == [("contradicted_and_complained_about", "cleared")]


def test_a_day_goes_through_many_listings_in_slices(make_partition, chain, complaint, turn):
    partition = make_partition(slice_rows=10)
    listings = [str(number) for number in range(45)]
    partition.feed("chain", [chain(listing, 1) for listing in listings])
    partition.feed("risk.record", [complaint(f"{listing}-{n}", listing) for listing in listings for n in range(3)])
    turns = partition.turns
    cleared = partition.feed("risk.record", [turn(7)])
    assert sorted(alert["listing_id"] for alert in cleared) == sorted(listings)
    assert partition.turns - turns >= 5


def test_a_slice_delivered_again_publishes_the_same_rows_and_goes_on(make_partition, chain, complaint, turn):
    partition = make_partition(slice_rows=2, later=True)
    listings = "abcde"
    partition.feed("chain", [chain(listing, 1) for listing in listings])
    partition.feed("risk.record", [complaint(f"{listing}-{n}", listing) for listing in listings for n in range(3)])
    first = partition.feed("risk.record", [turn(7)])
    offset = partition.offsets["risk.record"]
    (left,) = partition.backlog
    assert partition.feed("risk.record", [turn(7)], offset=offset, redelivered=True) == first
    assert [frame.equals(left) for frame in partition.backlog] == [True, True]
    rest = []
    partition.later = False
    while partition.backlog:
        rest += partition.feed("risk.backlog", partition.backlog.pop())
    assert {alert["listing_id"] for alert in first + rest} == set(listings)
    assert len(first) + len(rest) == len(listings)


def test_a_day_touches_only_listings_from_whose_counters_a_complaint_leaves(partition, chain, complaint, turn):
    partition.feed("chain", [chain(str(number), 1) for number in range(50)])
    partition.feed("risk.record", [complaint("1", "7")])
    assert [key for key, _ in partition.store.scan(b"leave")] == [
        f"leave\x1f{dt.date(2026, 3, 8)}\x1f91110108MA01234567\x1f7".encode(),
        f"leave\x1f{dt.date(2026, 3, 31)}\x1f91110108MA01234567\x1f7".encode(),
    ]
    partition.feed("risk.record", [turn(60)])
    assert partition.store.scan(b"leave") == []
    partition.feed("risk.record", [complaint("2", "7")])
    assert partition.store.scan(b"leave") == []


def test_complaints_that_no_counter_reaches_are_forgotten(partition, chain, complaint, turn):
    partition.feed("chain", [chain("a", 1)])
    partition.feed("risk.record", [complaint("old"), turn(30)])
    partition.feed("risk.record", [complaint("new", day=30)])
    assert b"new-0" in partition.store.get(b"listing\x1f91110108MA01234567\x1fa")
    assert b"old-0" not in partition.store.get(b"listing\x1f91110108MA01234567\x1fa")


def test_a_complaint_heard_late_leaves_on_its_own_day(partition, chain, complaint, turn):
    partition.feed("chain", [chain("a", 1)])
    partition.feed("risk.record", [turn(5)])
    assert rules(partition.feed("risk.record", [complaint(key) for key in "123"])) == [(WEEK, "raised")]
    assert partition.feed("risk.record", [turn(6)]) == []
    assert rules(partition.feed("risk.record", [turn(7)])) == [(WEEK, "cleared")]
