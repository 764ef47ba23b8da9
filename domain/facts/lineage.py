"""Taints that a lot takes over from the lots that went into it, at any depth and across producers.

Lots tell the lots made from them which tainted lots are nearest to them, and how many steps away (as in distance-vector
routing): of each kind TOLD at most, themselves included. That is enough for a lot to know whether any other lot taints
it, and which are nearest: what is among the nearest of a lot is among the nearest of the input it came by.

Once no lot has anything new to tell, each taint rests on a way of true inputs to a lot that is tainted, since steps are
counted: round a circle of inputs nothing can rest on itself. So the result depends on the records alone. Two things
make the telling end, also after a recall or a fail is withdrawn:

- a taint is of a `term`. When its cause ends so does the term, all partitions are told at once, and taints of an ended
  term count no more, whichever lot tells them.
- a taint carries marks of lots that it came by, and a lot refuses what it passed on before (as in path-vector
  routing). Marks begin anew at every power of two of steps, so there are few of them: what goes round is found out as
  soon as its circle fits between two powers. See docs/decisions/0003.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from suyuan.domain.facts.quality import InspectionFact, RecallFact
from suyuan.domain.keys import join_key, split_key

TOLD = 4
"""tainted lots of each kind that a lot tells of; two would do for a gap to be found"""
MARKS = 64
"""marks between two powers of two, evenly spread, where there are not more steps than ALL_MARKED"""
ALL_MARKED = 4096
"""steps from which on every lot leaves its mark: so every circle is found out, however long and tangled"""

Kind = Literal["recalled", "failed"]


class Taint(msgspec.Struct, frozen=True, array_like=True):
    """That the lot `root` is recalled, or failed its inspection, as told by a lot `steps` away from it."""

    root: str
    kind: Kind
    evidence: str
    """the recall or inspection"""
    steps: int = 0
    cause: str = ""
    """the recall's number; empty for an inspection: it is of the root alone"""
    term: int = 0
    """which time it is that the cause taints"""
    marks: tuple[str, ...] = ()
    """of lots that it came by, in this order"""

    @property
    def cause_key(self) -> str:
        """The cause by which the term is counted: a recall of a producer's gtin, or a lot that failed."""
        if self.kind == "failed":
            return self.root
        producer_code, gtin, _ = split_key(self.root)
        return join_key(producer_code, gtin, self.cause)

    @property
    def rank(self) -> tuple[int, str]:
        """Sort key: the nearest first."""
        return self.steps, self.root


Ended = Callable[[Taint], bool]
"""Whether the taint is of a term that has ended."""


def own_taints(
    lot_key: str,
    recall: RecallFact | None,
    inspection: InspectionFact | None,
    term: Callable[[Kind, str], int] = lambda _kind, _cause_key: 0,
) -> tuple[Taint, ...]:
    """The taints that a lot has of its own. `recall`: the open one that covers the lot, by name or with every lot of
    its gtin. `inspection`: the latest of the lot itself. `term`: function that returns the present term of a cause.
    """
    taints = []
    if inspection is not None and inspection.result == "fail":
        taints.append(Taint(lot_key, "failed", inspection.evidence))
    if recall is not None:
        taints.append(Taint(lot_key, "recalled", recall.evidence, cause=recall.recall_no))
    return tuple(msgspec.structs.replace(taint, term=term(taint.kind, taint.cause_key)) for taint in taints)


def combine(
    lot_key: str,
    own: Sequence[Taint],
    from_inputs: Mapping[str, Sequence[Taint]],
    ended: Ended = lambda _taint: False,
    before: Collection[Taint] = (),
) -> tuple[Taint, ...]:
    """The taints that a lot keeps and tells on: of each kind the TOLD nearest of its own and of those that its inputs
    told it (by input lot key), each root once; the least key first where they are equally near. `before`: what it told
    last. Of equally long ways to a root any would do; a lot stays with the one it has, or else, where many lots are
    made from many, all ways would be gone through one after another.
    """
    if not own and not from_inputs:
        return ()
    kept = frozenset(before)
    best = {(taint.kind, taint.root): taint for taint in own}
    mark = mark_of(lot_key)
    for told in from_inputs.values():
        for taint in told:
            if taint.root == lot_key or mark in taint.marks or ended(taint):
                continue  # of itself the lot knows better
            known = best.get((taint.kind, taint.root))
            if known is not None and known.steps < taint.steps + 1:
                continue
            one = _passed_on(taint, mark)
            if known is None or _choice(one, kept) < _choice(known, kept):
                best[taint.kind, taint.root] = one
    ranked = sorted(best.values(), key=lambda taint: taint.rank)
    return tuple(taint for kind in ("failed", "recalled") for taint in [x for x in ranked if x.kind == kind][:TOLD])


def inherited(lot_key: str, taints: Iterable[Taint], kind: Kind, most: int) -> list[Taint]:
    """Of the taints that `combine` returned for a lot, the nearest of other lots."""
    return sorted((x for x in taints if x.kind == kind and x.root != lot_key), key=lambda x: x.rank)[:most]


def mark_of(lot_key: str) -> str:
    """A lot's mark: 96 bits, so that no two lots have the same."""
    return base64.b64encode(hashlib.blake2b(lot_key.encode(), digest_size=12).digest()).decode()


def _choice(taint: Taint, kept: Collection[Taint]) -> tuple[object, ...]:
    return taint.steps, -taint.term, taint not in kept, taint.evidence, taint.marks


def _passed_on(taint: Taint, mark: str) -> Taint:
    """The taint as it is one step further, past the lot of this mark."""
    steps = taint.steps + 1
    begun = 1 << (steps.bit_length() - 1)
    stride = 1 if steps >= ALL_MARKED else max(1, begun // MARKS)
    marks = taint.marks
    if steps == begun:
        marks = (mark,)
    elif steps % stride == 0:
        marks = (*marks, mark)
    return msgspec.structs.replace(taint, steps=steps, marks=marks)
