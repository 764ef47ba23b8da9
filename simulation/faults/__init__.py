"""Every fault that the market can plant: one recipe each, on a chain that is in order otherwise."""

from __future__ import annotations

from suyuan.simulation.faults import custody, inputs, lots, producers, products, sellers
from suyuan.simulation.faults.recipe import Fault

FAULTS: tuple[Fault, ...] = tuple(
    fault for part in (sellers, producers, products, lots, custody, inputs) for fault in part.BOOK.faults
)

__all__ = ["FAULTS", "Fault"]
