"""What went into lots, at any depth, told from their records all at once.

The stream comes to the same by lots telling one another (`lineage.py`); this is for whoever has the records at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from suyuan.domain.facts.lineage import Taint
from suyuan.domain.keys import join_key
from suyuan.domain.records import Lot


def inputs_of(lot: Lot | None) -> list[str]:
    """Keys of the lots that a record names as its inputs, each once, in order of the keys."""
    return sorted({join_key(x.producer_code, x.gtin, x.lot) for x in lot.inputs}) if lot is not None else []


def ancestors(lot_key: str, inputs: Callable[[str], Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """A shortest path to each lot that went into this one: lot keys from this lot to that one, the nearest first.
    Circles end where they would begin again.
    """
    seen = {lot_key}
    level: list[tuple[str, ...]] = [(lot_key,)]
    while level:
        found: list[tuple[str, ...]] = []
        for path in level:
            for key in inputs(path[-1]):
                if key not in seen:
                    seen.add(key)
                    found.append((*path, key))
        yield from found
        level = found


def inherited_taints(
    lot_key: str, inputs: Callable[[str], Sequence[str]], own: Callable[[str], Sequence[Taint]]
) -> list[Taint]:
    """The taints that the lots which went into this one have of their own, each with the path by which it came."""
    return [msgspec.structs.replace(taint, path=path) for path in ancestors(lot_key, inputs) for taint in own(path[-1])]
