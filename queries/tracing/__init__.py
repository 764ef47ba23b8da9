"""Source tracing: back to what a lot was made of, forward to where it went."""

from suyuan.queries.records import LotKey
from suyuan.queries.tracing.backward import BackwardTrace, trace_listing, trace_lot
from suyuan.queries.tracing.forward import ForwardTrace, trace_lot_forward, trace_producer, trace_product
from suyuan.queries.tracing.lineage import Link
from suyuan.queries.tracing.lots import TracedLot

__all__ = [
    "BackwardTrace",
    "ForwardTrace",
    "Link",
    "LotKey",
    "TracedLot",
    "trace_listing",
    "trace_lot",
    "trace_lot_forward",
    "trace_producer",
    "trace_product",
]
