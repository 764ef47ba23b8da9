"""Whether stored entries are the tree that was signed: every byte hashed anew, every root rebuilt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.tree import Frontier


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it is stored. `nodes`: hashes of the inner nodes that are complete with it, from level 1 up; `raw`:
    the message's value, None where nobody has it any more; `name`: what the entry is called in reports.
    """

    leaf_index: int
    leaf: bytes
    nodes: Sequence[bytes]
    raw: bytes | None
    name: str


@dataclass(frozen=True, slots=True)
class Head:
    """What somebody says the tree's root is at a size. `source`: who, for reports."""

    size: int
    root: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was. `kind`: missing, twice, unreadable, edited, moved, forked or cut; `text`: what,
    for people.
    """

    kind: str
    text: str


class TreeCheck:
    """Rebuilds the tree from entries that come in their order, and compares it with what was said of it. Faults are
    told as they are found. The tree is not rebuilt behind the first entry that is missing, but what comes behind is
    still hashed.
    """

    def __init__(self, heads: Iterable[Head]) -> None:
        self._heads = sorted(heads, key=lambda head: head.size)
        self._tree = Frontier()
        self._next = 0
        self._whole = True
        self._at = 0
        """of the heads, the first that is not compared yet"""

    @property
    def tree(self) -> Frontier:
        """As far as it could be rebuilt."""
        return self._tree

    def add(self, entries: Sequence[StoredEntry]) -> Iterator[Fault]:
        """What is wrong with these entries, by index, and with the heads of the sizes that they reach."""
        if not self._next:
            yield from self._compare()  # what is said of the empty tree
        for entry in entries:
            if entry.leaf_index < self._next:
                yield Fault("twice", f"entry {entry.leaf_index}, {entry.name}: there is another one at this place")
                continue
            if entry.leaf_index > self._next:
                yield Fault("missing", f"entries {self._next} to {entry.leaf_index - 1} are not there")
                self._whole = False
            self._next = entry.leaf_index + 1
            if entry.raw is None:
                yield Fault("unreadable", f"entry {entry.leaf_index}, {entry.name}: its bytes are nowhere any more")
            elif leaf_hash(entry.raw) != entry.leaf:
                yield Fault(
                    "edited", f"entry {entry.leaf_index}, {entry.name}: its bytes are not those that were hashed"
                )
            if self._whole:
                self._tree, growth = self._tree.append([entry.leaf])
                if growth.completed_by(entry.leaf_index) != list(entry.nodes):
                    what = "the nodes above it do not follow from the entries up to it"
                    yield Fault("moved", f"entry {entry.leaf_index}, {entry.name}: {what}")
                yield from self._compare()

    def finish(self) -> Iterator[Fault]:
        """What is left to say behind the last entry."""
        yield from self._compare()
        for head in self._heads[self._at :]:
            said = f"{head.source} is of {head.size} entries"
            there = (
                f"there are {self._next}"
                if self._whole
                else f"the tree ends at {self._tree.size}, where one is missing"
            )
            yield Fault("cut", f"{said}; {there}")

    def _compare(self) -> Iterator[Fault]:
        while self._at < len(self._heads) and self._heads[self._at].size <= self._tree.size:
            head = self._heads[self._at]
            self._at += 1
            # heads come by size, and are compared as soon as the tree has it
            if self._tree.root() != head.root:
                yield Fault("forked", f"{head.source} has another root of {head.size} entries")
