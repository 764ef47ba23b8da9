"""Source tracing: back to what a lot was made of, forward to where it went."""

from suyuan.sinks.records import LotKey
from suyuan.sinks.tracing.backward import BackwardTrace, trace_listing, trace_lot
from suyuan.sinks.tracing.forward import ForwardTrace, trace_lot_forward, trace_producer, trace_product
from suyuan.sinks.tracing.lineage import Link
from suyuan.sinks.tracing.lots import TracedLot

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
