"""Has Kafka's clients return one record in place of a batch of records that cannot be unpacked.

Otherwise they would deliver nothing of the partition for ever, or take all the memory that there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from suyuan.connections import unpacking
from suyuan.connections.unpacking import UNPACKED_LIMIT, CannotUnpack

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
    """Have aiokafka's batches raise CannotUnpack where they are iterated over, from now on in this process."""
    from suyuan.connections import aiokafka_internals  # noqa: PLC0415 - loads the library: for whoever connects

    aiokafka_internals.replace_decoders(_decoder, legacy=_legacy_decoder)


@cache
def bound_kafka_python() -> None:
    """Have kafka-python's batches return one record with a RefusedBatch where they cannot be unpacked, from now on in
    this process; and unpack snappy, for which it wants another library.
    """
    from suyuan.connections import kafka_python_internals as internals  # noqa: PLC0415 - as above

    def refused_default(batch: Any, error: CannotUnpack) -> Any:
        value = RefusedBatch.of(error, batch.base_offset, batch.last_offset)
        return internals.default_record(batch, batch.last_offset, value)

    def refused_legacy(batch: Any, error: CannotUnpack) -> Any:
        last = batch.base_offset  # where it begins is told inside
        return internals.legacy_record(batch, last, RefusedBatch.of(error, last, last))

    internals.replace_decoders(_decoder, legacy=_legacy_decoder)
    internals.replace_iteration(
        default=lambda records_of: _or_one_record(records_of, refused_default),
        legacy=lambda records_of: _or_one_record(records_of, refused_legacy),
    )


def _decoder(codec: str) -> Callable[..., bytes]:
    decode: Callable[..., bytes] = getattr(unpacking, f"{codec}_decode")
    return decode


def _legacy_decoder(codec: str) -> Callable[..., bytes]:
    return partial(_decoder(codec), limit=LEGACY_LIMIT)


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
