"""Every proof is that of RFC 6962 and holds; with anything about it changed it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.audit.errors import AuditError, ProofError
from suyuan.domain.audit.hashes import EMPTY_ROOT, leaf_hash, leaf_hashes
from suyuan.domain.audit.proofs import (
    consistency_nodes,
    consistency_proof,
    inclusion_nodes,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from suyuan.domain.audit.tree import Frontier
from tests.domain.audit import rfc6962

entries = st.lists(st.binary(max_size=3), min_size=1, max_size=40, unique=True)
OTHER = leaf_hash(b"an entry of another tree")


def stored(entries):
    _, grown = Frontier().append(leaf_hashes(entries))
    return dict(grown.nodes())


def flipped(hash_, bit):
    changed = bytearray(hash_)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def other_proofs(proof, data):
    """The proof with one thing changed."""
    for place in range(len(proof)):
        yield [*proof[:place], flipped(proof[place], data.draw(st.integers(0, 255))), *proof[place + 1 :]]
        yield proof[:place] + proof[place + 1 :]
        yield [*proof[:place], OTHER, *proof[place:]]
        yield [*proof[:place], proof[place][:-1], *proof[place + 1 :]]
    yield [*proof, OTHER]
    yield [*proof, b""]
    for one in range(len(proof) - 1):
        if proof[one] != proof[one + 1]:
            yield [*proof[:one], proof[one + 1], proof[one], *proof[one + 2 :]]


@given(entries, st.data())
def test_inclusion(entries, data):
    size = data.draw(st.integers(1, len(entries)))
    index = data.draw(st.integers(0, size - 1))
    nodes, root, leaf = stored(entries), rfc6962.root(entries[:size]), leaf_hash(entries[index])
    wanted = {node: nodes[node] for node in inclusion_nodes(index, size)}
    proof = inclusion_proof(index, size, wanted)
    assert proof == rfc6962.path(index, entries[:size])
    verify_inclusion(leaf, index, size, proof, root)

    other_index = data.draw(st.integers(-1, len(entries)).filter(lambda each: each != index))
    changed = [
        (OTHER, index, size, proof, root),
        (leaf, other_index, size, proof, root),
        (leaf, index, size, proof, flipped(root, 3)),
        (leaf, index, size, proof, EMPTY_ROOT),
        *((leaf, index, size, other, root) for other in other_proofs(proof, data)),
    ]
    for each in changed:
        with pytest.raises(ProofError):
            verify_inclusion(*each)


@given(entries, st.data())
def test_consistency(entries, data):
    size = data.draw(st.integers(0, len(entries)))
    old = data.draw(st.integers(0, size))
    nodes, root, old_root = stored(entries), rfc6962.root(entries[:size]), rfc6962.root(entries[:old])
    wanted = {node: nodes[node] for node in consistency_nodes(old, size)}
    proof = consistency_proof(old, size, wanted)
    assert proof == (rfc6962.proof(old, entries[:size]) if old else [])
    verify_consistency(old, old_root, size, root, proof)

    other_size = data.draw(st.integers(-1, len(entries)).filter(lambda each: each not in {0, old}))
    changed = [
        (old, flipped(old_root, 7), size, root, proof),
        *((old, old_root, size, root, other) for other in other_proofs(proof, data)),
    ]
    if old:  # the empty tree is the beginning of any
        changed += [(old, old_root, size, flipped(root, 9), proof), (other_size, old_root, size, root, proof)]
    if old != size:
        changed.append((size, root, old, old_root, proof))
    for each in changed:
        with pytest.raises(ProofError):
            verify_consistency(*each)


@given(entries, entries, st.data())
def test_a_fork_is_found(entries, others, data):
    """Two trees that are not the beginning of one another have no proof, whichever of theirs is given."""
    old = data.draw(st.integers(1, len(entries)))
    size = data.draw(st.integers(old, len(entries) + len(others)))
    forked = [*entries[: old - 1], b"fork", *others][:size]
    size = len(forked)
    if size < old:
        return
    for nodes in (stored(forked), stored([*entries, *others])):
        with pytest.raises(ProofError):
            verify_consistency(
                old, rfc6962.root(entries[:old]), size, rfc6962.root(forked), consistency_proof(old, size, nodes)
            )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 4), (5, 4)])
def test_no_proof_of_what_is_not_there(index, size):
    with pytest.raises(AuditError, match="no entry"):
        inclusion_nodes(index, size)
    with pytest.raises(ProofError, match="no entry"):
        verify_inclusion(OTHER, index, size, [], OTHER)


@pytest.mark.parametrize(("old", "size"), [(2, 1), (-1, 4)])
def test_no_proof_of_a_larger_beginning(old, size):
    with pytest.raises(AuditError, match="beginning"):
        consistency_nodes(old, size)


def test_a_proof_is_for_a_tree_of_one_height():
    entries = [bytes([each]) for each in range(8)]
    proof, root = inclusion_proof(2, 8, stored(entries)), rfc6962.root(entries)
    for size in (3, 4, 9, 16, 2**40):
        with pytest.raises(ProofError):
            verify_inclusion(leaf_hash(entries[2]), 2, size, proof, root)


def test_a_proof_needs_few_nodes():
    size = 10**9
    assert max(len(inclusion_nodes(index, size)) for index in (0, 1, 2**29 - 1, size // 3, size - 1)) <= 60
    assert max(len(consistency_nodes(old, size)) for old in (1, 2**29 - 1, size // 3, size - 1)) <= 60
