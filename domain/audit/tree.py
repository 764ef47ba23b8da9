"""An append-only tree that grows by batches, and keeps no more than its frontier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.hashes import HASH_BYTES, fold
from suyuan.domain.audit.nodes import NodeId, cover

_SIZE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Level:
    """Nodes of one level that follow one another from `first` on: `hashes`, in their order."""

    level: int
    first: int
    hashes: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Growth:
    """What a batch of leaves added: every node that is complete now and was not before, by level from the leaves up.
    The levels are the same whatever batches the leaves come in, put together.
    """

    levels: tuple[Level, ...]

    def nodes(self) -> Iterator[tuple[NodeId, bytes]]:
        """Each node and its hash, level by level."""
        for level in self.levels:
            for index, each in enumerate(level.hashes, start=level.first):
                yield NodeId(level.level, index), each

    def completed_by(self, index: int) -> list[bytes]:
        """The hashes of the inner nodes that are complete with the leaf `index`, one of the batch, from level 1 up."""
        hashes, level = [], 0
        while index & 1:
            index, level = index >> 1, level + 1
            nodes = self.levels[level]
            hashes.append(nodes.hashes[index - nodes.first])
        return hashes


@dataclass(frozen=True, slots=True)
class Frontier:
    """What a tree grows from: how many leaves it has, and the hashes of the complete subtrees that cover them, as few
    as there are (`cover(0, size)`), from the left. At most 64 hashes, however large the tree is.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def append(self, leaves: Sequence[bytes]) -> tuple[Frontier, Growth]:
        """The frontier behind these leaf hashes, and the nodes that they complete."""
        pending = {node.level: each for node, each in zip(cover(0, self.size), self.hashes, strict=True)}
        levels = []
        level, first, row = 0, self.size, list(leaves)
        while row:
            levels.append(Level(level, first, row))
            left = pending.pop(level, None)
            if left is not None:
                row, first = [left, *row], first - 1
            if len(row) % 2:
                pending[level] = row[-1]
            # node_hash, without a call for each
            row = [sha256(b"\x01" + one + other).digest() for one, other in zip(row[::2], row[1::2], strict=False)]
            level, first = level + 1, first >> 1
        hashes = tuple(pending[each] for each in sorted(pending, reverse=True))
        return Frontier(self.size + len(leaves), hashes), Growth(tuple(levels))

    def root(self) -> bytes:
        """The root of the tree as large as it is."""
        return fold(self.hashes)

    def to_bytes(self) -> bytes:
        """The size as 8 bytes, big-endian, and the hashes."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, value: bytes) -> Frontier:
        """The frontier that `to_bytes` gave. Raises AuditError."""
        size = int.from_bytes(value[:_SIZE_BYTES], "big")
        if len(value) != _SIZE_BYTES + HASH_BYTES * size.bit_count():
            raise AuditError(f"a frontier of {len(value)} bytes is none of {size} leaves")
        hashes = [value[start : start + HASH_BYTES] for start in range(_SIZE_BYTES, len(value), HASH_BYTES)]
        return cls(size, tuple(hashes))

    @classmethod
    def from_nodes(cls, size: int, nodes: Mapping[NodeId, bytes]) -> Frontier:
        """The frontier of the tree of the first `size` leaves, from stored nodes. Raises KeyError for one that is
        absent.
        """
        return cls(size, tuple(nodes[node] for node in cover(0, size)))
