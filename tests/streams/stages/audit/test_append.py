"""The audit's tree: each accepted event is one entry, whatever comes again and however it comes."""

from __future__ import annotations

import pytest

from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.nodes import completed_by
from suyuan.schemas.kinds import AUDITED
from tests.domain.audit import rfc6962
from tests.streams.stages.part import Part, encoded
from tests.streams.stages.published import event
from tests.streams.world import World

EVENTS = [
    *(event("penalty", at=at, decision_no=f"D{at % 5}") for at in range(17)),
    *(event("recall", at=at, recall_no=f"R{at % 3}") for at in range(9)),
    *(event("bureau", at=at, level="city") for at in range(4)),
]


def world(partitions=1, seed=0, **chances):
    made = World(partitions, seed, **chances)
    made.publish_events([*EVENTS, event("entity"), *EVENTS[::3]])
    made.publish("in.access", partitions - 1, b"k", b'{"type":"revoked"}')
    made.publish("in.access", 0, b"k", b"what nobody can read")
    made.drain()
    return made


def entries(world):
    """The rows of each index: all the same."""
    by_index = {}
    for row in world.rows("audit.entry"):
        assert by_index.setdefault(row["leaf_index"], row) == row
    return [by_index[index] for index in range(len(by_index))]


@pytest.mark.parametrize("seed", range(12))
def test_one_tree_of_every_accepted_event(seed):
    made = world(1 + seed % 3, seed, crashes=0.2 * (seed % 2), overlaps=0.3)
    rows = entries(made)
    values = [made.log[row["source_topic"], row["source_partition"]][row["source_offset"]][2] for row in rows]
    assert sorted(values) == sorted(
        {encoded(each) for each in EVENTS} | {b'{"type":"revoked"}', b"what nobody can read"}
    )
    assert [row["leaf"] for row in rows] == [leaf_hash(value) for value in values]
    assert [row["raw"] for row in rows] == [
        None if row["kind"] == "access" else value for row, value in zip(rows, values, strict=True)
    ]
    for row in rows:
        nodes = completed_by(row["leaf_index"])
        assert row["nodes"] == [
            rfc6962.root(values[node.index << node.level : (node.index + 1) << node.level]) for node in nodes
        ]
    roots = {row["size"]: row["root"] for row in made.rows("audit.root")}
    assert roots == {size: rfc6962.root(values[:size]) for size in roots}
    assert max(roots) == len(rows)
    assert sum(1 for (topic, _), messages in made.log.items() if topic == "audit.entry" and messages) == 1


def test_the_records_read_again_give_the_same_tree():
    made = world(2, 5)
    (partition,) = (at for (topic, at), messages in made.log.items() if topic == "audit.record" and messages)
    again = World(2, 99, batches=(1, 3))
    for taken_at, key, value in made.log["audit.record", partition]:
        again.publish("audit.record", partition, key, value, taken_at)
    again.drain()
    assert entries(again) == entries(made)
    roots, others = ({row["size"]: row["root"] for row in each.rows("audit.root")} for each in (made, again))
    assert all(others[size] == roots[size] for size in roots.keys() & others.keys())
    assert max(roots) == max(others)


def test_intake_says_which_message_it_was():
    intake = Part("intake", partition=1, partitions=2)
    first, second = event("penalty"), event("penalty", at=1)
    (row, other) = intake.events("penalty", b"\x00", first, first, second, at=40)["audit.record"]
    assert (row["source_topic"], row["source_partition"], row["source_offset"]) == ("in.penalty", 1, 41)
    assert (row["raw"], other["raw"]) == (encoded(first), encoded(second))
    assert other["source_offset"] == 43
    assert (row["kind"], row["event_id"], row["publisher"]) == ("penalty", first["event_id"], first["publisher"])
    assert row["id"] != other["id"]
    assert not intake.events("penalty", first)["audit.record"]


def test_only_audited_kinds():
    assert {"alert_act", "bureau", "check_act", "order_answer", "penalty", "recall"} == AUDITED
    assert not Part("intake").events("entity", event("entity"))["audit.record"]
