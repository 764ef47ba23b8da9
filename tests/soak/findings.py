"""A market that came to rest, compared with what it must show: topics, tables and the verifier's figures."""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition

from suyuan.schemas.kinds import KINDS
from tests.cluster.undisturbed import distinct_events
from tests.streams.results import current_chains, standing_alerts
from tests.streams.world import in_topics

EXAMPLES = 20


def findings(cluster, tables, events, expected, in_turn):
    """Figures; `reasons`: what is wrong beside them, a line each. `in_turn`: the chains that each worker had alone."""
    reasons, accepted_again = outcomes_that_are_wrong(cluster, events)
    report, status, said = tables.report(cluster.connection)
    if status and not (report["gap"] or report["duplicates"]):
        reasons.append(f"the loader ended with {status}: {said[-500:]}")
    chains = differences(
        {
            "topic and reference": (current_chains(cluster), expected.reference),
            "topic and embedded run": (current_chains(cluster), expected.chains),
            "tables and embedded run": (tables.chains(), expected.chains),
            **{f"{name} alone and reference": (chains, expected.reference) for name, chains in in_turn.items()},
        }
    )
    alerts = {
        "topic and embedded run": standing_alerts(cluster) ^ expected.alerts,
        "tables and embedded run": tables.standing_alerts() ^ expected.alerts,
    }
    return {
        "listings": len(expected.reference),
        "chains compared": len(expected.reference),
        "standing alerts": len(expected.alerts),
        "wrong chains": len({key for keys in chains.values() for key in keys}),
        "wrong alerts": len({row for rows in alerts.values() for row in rows}),
        "gap": report["gap"],
        "duplicates": report["duplicates"],
        "accepted again": accepted_again,
        "reasons": reasons,
        "examples": {
            **{f"chains of {pair}": sorted(keys)[:EXAMPLES] for pair, keys in chains.items() if keys},
            **{f"alerts of {pair}": sorted(rows)[:EXAMPLES] for pair, rows in alerts.items() if rows},
        },
    }


def differences(pairs):
    """{pair: listings whose chains differ, or that only one of the two has}"""
    return {
        name: {key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key)}
        for name, (found, wanted) in pairs.items()
    }


def outcomes_that_are_wrong(cluster, events):
    """(what is wrong, a line each; how many repetitions were accepted). Every message that publishers wrote and did not
    take back has an outcome, and every event was accepted. Of one that comes again after many others of its key intake
    does not know any more that it was there: that does no harm.
    """
    with_outcome, accepted, messages = set(), set(), set()
    for kind in KINDS:
        for row in cluster.rows(f"event.{kind}"):
            at = (f"in.{kind}", row["source_partition"], row["source_offset"])
            with_outcome.add(at)
            if row["outcome"] == "accepted":
                accepted.add((kind, row["publisher"], row["event_id"]))
                messages.add(at)
    dead = {
        (row["topic"], row["source_partition"], row["source_offset"]): row["reason"]
        for row in cluster.rows("dead_letter")
    }
    published = _published(cluster)
    wanted = {(kind, *names) for kind, *names in distinct_events(events)}
    days = {event for event in accepted if event[0] == "day"}  # workers publish days themselves
    reasons = [
        _counted("messages have no outcome", published - with_outcome - dead.keys()),
        _counted("messages have one, and were taken back", (with_outcome | dead.keys()) - published),
        _counted("events were not accepted", wanted - accepted),
        _counted("events were accepted, and nobody published them", accepted - wanted - days),
        _counted("messages are dead letters", dead.items()),
    ]
    return [reason for reason in reasons if reason], len(messages) - len(accepted)


def _counted(what, some):
    return f"{len(some)} {what}, as {sorted(some)[:3]}" if some else ""


def _published(cluster):
    """(topic, partition, offset) of every message that publishers wrote and did not take back."""
    ours = [TopicPartition(topic, number) for topic in in_topics() for number in range(cluster.partitions)]
    consumer = KafkaConsumer(
        **cluster.connection.kafka_python(), isolation_level="read_committed", enable_auto_commit=False
    )
    found = set()
    try:
        consumer.assign(ours)
        consumer.seek_to_beginning(*ours)
        ends = consumer.end_offsets(ours)
        while any(consumer.position(at) < ends[at] for at in ours):
            for at, records in consumer.poll(1000).items():
                found |= {(at.topic, at.partition, record.offset) for record in records}
    finally:
        consumer.close()
    return found
