"""Where the parts of a chain stand in its picture: platform and seller above, over those who had the goods in between,
to the producer and what is known of product, licence, lot and inspection below. Arrows go as the goods went: upwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from suyuan.domain.chain.gaps import GAPS
from suyuan.queries.answers import Gap, Hop, Node, WholeChain

WIDTH, BOX, BETWEEN, EDGE = 400, 54, 30, 8
"""of the picture and its boxes, in its own units"""
_GROUPS = {gap.gap: gap.group for gap in GAPS}
_ROLES = {"expiry": "lot", "recall": "lot", "inputs": "lot", "quantity": "lot", "oversold": "seller"}
"""of groups of gaps that are not called as the part that they are about"""
_EXPECTED = ("seller", "producer", "product", "licence", "lot", "inspection")
_ABOVE = ("platform", "seller", "holder", "producer")
_WORST = ("contradicted", "broken", "unverified")


@dataclass(frozen=True, slots=True)
class Box:
    """`node`: None for a part that is missing; `gaps`: that are about it, the worst first; `y`: of its upper edge."""

    role: str
    node: Node | None
    gaps: Sequence[Gap]
    y: int
    height: int = BOX

    @property
    def worst(self) -> str | None:
        """The class of the worst gap."""
        return self.gaps[0].class_ if self.gaps else None


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the lower box to the upper: a delivery (`hop`), or only that one belongs to the other."""

    y: int
    length: int
    hop: Hop | None
    is_missing: bool = False


@dataclass(slots=True)
class Picture:
    """`custody`: gaps of the way between producer and seller."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    custody: list[Gap] = field(default_factory=list)
    height: int = 0
    width: int = WIDTH


def picture_of(chain: WholeChain) -> Picture:
    """The picture of a chain."""
    gaps: dict[str, list[Gap]] = {}
    for gap in sorted(chain.gaps, key=lambda gap: _WORST.index(gap.class_) if gap.class_ in _WORST else len(_WORST)):
        group = _GROUPS.get(gap.gap, "")
        gaps.setdefault(_ROLES.get(group, group), []).append(gap)
    drawn = Picture(custody=gaps.get("custody", []))
    parts = _parts(chain, gaps)
    hops = {hop.to_code: hop for hop in chain.hops}
    y = EDGE
    for number, (role, node) in enumerate(parts):
        drawn.boxes.append(Box(role, node, gaps.get(role, []), y))
        y += BOX
        if number + 1 < len(parts):
            received = hops.get(node.id) if node is not None and role in {"seller", "holder"} else None
            missing = role == "seller" and bool(drawn.custody) and received is None
            drawn.arrows.append(Arrow(y, BETWEEN, received, missing))
            y += BETWEEN
    drawn.height = y + EDGE
    return drawn


def _parts(chain: WholeChain, gaps: dict[str, list[Gap]]) -> list[tuple[str, Node | None]]:
    """Those that are there, in their order; those that are missing where a gap says so."""
    there: dict[str, list[Node]] = {}
    for node in chain.nodes:
        there.setdefault(node.role, []).append(node)
    order = {hop.from_code: number for number, hop in enumerate(chain.hops)}
    there.get("holder", []).sort(key=lambda node: -order.get(node.id, 0))
    parts: list[tuple[str, Node | None]] = []
    for role in (*_ABOVE, *(each for each in _EXPECTED if each not in _ABOVE)):
        nodes = there.pop(role, [])
        if nodes:
            parts += [(role, node) for node in nodes]
        elif role in gaps:
            parts.append((role, None))
    parts += [(role, node) for role, nodes in there.items() for node in nodes]
    return parts
