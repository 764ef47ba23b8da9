"""Whatever is changed of stored entries is found, by what they hold themselves or by what somebody kept of the root."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.audit.hashes import leaf_hash, leaf_hashes
from suyuan.domain.audit.tree import Frontier
from suyuan.domain.audit.verification import Head, StoredEntry, TreeCheck
from tests.domain.audit import rfc6962

values = st.lists(st.binary(max_size=3), min_size=2, max_size=24, unique=True)


def stored(raw):
    _, growth = Frontier().append(leaf_hashes(raw))
    return [
        StoredEntry(index, leaf_hash(each), growth.completed_by(index), each, f"e{index}")
        for index, each in enumerate(raw)
    ]


def heads(raw, *sizes):
    return [Head(size, rfc6962.root(raw[:size]), "the witness") for size in sizes]


def faults(entries, said, parts=3):
    check = TreeCheck(said)
    found = []
    for begin in range(0, len(entries), parts):
        found += check.add(entries[begin : begin + parts])
    return [*found, *check.finish()]


def kinds(entries, said):
    return {fault.kind for fault in faults(entries, said)}


@given(values, st.data())
def test_what_was_not_touched_is_right(raw, data):
    sizes = data.draw(st.lists(st.integers(0, len(raw)), max_size=4))
    parts = data.draw(st.integers(1, 5))
    assert faults(stored(raw), heads(raw, *sizes), parts) == []


@given(values, st.data())
def test_what_was_changed_is_found(raw, data):
    entries, said = stored(raw), heads(raw, len(raw))
    at = data.draw(st.integers(0, len(raw) - 1))
    other = data.draw(st.integers(0, len(raw) - 1).filter(lambda each: each != at))
    one = entries[at]

    def with_(index, entry):
        return [*entries[:index], entry, *entries[index + 1 :]]

    assert kinds(with_(at, replace(one, raw=b"forged")), said) == {"edited"}
    forged = replace(one, raw=b"forged", leaf=leaf_hash(b"forged"))
    assert "forked" in kinds(with_(at, forged), said)
    if one.nodes:
        assert kinds(with_(at, replace(one, nodes=[*one.nodes[:-1], leaf_hash(b"x")])), said) == {"moved"}
    assert kinds(with_(at, replace(one, raw=None)), said) == {"unreadable"}
    assert kinds([*entries[: at + 1], replace(one, leaf=leaf_hash(b"x")), *entries[at + 1 :]], said) == {"twice"}
    assert "missing" in kinds(entries[:at] + entries[at + 1 :], said) or at == len(raw) - 1
    swapped = list(entries)
    swapped[at] = replace(entries[other], leaf_index=at)
    swapped[other] = replace(one, leaf_index=other)
    assert "forked" in kinds(swapped, said)


@given(values, st.data())
def test_a_tree_that_was_forged_as_a_whole_is_found_by_who_kept_a_root(raw, data):
    size = data.draw(st.integers(1, len(raw)))
    kept = heads(raw, size)
    at = data.draw(st.integers(0, size - 1))
    assert kinds(stored([*raw[:at], b"forged", *raw[at + 1 :]]), kept) == {"forked"}
    without = raw[:at] + raw[at + 1 :]
    assert kinds(stored(without), kept) == ({"cut"} if len(without) < size else {"forked"})
    assert kinds(stored(raw[: size - 1]), kept) == {"cut"}
    assert kinds(stored([*raw, b"more"]), kept) == set()
