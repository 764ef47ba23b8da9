"""A tree that grows by batches is the tree of all its entries, and what it completes never changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.hashes import leaf_hashes
from suyuan.domain.audit.nodes import NodeId, TileId, completed_by, cover, tiles
from suyuan.domain.audit.tree import Frontier
from tests.domain.audit import rfc6962

entries = st.lists(st.binary(max_size=4), max_size=40)


@given(entries, st.data())
def test_any_batching_gives_the_same_root_and_nodes(entries, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(entries)), max_size=6)))
    tree, nodes = Frontier(), {}
    for begin, end in zip([0, *cuts], [*cuts, len(entries)], strict=True):
        tree, grown = tree.append(leaf_hashes(entries[begin:end]))
        new = dict(grown.nodes())
        assert not new.keys() & nodes.keys()
        for index in range(begin, end):
            assert grown.completed_by(index) == [new[node] for node in completed_by(index)]
        nodes |= new
        assert tree.size == end
        assert tree.root() == rfc6962.root(entries[:end])
        assert Frontier.from_bytes(tree.to_bytes()) == tree
        assert Frontier.from_nodes(end, nodes) == tree
    assert nodes == {
        NodeId(level, index): rfc6962.root(entries[index << level : (index + 1) << level])
        for level in range(7)
        for index in range(len(entries) >> level)
    }


@given(st.integers(0, 300))
def test_each_inner_node_is_completed_by_one_leaf(size):
    by_leaf = [node for index in range(size) for node in completed_by(index)]
    assert len(by_leaf) == len(set(by_leaf))
    assert set(by_leaf) == {NodeId(level, index) for level in range(1, 10) for index in range(size >> level)}


@given(st.integers(0, 2**40))
def test_what_covers_a_tree(size):
    leaves = [leaf for node in cover(0, size) for leaf in (node.index << node.level, (node.index + 1) << node.level)]
    assert leaves[:1] + leaves[-1:] == ([0, size] if size else [])
    assert leaves[1:-1:2] == leaves[2:-1:2]
    assert len(cover(0, size)) == size.bit_count()


def test_what_is_no_frontier():
    tree, _ = Frontier().append(leaf_hashes([b"a", b"b", b"c"]))
    for value in (b"", tree.to_bytes()[:-1], tree.to_bytes() + b"\0", tree.to_bytes()[::-1]):
        with pytest.raises(AuditError, match="frontier"):
            Frontier.from_bytes(value)


def test_tiles():
    # the example of C2SP tlog-tiles
    found = tiles(70_000)
    assert [sum(each.level == level for each in found) for level in range(4)] == [274, 2, 1, 0]
    assert found[273] == TileId(0, 273, 112)
    assert found[274:] == (TileId(1, 0, 256), TileId(1, 1, 17), TileId(2, 0, 1))
    assert tiles(256) == (TileId(0, 0, 256), TileId(1, 0, 1))
    assert tiles(0) == ()
    assert found[275].nodes[-1] == NodeId(8, 272)
    assert TileId(0, 1234067, 256).path == "tile/0/x001/x234/067"
    assert TileId(1, 5, 17).path == "tile/1/005.p/17"
    assert TileId(0, 1000, 256).path == "tile/0/x001/000"
