"""Where a node stands in the tree. Nodes are stored when they are complete, and then never change.

The node (level, index) is over the leaves index * 2^level to (index + 1) * 2^level - 1; leaves are of level 0.
"""

from __future__ import annotations

from dataclasses import dataclass

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT


@dataclass(frozen=True, slots=True)
class NodeId:
    """The place of a node."""

    level: int
    index: int


@dataclass(frozen=True, slots=True)
class TileId:
    """A tile of C2SP tlog-tiles: the first `width` of the TILE_WIDTH nodes at `index` * TILE_WIDTH of the level
    `level` * TILE_HEIGHT. `width` is TILE_WIDTH where the tile is full.
    """

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """Its path below a log's prefix: tile/<L>/<N>[.p/<W>], N in groups of three digits."""
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
        number = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{number}{partial}"

    @property
    def nodes(self) -> tuple[NodeId, ...]:
        """The nodes whose hashes are, one behind the other, what the tile holds."""
        first = self.index * TILE_WIDTH
        return tuple(NodeId(self.level * TILE_HEIGHT, first + each) for each in range(self.width))


def cover(begin: int, end: int) -> tuple[NodeId, ...]:
    """The complete nodes over the leaves begin to end - 1, from the left, as few as there are. `begin`: a multiple of
    the least power of two that is no less than end - begin, so the nodes become smaller from the left.
    """
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(NodeId(level, begin >> level))
        begin += 1 << level
    return tuple(nodes)


def completed_by(index: int) -> tuple[NodeId, ...]:
    """The inner nodes that are complete with the leaf `index`, and were not before, from level 1 up."""
    following = index + 1
    height = (following & -following).bit_length() - 1
    return tuple(NodeId(level, index >> level) for level in range(1, height + 1))


def tiles(size: int) -> tuple[TileId, ...]:
    """Every tile of a tree of `size` leaves: by level from the leaves up, each level from the left, the last of a level
    partial where it is not full.
    """
    found = []
    level, nodes = 0, size
    while nodes:
        full, rest = divmod(nodes, TILE_WIDTH)
        found += [TileId(level, index, TILE_WIDTH) for index in range(full)]
        if rest:
            found.append(TileId(level, full, rest))
        level, nodes = level + 1, full
    return tuple(found)
