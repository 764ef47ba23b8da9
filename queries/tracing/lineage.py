"""Which lots went into which: level by level, each lot once, circles reported and not followed. A lot through which
nothing passes, since its GTIN names no product in the world, is told and is the end of its way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from suyuan.domain.facts.genealogy import is_followed
from suyuan.queries.records import LotKey, Records, key_of
from suyuan.queries.rows import Row


@dataclass(frozen=True, slots=True)
class Link:
    """`quantity` units of `upstream` went into `downstream`, as `evidence` says."""

    upstream: LotKey
    downstream: LotKey
    quantity: int
    evidence: str


@dataclass(slots=True)
class Lineage:
    """`depth` of every lot met: 0 where the trace begins, else one more than the nearest it was reached from.

    `records` of those that have one. `cycles`: each a list of lots of which every one went into the next, and
    the last into the first.
    """

    depth: dict[LotKey, int] = field(default_factory=dict)
    records: dict[LotKey, Row] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)
    cycles: list[list[LotKey]] = field(default_factory=list)


def upstream(records: Records, begin: Iterable[LotKey]) -> Lineage:
    """What lots were made of, to the leaves."""
    lineage = Lineage()
    level = sorted(set(begin))
    while level:
        _reach(lineage, level)
        found = records.lots(level)
        lineage.records |= found
        links = [link for key in level if key in found and is_followed(*key) for link in inputs_of(found[key])]
        lineage.links += links
        level = sorted({link.upstream for link in links} - lineage.depth.keys())
    lineage.cycles = cycles(lineage.links)
    return lineage


def downstream(records: Records, begin: Iterable[LotKey]) -> Lineage:
    """What was made from lots, to the last."""
    lineage = Lineage()
    level = sorted(set(begin))
    lineage.records |= records.lots(level)
    while level:
        _reach(lineage, level)
        reached = {key for key in level if is_followed(*key)}
        found = records.lots_made_from(reached)
        lineage.records |= found
        links = [link for row in found.values() for link in inputs_of(row) if link.upstream in reached]
        lineage.links += links
        level = sorted({link.downstream for link in links} - lineage.depth.keys())
    lineage.cycles = cycles(lineage.links)
    return lineage


def inputs_of(lot: Row) -> list[Link]:
    """The links that a lot's record tells of."""
    return [Link(key_of(item), key_of(lot), item["quantity"], lot["evidence"]) for item in lot["inputs"]]


def cycles(links: Iterable[Link]) -> list[list[LotKey]]:
    """Circles among links: one is found, its last link taken out, and so on until none is left."""
    edges = {(link.upstream, link.downstream) for link in links}
    found = []
    while True:
        before: dict[LotKey, list[LotKey]] = {}
        for source, target in sorted(edges):
            before.setdefault(target, []).append(source)
        try:
            TopologicalSorter(before).prepare()
        except CycleError as error:
            circle: list[LotKey] = error.args[1]
            found.append(circle[:-1])
            edges.remove((circle[-2], circle[-1]))
        else:
            return found


def _reach(lineage: Lineage, level: Iterable[LotKey]) -> None:
    depth = max(lineage.depth.values(), default=-1) + 1
    lineage.depth |= dict.fromkeys(level, depth)
