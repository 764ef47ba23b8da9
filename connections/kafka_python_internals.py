"""kafka-python's private names, and those of modules that its reference does not speak of: see `private_names`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kafka import KafkaConsumer, codec
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment, ConsumerProtocolSubscription
from kafka.record import default_records, legacy_records

from suyuan.connections.private_names import PrivateName

__all__ = [
    "NAMES",
    "AbstractPartitionAssignor",
    "ConsumerProtocolAssignment",
    "ConsumerProtocolSubscription",
    "default_record",
    "legacy_record",
    "replace_decoders",
    "replace_iteration",
    "request_rejoin",
]

Decoder = Callable[[str], Callable[..., bytes]]
Iteration = Callable[[Any], Iterator[Any]]
"""from a batch to its records"""

_DECODERS = {
    codec: ("gzip", "snappy", "lz4", "zstd"),
    default_records: ("gzip", "snappy", "lz4", "zstd"),
    legacy_records: ("gzip", "snappy", "lz4"),
}

NAMES = (
    *(
        PrivateName(module.__name__, f"{name}_decode", "unpacks whatever size comes out; no setting bounds it")
        for module, names in _DECODERS.items()
        for name in names
    ),
    PrivateName("kafka.codec", "has_snappy", "refuses snappy without python-snappy, though ours unpacks it"),
    PrivateName(
        "kafka.record.default_records.DefaultRecordBatch",
        "__iter__",
        "raises where a batch cannot be unpacked, for ever; no setting has it passed over",
    ),
    PrivateName("kafka.record.default_records", "DefaultRecord", "what `DefaultRecordBatch.__iter__` gives"),
    PrivateName("kafka.record.legacy_records.LegacyRecordBatch", "__iter__", "as that of `DefaultRecordBatch`"),
    PrivateName("kafka.record.legacy_records", "LegacyRecord", "what `LegacyRecordBatch.__iter__` gives"),
    PrivateName(
        "kafka.record.legacy_records.LegacyRecordBatch", "_timestamp", "`max_timestamp` is the newer format's alone"
    ),
    PrivateName(
        "kafka.consumer.group.KafkaConsumer", "_coordinator", "joins the group anew, which the consumer itself cannot"
    ),
    PrivateName("kafka.coordinator.base.BaseCoordinator", "request_rejoin", "as `_coordinator`"),
    PrivateName(
        "kafka.coordinator.assignors.abstract", "AbstractPartitionAssignor", "what a way of dealing out derives from"
    ),
    PrivateName(
        "kafka.protocol.consumer.metadata",
        "ConsumerProtocolAssignment",
        "what `AbstractPartitionAssignor.assign` gives",
    ),
    PrivateName(
        "kafka.protocol.consumer.metadata",
        "ConsumerProtocolSubscription",
        "what `AbstractPartitionAssignor.metadata` gives",
    ),
)


def replace_decoders(decoder: Decoder, *, legacy: Decoder) -> None:
    """Have batches of records be unpacked by `decoder(codec)`; `legacy`: those in a format before Kafka 0.11."""
    for module, names in _DECODERS.items():
        for name in names:
            setattr(module, f"{name}_decode", (legacy if module is legacy_records else decoder)(name))
    codec.has_snappy = lambda: True


def replace_iteration(*, default: Callable[[Iteration], Iteration], legacy: Callable[[Iteration], Iteration]) -> None:
    """Have batches be iterated over as these make it of their own way; `legacy`: in a format before Kafka 0.11."""
    for batch, made_of in ((default_records.DefaultRecordBatch, default), (legacy_records.LegacyRecordBatch, legacy)):
        batch.__iter__ = made_of(batch.__iter__)


def default_record(batch: Any, offset: int, value: bytes) -> Any:
    """A record as iteration over such a batch gives them."""
    return default_records.DefaultRecord(len(value), offset, batch.max_timestamp, batch.timestamp_type, None, value, [])


def legacy_record(batch: Any, offset: int, value: bytes) -> Any:
    """One record of a batch in a format before Kafka 0.11."""
    return legacy_records.LegacyRecord(batch.magic, offset, batch._timestamp, batch.timestamp_type, None, value, 0, b"")


def request_rejoin(consumer: KafkaConsumer) -> None:
    """Have the consumer join its group anew with its next poll."""
    consumer._coordinator.request_rejoin()
