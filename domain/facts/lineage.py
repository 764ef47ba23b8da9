"""Taints that a lot takes over from the lots that went into it, at any depth and across producers.

Lots tell the lots made from them what they are tainted with, each taint with the path it came by (as in
path-vector routing). A lot refuses a path on which it stands itself, so a taint that was withdrawn cannot
keep itself alive round a cycle of inputs; what remains once no lot has anything new to tell is exactly what
inputs reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from suyuan.domain.facts.quality import InspectionFact, RecallFact


class Taint(msgspec.Struct, frozen=True, kw_only=True):
    """`root`: key of the lot that is recalled or failed. `path`: lot keys from the lot that holds the taint
    (first) down to the root (last). `evidence`: the recall or inspection.
    """

    root: str
    kind: Literal["recalled", "failed"]
    path: tuple[str, ...]
    evidence: str


def own_taints(lot_key: str, recall: RecallFact | None, inspection: InspectionFact | None) -> tuple[Taint, ...]:
    """`recall`: the open one that covers the lot, by name or with every lot of its gtin. `inspection`: the
    latest of the lot itself.
    """
    taints = []
    if recall is not None:
        taints.append(Taint(root=lot_key, kind="recalled", path=(lot_key,), evidence=recall.evidence))
    if inspection is not None and inspection.result == "fail":
        taints.append(Taint(root=lot_key, kind="failed", path=(lot_key,), evidence=inspection.evidence))
    return _ordered(taints)


def combine(lot_key: str, own: Sequence[Taint], from_inputs: Mapping[str, Sequence[Taint]]) -> tuple[Taint, ...]:
    """What the lot tells on: its own taints, and of those its inputs told it (by input lot key) the one
    with the shortest path, then the lexicographically least, for each root and kind.
    """
    best = {(taint.root, taint.kind): taint for taint in own}
    for told in from_inputs.values():
        for taint in told:
            if lot_key in taint.path:
                continue
            known = best.get((taint.root, taint.kind))
            path = (lot_key, *taint.path)
            if known is None or (len(path), path) < (len(known.path), known.path):
                best[taint.root, taint.kind] = msgspec.structs.replace(taint, path=path)
    return _ordered(best.values())


def _ordered(taints: Iterable[Taint]) -> tuple[Taint, ...]:
    return tuple(sorted(taints, key=lambda taint: (taint.root, taint.kind)))
