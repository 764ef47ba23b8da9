"""Transactions that a broker has forgotten: open for ever in a partition, ended or never begun for the coordinator."""

from __future__ import annotations

from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import AbortTransactionSpec

from suyuan.operations.kafka_admin import administration
from suyuan.schemas.events import decode_event
from tests.soak.events import DECOY


def end(connection, at, first_offset):
    """End it, and send again what stood behind its begin, since the broker may have called it committed: what comes
    twice changes nothing. What publishers took back is not sent.
    """
    with administration(connection) as client:
        for each in client.describe_producers([at])[at].active_producers:
            if each.current_transaction_start_offset == first_offset:
                spec = AbortTransactionSpec(at, each.producer_id, each.producer_epoch, each.coordinator_epoch)
                client.abort_transaction(spec)
    consumer = KafkaConsumer(**connection.kafka_python(), enable_auto_commit=False)
    producer = KafkaProducer(**connection.kafka_python(), acks="all")
    try:
        consumer.assign([at])
        consumer.seek(at, first_offset)
        end_offset = consumer.end_offsets([at])[at]
        while consumer.position(at) < end_offset:
            for record in consumer.poll(1000).get(at, ()):
                _, event = decode_event(record.value)
                if not event["event_id"].startswith(DECOY):
                    producer.send(at.topic, key=record.key, value=record.value, partition=at.partition)
        producer.flush()
    finally:
        consumer.close()
        producer.close()
