"""Audit: accepted events become entries of one append-only tree (RFC 6962), in the order in which they arrive.

All records have one key, so one partition has the tree. Each identity is appended once. What its state holds of an
entry, under the identity, is all that is said of it beside the event itself: where it stands, which message it was made
of, and the inner nodes that are complete with it. So a block that is delivered again, whole or in parts, says again
what it said.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

import polars as pl

from suyuan.domain.audit.hashes import HASH_BYTES, leaf_hashes
from suyuan.domain.audit.tree import Frontier
from suyuan.domain.keys import SEPARATOR
from suyuan.schemas.blocks import block_schema
from suyuan.streams.stage import Block, Output, Run, StageContext, StateView
from suyuan.streams.stages.audit_records import ACCESS, KEY, access_records

_TREE = b"tree"
_ENTRY = f"entry{SEPARATOR}".encode()
_HEAD = struct.Struct(">QIQ")


class Entry(NamedTuple):
    """What is known of an entry: its place in the tree, the message that it was made of, and the hashes of the inner
    nodes that are complete with it.
    """

    leaf_index: int
    partition: int
    offset: int
    nodes: list[bytes]

    def dump(self) -> bytes:
        """As the state holds it."""
        return _HEAD.pack(self.leaf_index, self.partition, self.offset) + b"".join(self.nodes)

    @classmethod
    def load(cls, value: bytes) -> Entry:
        """What `dump` gave."""
        nodes = [value[at : at + HASH_BYTES] for at in range(_HEAD.size, len(value), HASH_BYTES)]
        leaf_index, partition, offset = _HEAD.unpack_from(value)
        return cls(leaf_index, partition, offset, nodes)


def hear_access(run: Run, _state: StateView, _context: StageContext) -> list[Output]:
    """One run of `in.access`: all of it goes to the tree, as `audit.record`."""
    return [access_records(run)]


def append_entries(block: Block, state: StateView, _context: StageContext) -> list[Output]:
    """One block of `audit.record` (block schema `audit_record`): appends what is new. Returns `audit.entry`, and one
    `audit.root`, of the tree as it is behind the block.
    """
    rows = block.rows
    ids = rows["id"].to_list()
    names = [_ENTRY + id_.encode() for id_ in ids]
    held = state.get_many(names)
    partitions, offsets = rows["source_partition"].to_list(), rows["source_offset"].to_list()
    entries: dict[int, Entry] = {}
    new: dict[str, int] = {}
    for row, (id_, value) in enumerate(zip(ids, held, strict=True)):
        if value is None:
            new.setdefault(id_, row)
        elif block.redelivered and (known := Entry.load(value))[1:3] == (partitions[row], offsets[row]):
            entries[row] = known
    frontier = Frontier.from_bytes(state.get(_TREE) or Frontier().to_bytes())
    if new:
        raw = rows["raw"]
        tree, growth = frontier.append(leaf_hashes(raw[row] for row in new.values()))
        for leaf_index, row in enumerate(new.values(), start=frontier.size):
            entries[row] = Entry(leaf_index, partitions[row], offsets[row], growth.completed_by(leaf_index))
        state.put_many([names[row] for row in new.values()], [entries[row].dump() for row in new.values()])
        state.put(_TREE, tree.to_bytes())
        frontier = tree
    if not entries:
        return []
    return [_entries(rows, entries), _root(frontier, block.timestamp)]


def _entries(rows: pl.DataFrame, entries: dict[int, Entry]) -> Output:
    said = rows[list(entries)]
    raw = said["raw"]
    told = said.with_columns(
        pl.Series("leaf_index", [each.leaf_index for each in entries.values()], dtype=pl.Int64),
        pl.Series("leaf", leaf_hashes(raw), dtype=pl.Binary),
        pl.Series("nodes", [each.nodes for each in entries.values()], dtype=pl.List(pl.Binary)),
        raw=pl.when(pl.col("kind") != ACCESS).then("raw"),
        route=pl.lit(KEY),
    )
    return Output("audit.entry", told.select(*block_schema("audit_entry"), "route"), key="route")


def _root(tree: Frontier, at: int) -> Output:
    row = {"size": [tree.size], "root": [tree.root()], "received_at": [at], "route": [KEY]}
    return Output(
        "audit.root", pl.DataFrame(row, schema={**block_schema("audit_root"), "route": pl.String()}), key="route"
    )
