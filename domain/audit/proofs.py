"""Proofs of a Merkle tree, as RFC 6962 and RFC 9162 have them: of inclusion, that an entry is in a tree; of
consistency, that a tree is the beginning of a larger one.

Whoever makes a proof needs stored nodes, which `inclusion_nodes` and `consistency_nodes` name: at most twice the tree's
height. Whoever checks it needs sizes and roots alone, each pair
from one signed checkpoint: a root without a size may pass for that of other sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from suyuan.domain.audit.errors import AuditError, ProofError
from suyuan.domain.audit.hashes import EMPTY_ROOT, HASH_BYTES, fold, node_hash
from suyuan.domain.audit.nodes import NodeId, cover

Range = tuple[int, int]


def inclusion_nodes(index: int, size: int) -> tuple[NodeId, ...]:
    """The stored nodes that the proof of the leaf `index` in the tree of `size` leaves is made of. Raises AuditError
    where there is no such leaf.
    """
    return _nodes(_inclusion_ranges(index, size))


def inclusion_proof(index: int, size: int, nodes: Mapping[NodeId, bytes]) -> list[bytes]:
    """The proof, from the leaves up. `nodes`: those of `inclusion_nodes`, and others. Raises AuditError where there is
    no such leaf, KeyError for a node that is absent.
    """
    return _hashes(_inclusion_ranges(index, size), nodes)


def consistency_nodes(old_size: int, size: int) -> tuple[NodeId, ...]:
    """The stored nodes that the proof is made of that the tree of `old_size` leaves is the beginning of the one of
    `size`. Raises AuditError where it is the larger one.
    """
    return _nodes(_consistency_ranges(old_size, size))


def consistency_proof(old_size: int, size: int, nodes: Mapping[NodeId, bytes]) -> list[bytes]:
    """The proof, from the leaves up; empty where one of the trees is empty or both are as large. `nodes`: those of
    `consistency_nodes`, and others. Raises AuditError where the old tree is the larger one, KeyError for a node that is
    absent.
    """
    return _hashes(_consistency_ranges(old_size, size), nodes)


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that the tree of `size` leaves must have if the leaf hash `leaf` stands at `index` in it. Raises
    ProofError for a proof that is none for that place.
    """
    if not 0 <= index < size:
        raise ProofError(f"there is no entry {index} in a tree of {size}")
    _refuse_other_than_hashes([leaf, *proof])
    root = leaf
    for each, left in _upwards(index, size - 1, proof):
        root = node_hash(each, root) if left else node_hash(root, each)
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash `leaf` is the one at `index` in the tree of `size` leaves with that root. Raises
    ProofError.
    """
    if root_from_inclusion(leaf, index, size, proof) != root:
        raise ProofError(f"the entry is not the one at {index} in the tree of {size} with this root")


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree of `old_size` leaves with the root `old_root` is the beginning of the one of `size` with the
    root `root`. The empty tree is the beginning of every tree, without a proof. Raises ProofError.
    """
    if not 0 <= old_size <= size:
        raise ProofError(f"a tree of {old_size} is not the beginning of one of {size}")
    _refuse_other_than_hashes([old_root, root, *proof])
    if old_size in (0, size):
        _verify_trivial(old_size, old_root, size, root, proof)
        return
    path = list(proof)
    if old_size.bit_count() == 1:  # then it is a complete node, which the proof leaves out
        path.insert(0, old_root)
    if not path:
        raise ProofError("the proof is too short")
    place, last = old_size - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    former = latter = path[0]
    for each, left in _upwards(place, last, path[1:]):
        if left:
            former, latter = node_hash(each, former), node_hash(each, latter)
        else:
            latter = node_hash(latter, each)
    if former != old_root:
        raise ProofError(f"the proof is of another tree of {old_size}")
    if latter != root:
        raise ProofError(f"the tree of {old_size} is not the beginning of the tree of {size} with this root")


def _upwards(place: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The hashes of a proof on the way from a node to the root, each with whether it stands to the left. `place`: of
    the node in its level, whose last is `last`. Raises ProofError where the way is shorter or longer than the proof.
    """
    for each in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        left = bool(place & 1) or place == last
        yield each, left
        while left and not place & 1 and place:
            place, last = place >> 1, last >> 1
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("the proof is too short")


def _verify_trivial(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofError("the proof is too long")
    for number, each in ((old_size, old_root), (size, root)):
        if number == 0 and each != EMPTY_ROOT:
            raise ProofError("an empty tree has another root")
    if old_size == size and old_root != root:
        raise ProofError(f"two trees of {size} have different roots")


def _inclusion_ranges(index: int, size: int) -> list[Range]:
    """Leaves under each hash of the proof (PATH of RFC 6962, 2.1.1), from the leaves up."""
    if not 0 <= index < size:
        raise AuditError(f"there is no entry {index} in a tree of {size}")
    ranges = []
    begin, end = 0, size
    while end - begin > 1:
        middle = _split(begin, end)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return ranges[::-1]


def _consistency_ranges(old_size: int, size: int) -> list[Range]:
    """Leaves under each hash of the proof (SUBPROOF of RFC 6962, 2.1.2), from the leaves up."""
    if not 0 <= old_size <= size:
        raise AuditError(f"a tree of {old_size} is not the beginning of one of {size}")
    if old_size == 0:
        return []
    ranges = []
    begin, end = 0, size
    while end != old_size:
        middle = _split(begin, end)
        if old_size <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    if begin:
        ranges.append((begin, end))
    return ranges[::-1]


def _split(begin: int, end: int) -> int:
    """Where the subtree over these leaves, two at least, is split: behind the largest power of two less than all."""
    return begin + (1 << ((end - begin - 1).bit_length() - 1))


def _nodes(ranges: Sequence[Range]) -> tuple[NodeId, ...]:
    return tuple(node for begin, end in ranges for node in cover(begin, end))


def _hashes(ranges: Sequence[Range], nodes: Mapping[NodeId, bytes]) -> list[bytes]:
    return [fold(nodes[node] for node in cover(begin, end)) for begin, end in ranges]


def _refuse_other_than_hashes(hashes: Sequence[bytes]) -> None:
    for each in hashes:
        if len(each) != HASH_BYTES:
            raise ProofError(f"{len(each)} bytes are no hash")
