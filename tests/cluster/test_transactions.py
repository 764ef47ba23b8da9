"""Publishers that write in transactions: what they break off is never taken in, what they leave is not waited for."""

from __future__ import annotations

import json

import pytest

from tests.streams.event_messages import event_messages
from tests.streams.results import current_chains, outcomes
from tests.streams.transport.transactions import transactions


@pytest.mark.parametrize("case", [11], indirect=True)
def test_what_transactions_leave_is_neither_lost_nor_to_be_done(case, make_cluster, tables):
    cluster = make_cluster(partitions=1)
    messages = [*event_messages(map(json.loads, case.lines), 1)]
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
        assert set(outcomes(cluster).values()) == {"accepted"}
        tables.load(cluster.connection)
