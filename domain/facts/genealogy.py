"""What went into lots, at any depth, from the records of all of them at once.

In the streams lots come to the same result by telling one another (`lineage.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from suyuan.domain.facts.lineage import Taint
from suyuan.domain.identifiers.gtin import is_restricted
from suyuan.domain.identifiers.normal_form import code_form, text_form
from suyuan.domain.keys import join_key
from suyuan.domain.records import Lot


def inputs_of(lot: Lot | None) -> list[str]:
    """Keys of the lots that a record names as its inputs, each once, in order of the keys; without inputs that are not
    followed (`is_followed`).
    """
    inputs = lot.inputs if lot is not None else ()
    return sorted(
        {join_key(x.producer_code, x.gtin, x.lot) for x in inputs if is_followed(x.producer_code, x.gtin, x.lot)}
    )


def is_followed(producer_code: str, gtin: str, lot: str) -> bool:
    """Whether lineage passes through a lot of this name: not where a part of it is absent, or stands for nothing, nor
    where its GTIN names no product in the world.
    """
    named = all(form is not None for form in (code_form(producer_code), code_form(gtin), text_form(lot)))
    return named and not is_restricted(gtin)


def ancestors(lot_key: str, inputs: Callable[[str], Sequence[str]]) -> Iterator[tuple[int, str]]:
    """Each lot that went into this one, once, with the fewest steps to it; the nearest first. Circles end where they
    would begin again.
    """
    seen, level, steps = {lot_key}, [lot_key], 0
    while level:
        steps += 1
        found = []
        for each in level:
            for key in inputs(each):
                if key not in seen:
                    seen.add(key)
                    found.append(key)
        yield from ((steps, key) for key in found)
        level = found


def inherited_taints(
    lot_key: str, inputs: Callable[[str], Sequence[str]], own: Callable[[str], Sequence[Taint]]
) -> list[Taint]:
    """The taints that the lots which went into this one have of their own, each with the fewest steps to its lot."""
    return [
        msgspec.structs.replace(taint, steps=steps) for steps, key in ancestors(lot_key, inputs) for taint in own(key)
    ]
