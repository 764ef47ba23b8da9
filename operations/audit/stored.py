"""The tree as the tables have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from suyuan.access.scope import EVERYTHING
from suyuan.domain.audit.nodes import NodeId
from suyuan.domain.audit.proofs import consistency_nodes, consistency_proof, inclusion_nodes, inclusion_proof
from suyuan.domain.audit.verification import StoredEntry
from suyuan.domain.evidence import evidence_id
from suyuan.errors import SuyuanError
from suyuan.operations.dead_letters.place import Place
from suyuan.queries.answers import AuditEntry
from suyuan.queries.api import Queries

ReadRaw = Callable[[Sequence[Place]], Sequence[bytes | None]]
"""messages at places in the log, None for each that it does not have any more"""


class MissingNodes(SuyuanError):
    """A proof that cannot be made, since the tables lack what it is made of."""


def entry_name(entry: AuditEntry) -> str:
    """What an entry is called in reports: the event's evidence id, of access the place of the message."""
    if entry.event_id is None:
        return f"{entry.source_topic}-{entry.source_partition} at {entry.source_offset}"
    return evidence_id(entry.kind, entry.publisher, entry.event_id, entry.digest or "")


def read_entries(queries: Queries) -> Iterator[list[AuditEntry]]:
    """Every entry, some thousands at a time, in their order."""
    first = 0
    while found := queries.audit_entries(EVERYTHING, first):
        yield found
        first = found[-1].leaf_index + 1


def stored_entries(entries: Sequence[AuditEntry], read_raw: ReadRaw) -> list[StoredEntry]:
    """As the tree's check takes them. The bytes that are in their topic alone come from there."""
    places = {
        each.leaf_index: Place(each.source_topic, each.source_partition, each.source_offset)
        for each in entries
        if each.raw is None
    }
    raw = dict(zip(places, read_raw(list(places.values())), strict=True)) if places else {}
    return [
        StoredEntry(
            each.leaf_index,
            bytes.fromhex(each.leaf),
            [bytes.fromhex(node) for node in each.nodes],
            raw.get(each.leaf_index) if each.raw is None else bytes.fromhex(each.raw),
            entry_name(each),
        )
        for each in entries
    ]


def stored_nodes(queries: Queries, nodes: Iterable[NodeId]) -> dict[NodeId, bytes]:
    """The hashes of nodes. Raises MissingNodes."""
    wanted = list(dict.fromkeys(nodes))
    if not wanted:
        return {}
    found = queries.audit_nodes(EVERYTHING, [(node.level, node.index) for node in wanted])
    hashes = {NodeId(each.level, each.node_index): bytes.fromhex(each.hash) for each in found}
    for node in wanted:
        if node not in hashes:
            raise MissingNodes(
                f"the tables do not have the node {node.index} of level {node.level}: suyuan audit verify says what is "
                "missing"
            )
    return hashes


def prove_inclusion(queries: Queries, index: int, size: int) -> list[bytes]:
    """That the entry `index` is in the tree of the first `size` entries. Raises MissingNodes, AuditError."""
    return inclusion_proof(index, size, stored_nodes(queries, inclusion_nodes(index, size)))


def prove_consistency(queries: Queries, old_size: int, size: int) -> list[bytes]:
    """That the tree of the first `old_size` entries is the beginning of the one of `size`. Raises MissingNodes,
    AuditError.
    """
    return consistency_proof(old_size, size, stored_nodes(queries, consistency_nodes(old_size, size)))
