"""The root of a Merkle tree as RFC 6962 has it, over more leaves than fit into memory."""

from __future__ import annotations

from hashlib import sha256


class Tree:
    """Grows leaf by leaf; keeps the complete subtrees, a hash for each bit of the size."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []

    def add(self, leaf: bytes) -> None:
        """One more leaf."""
        node, size, subtrees = sha256(b"\x00" + leaf).digest(), self.size, self._subtrees
        while size & 1:
            node = sha256(b"\x01" + subtrees.pop() + node).digest()
            size >>= 1
        subtrees.append(node)
        self.size += 1

    def root(self) -> bytes:
        """SHA-256 of nothing where there is no leaf."""
        if not self._subtrees:
            return sha256().digest()
        *rest, node = self._subtrees
        for left in reversed(rest):
            node = sha256(b"\x01" + left + node).digest()
        return node
