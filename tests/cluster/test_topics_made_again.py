"""Somebody deletes a topic and makes it again, or gives it more partitions, under workers and loaders."""

from __future__ import annotations

import time

import pytest
from kafka import KafkaAdminClient

from suyuan.operations.state_rebuild.kafka import rebuild
from suyuan.operations.topics.create import make_topics
from tests.cluster.kafka_cluster import PATIENCE_SECONDS
from tests.offers import PLATFORM, offer
from tests.streams.results import newest_chains

pytestmark = pytest.mark.real_time


@pytest.fixture
def admin(kafka):
    client = KafkaAdminClient(**kafka.kafka_python())
    yield client
    client.close()


def made_again(admin, cluster, topic):
    admin.delete_topics([topic])
    while topic in admin.list_topics():
        time.sleep(0.05)
    make_topics(cluster.connection, cluster.partitions)


def shown_price(cluster):
    return newest_chains(cluster)[PLATFORM, "L1"]["price_fen"]


def test_a_newer_price_is_shown_once_it_is_accepted_that_the_offsets_began_anew(make_cluster, admin):
    cluster = make_cluster(partitions=1)
    cluster.publish_events(offer(number, 1000 + number) for number in range(20))
    running = cluster.begin_worker("worker")
    cluster.wait_said("worker", "suyuan works on")
    cluster.wait_drained()
    made_again(admin, cluster, "in.listing")
    assert running.wait(PATIENCE_SECONDS) == 1, "the one that was reading"
    assert "in.listing" in cluster.said("worker")
    cluster.publish_events([offer(100, 7777)])
    assert cluster.begin_worker("worker", "--once").wait(PATIENCE_SECONDS) == 1
    for piece in ("in.listing-0 is not the one that was read up to offset 20", "deleted and made again", "accept-loss"):
        assert piece in cluster.said("worker")
    assert "Traceback" not in cluster.said("worker")
    assert shown_price(cluster) == 1019
    rebuild(cluster.connection)  # what it forgets is not how far the offsets came
    assert cluster.begin_worker("another", "--once", "--accept-loss").wait(PATIENCE_SECONDS) == 0
    assert "lost: in.listing-0" in cluster.said("another")
    assert shown_price(cluster) == 7777


def test_partitions_that_a_topic_is_given_stop_a_worker_with_the_words_of_a_start(make_cluster, admin):
    cluster = make_cluster(partitions=2)
    running = cluster.begin_worker("worker")
    cluster.wait_said("worker", "suyuan works on")
    admin.create_partitions({"in.listing": 3})
    assert running.wait(PATIENCE_SECONDS) == 3
    assert "the topics are not as they have to be" in cluster.said("worker")
    assert "in.listing: partitions is 3, not 2" in cluster.said("worker")
