"""Publishers that write in transactions: what they break off is never taken in, what they leave is not waited for."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from kafka import TopicPartition

from suyuan.connections.open_transactions import open_transactions
from suyuan.operations.checks import kafka
from suyuan.operations.kafka_admin import administration
from tests.reference.records import accepted_records
from tests.streams.event_messages import event_messages
from tests.streams.results import current_chains, outcomes
from tests.streams.transport.transactions import transactions

pytestmark = pytest.mark.real_time


@pytest.mark.parametrize("case", [11], indirect=True)
def test_what_transactions_leave_is_neither_lost_nor_to_be_done(case, make_cluster, tables):
    cluster = make_cluster(partitions=1)
    events = [json.loads(line) for line in case.lines]
    messages = [*event_messages(events, 1)]
    topics = sorted({topic for topic, *_ in messages})
    with transactions(cluster.connection) as publisher:
        for topic in topics:
            ours = [(key, value) for name, _, key, value in messages if name == topic]
            for some in (ours[: len(ours) // 2], ours[len(ours) // 2 :]):
                keys, values = zip(*some, strict=True) if some else ((), ())
                publisher.commit(topic, 0, *values, keys=list(keys))
                publisher.abort(topic, 0, *[b"broken off"] * 3)
        publisher.abort("chain", 0, b"nobody's")  # whoever may write there
        cluster.work_once()
        assert current_chains(cluster) == case.expected
        accepted = len(accepted_records(events))
        assert Counter(outcomes(cluster).values()) == {"accepted": accepted, "duplicate": len(events) - accepted}
        tables.load(cluster.connection)


def test_what_an_open_transaction_hides_is_told_with_the_command_that_ends_it(make_cluster, monkeypatch):
    cluster = make_cluster(partitions=2)
    with transactions(cluster.connection) as publisher:
        publisher.commit("in.lot", 1, b"shown")
        publisher.begin("in.lot", 1, b"hidden", b"hidden")
        with administration(cluster.connection) as client:
            (found,) = open_transactions(client, [TopicPartition("in.lot", 0), TopicPartition("in.lot", 1)])
            assert (found.topic, found.partition, found.first_offset, found.end_offset) == ("in.lot", 1, 2, 4)
            assert open_transactions(client, [TopicPartition("in.lot", 0)]) == []
        assert "transactions" not in {finding.check for finding in kafka_checks(cluster)}, "it may be in work"
        monkeypatch.setattr(kafka, "LONG_SECONDS", -3600.0)
        (finding,) = [finding for finding in kafka_checks(cluster) if finding.check == "transactions"]
        assert finding.status == "failed"
        assert finding.detail.startswith("in.lot-1: up to 2 messages are shown to nobody")
        assert finding.detail.endswith("abort --topic in.lot --partition 1 --start-offset 2")
        publisher.end()
    assert "transactions" not in {finding.check for finding in kafka_checks(cluster)}


def kafka_checks(cluster):
    return list(kafka.cluster(cluster.connection, cluster.partitions, 1))
