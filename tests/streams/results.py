"""What stands in the end in the topics of a `World`, as the read views of the tables would show it."""

from __future__ import annotations

from suyuan.domain.chain.divisions import registering_division
from tests.reference.acceptance import fault
from tests.reference.records import NOW, identity, normal
from tests.streams.world import in_topics


def current_chains(world):
    """{(platform_code, listing_id): (verdict, gaps)} of the greatest (revision, assessment) of each listing."""
    return {key: (row["verdict"], list(row["gap_names"])) for key, row in newest_chains(world).items()}


def input_gaps(world):
    """{(platform_code, listing_id): {gap: (lot it names, evidence ids)}} of current chains with such gaps."""
    found = {}
    for key, row in newest_chains(world).items():
        for gap in row["gaps"]:
            if gap["gap"] in {"input_recalled", "input_failed"}:
                found.setdefault(key, {})[gap["gap"]] = (tuple(gap["subject"].split("/")), list(gap["evidence"]))
    return found


def paths(world):
    """{(platform_code, listing_id): evidence ids of its hops} of current chains that have any."""
    return {key: [hop["evidence"] for hop in row["hops"]] for key, row in newest_chains(world).items() if row["hops"]}


def newest_chains(world):
    """Whole: with the nodes and hops that they name."""
    newest, parties = {}, {row["parties"]: row for row in world.rows("chain.parties")}
    for row in world.rows("chain"):
        key = (row["platform_code"], row["listing_id"])
        if key not in newest or _version(newest[key]) <= _version(row):
            newest[key] = row
    return {key: whole(row, parties[row["parties"]]) for key, row in newest.items()}


def whole(chain, parties):
    """A row of `chain` as people see it."""
    code = chain["platform_code"]
    platform = dict.fromkeys(("name", "status", "evidence")) | {"role": "platform", "id": code}
    platform["division"] = registering_division(code)
    named = {name: value for name, value in chain.items() if name != "parties"}
    return named | {"nodes": [platform, *parties["nodes"]], "hops": parties["hops"]}


def _version(row):
    return row["revision"], row["assessment"]


ALERT_NAMES = ("alert_id", "rule", "severity", "subject", "bureau", "listings", "handling", "basis")
"""columns of an alert that do not depend on when things came"""


def last_alerts(world):
    """The last that was said of each alert, by its id."""
    last = {}
    for row in world.rows("alert.state"):
        before = last.get(row["alert_id"])
        if before is None or before["sequence"] <= row["sequence"]:
            last[row["alert_id"]] = row
    return last


def standing_alerts(world):
    """ALERT_NAMES of the alerts whose last word is not `cleared`."""
    return {tuple(row[name] for name in ALERT_NAMES) for row in last_alerts(world).values() if row["state"] == "raised"}


def standing_findings(world):
    """(alert_id, rule, platform_code, listing_id, severity) of the findings that stand, by what their alerts heard."""
    last = {}
    for row in world.rows("finding"):
        name = row["alert_id"], row["finding_id"]
        if name not in last or last[name]["sequence"] <= row["sequence"]:
            last[name] = row
    names = ("alert_id", "rule", "platform_code", "listing_id", "severity")
    return {tuple(row[name] for name in names) for row in last.values() if row["change"] != "cleared"}


def outcomes(world):
    """{(topic, partition, offset): accepted | duplicate | dead}. Fails when one offset is given two outcomes."""
    found = {}
    for topic in in_topics():
        kind = topic.removeprefix("in.")
        for row in world.rows(f"event.{kind}"):
            _put(found, (topic, row["source_partition"], row["source_offset"]), row["outcome"])
    for row in world.rows("dead_letter"):
        _put(found, (row["topic"], row["source_partition"], row["source_offset"]), "dead")
    return found


def expected_outcomes(sent, at, taken_at=None):
    """What `outcomes` must be of events `sent` to the places `at`: those that do not count are dead, of the others the
    first delivery of each is accepted. `taken_at`: the log's time of each.
    """
    moments = taken_at or [NOW] * len(sent)
    expected, lowest = {}, {}
    for event, place, moment in zip(sent, at, moments, strict=True):
        record = normal(event)
        if fault(record, event, moment) is not None:
            expected[place] = "dead"
            continue
        known = lowest.setdefault(identity(record), place)
        expected[place] = "accepted"
        if known != place:
            assert known[:2] == place[:2], "deliveries of one event go to one partition"
            lowest[identity(record)] = min(known, place)
            expected[max(known, place)] = "duplicate"
    return expected


def _put(found, at, outcome):
    assert found.setdefault(at, outcome) == outcome, f"{at} is {found[at]} and {outcome}"


def published(world):
    """Every (topic, partition, offset) that publishers wrote."""
    return {
        (topic, partition, offset)
        for topic in in_topics()
        for partition in range(world.partitions)
        for offset in range(len(world.log[topic, partition]))
    }
