"""A market that came to rest, compared with what it must show: topics, tables and the verifier's figures."""

from __future__ import annotations

from collections import Counter

from kafka import KafkaConsumer, TopicPartition

from tests.cluster.undisturbed import distinct_events
from tests.streams.results import current_chains, outcomes, standing_alerts
from tests.streams.world import in_topics

EXAMPLES = 20


def findings(cluster, tables, events, expected):
    """Figures; `reasons`: what is wrong beside them, a line each."""
    reasons = []
    report, status, said = tables.report(cluster.connection)
    if status and not (report["gap"] or report["duplicates"]):
        reasons.append(f"the loader ended with {status}: {said[-500:]}")
    chains = differences(
        {
            "topic and reference": (current_chains(cluster), expected.reference),
            "topic and embedded run": (current_chains(cluster), expected.chains),
            "tables and embedded run": (tables.chains(), expected.chains),
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
        "reasons": [*reasons, *outcomes_that_are_wrong(cluster, events)],
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
    """Every message that counts has one outcome, and every event was accepted once."""
    try:
        found = outcomes(cluster)
    except AssertionError as error:
        return [f"two outcomes: {error}"]
    reasons = []
    published = _published(cluster)
    for what, some in (
        ("have no outcome", published - found.keys()),
        ("have one, and were taken back", found.keys() - published),
    ):
        if some:
            reasons.append(f"{len(some)} messages {what}, as {sorted(some)[:3]}")
    accepted = Counter(topic for (topic, _, _), outcome in found.items() if outcome == "accepted")
    wanted = Counter(f"in.{kind}" for kind, _, _ in distinct_events(events))
    return reasons + [
        f"{topic}: {accepted[topic]} events accepted, of {wanted[topic]}"
        for topic in sorted(wanted.keys() | accepted.keys())
        if topic != "in.day" and accepted[topic] != wanted[topic]  # workers publish days themselves
    ]


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
