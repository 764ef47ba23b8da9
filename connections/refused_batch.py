"""What Kafka's clients give of a batch of records that cannot be unpacked: one record in the place of all.

Else they would hand over nothing of the partition for ever, or take all the memory that there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from typing import Any

from suyuan.connections import unpacking
from suyuan.connections.unpacking import UNPACKED_LIMIT, CannotUnpack

CODECS = ("gzip", "snappy", "lz4", "zstd")
LEGACY_LIMIT = 16 << 20
"""of message sets in the formats before Kafka 0.11: clients make a list of all that is in one before the first"""
REMEDY = f"have its publisher send it again in batches of at most {UNPACKED_LIMIT:,} bytes before they are packed"


class RefusedBatch(bytes):
    """The value of the one record, at the batch's last offset: its records as they were packed."""

    first: int
    last: int
    reason: str

    @classmethod
    def of(cls, error: CannotUnpack, first: int, last: int) -> RefusedBatch:
        """`first`, `last`: offsets of the batch."""
        refused = cls(error.packed)
        refused.first, refused.last = first, last
        where = f"offset {first}" if first == last else f"offsets {first} to {last}"
        refused.reason = f"a packed batch, {where} ({error}): {REMEDY}"
        return refused


@cache
def bound_aiokafka() -> None:
    """From here on aiokafka's batches raise CannotUnpack where they are iterated over."""
    for folder in ("aiokafka.record", "aiokafka.record._crecords"):
        for name in ("default_records", "legacy_records"):
            try:
                _replace_decoders(import_module(f"{folder}.{name}"))
            except ImportError:  # in C: not built everywhere
                continue


@cache
def bound_kafka_python() -> None:
    """From here on kafka-python's batches give one record with a RefusedBatch where they cannot be unpacked; and those
    packed by snappy can be, which it wants another library for.
    """
    from kafka import codec  # noqa: PLC0415 - as aiokafka: only for whoever connects
    from kafka.record import default_records, legacy_records  # noqa: PLC0415

    for module in (codec, default_records, legacy_records):
        _replace_decoders(module)
    codec.has_snappy = lambda: True
    default, legacy = default_records.DefaultRecordBatch, legacy_records.LegacyRecordBatch

    def refused_default(batch: Any, error: CannotUnpack) -> Any:
        value = RefusedBatch.of(error, batch.base_offset, batch.last_offset)
        return default_records.DefaultRecord(
            len(value), batch.last_offset, batch.max_timestamp, batch.timestamp_type, None, value, []
        )

    def refused_legacy(batch: Any, error: CannotUnpack) -> Any:
        last, at = batch._offset, batch._timestamp  # noqa: SLF001
        value = RefusedBatch.of(error, last, last)  # where it begins is told inside
        return legacy_records.LegacyRecord(batch.magic, last, at, batch.timestamp_type, None, value, 0, b"")

    default.__iter__ = _or_one_record(default.__iter__, refused_default)
    legacy.__iter__ = _or_one_record(legacy.__iter__, refused_legacy)


def _replace_decoders(module: Any) -> None:
    legacy = module.__name__.endswith("legacy_records")
    for codec in CODECS:
        if hasattr(module, f"{codec}_decode"):
            decode = getattr(unpacking, f"{codec}_decode")
            setattr(module, f"{codec}_decode", partial(decode, limit=LEGACY_LIMIT) if legacy else decode)


def _or_one_record(
    records_of: Callable[[Any], Iterator[Any]], refused: Callable[[Any, CannotUnpack], Any]
) -> Callable[[Any], Iterator[Any]]:
    def bounded(batch: Any) -> Iterator[Any]:
        try:
            records = records_of(batch)  # the batch itself, of the newer format
            while (record := next(records, None)) is not None:
                yield record
        except CannotUnpack as error:  # before the first record
            yield refused(batch, error)

    return bounded
