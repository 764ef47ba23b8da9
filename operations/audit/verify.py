"""Whether everything that is audited is as it was: bytes, order, roots, signatures, and the rows of the events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from suyuan.access.scope import EVERYTHING
from suyuan.domain.audit.checkpoints import Checkpoint, opened
from suyuan.domain.audit.errors import AuditError
from suyuan.domain.audit.keys import VerifierKey
from suyuan.domain.audit.notes import Note
from suyuan.domain.audit.verification import Fault, Head, TreeCheck
from suyuan.domain.content import content, contents, digest, digests
from suyuan.domain.evidence import evidence_id
from suyuan.operations.audit.stored import ReadRaw, entry_name, read_entries, stored_entries
from suyuan.queries.answers import AuditEntry, AuditHead
from suyuan.queries.api import OfEntries, Queries
from suyuan.schemas.accepted_runs import accepted_run
from suyuan.schemas.kinds import AUDITED, event_schema


@dataclass(slots=True)
class Verified:
    """What was looked at."""

    entries: int = 0
    roots: int = 0
    checkpoints: int = 0
    witnessed: int = 0
    root: str = ""
    faults: Counter[str] = field(default_factory=Counter)
    """by kind of fault"""


def verify(
    queries: Queries,
    read_raw: ReadRaw,
    done: Verified,
    *,
    log: VerifierKey | None,
    witnessed: Sequence[Note],
    witnesses: Sequence[VerifierKey] = (),
    settled: int,
) -> Iterator[Fault]:
    """Every fault, as it is found; `done` counts what was looked at.

    `log`: the key that checkpoints are signed with; None: their signatures are not checked. `witnessed`: what a witness
    kept; `witnesses`: keys one of which must have cosigned each of it, where any are given. `settled`: events that the
    log took after it (ms UTC) may be on their way.
    """
    for fault in _faults(queries, read_raw, done, log, witnessed, witnesses, settled):
        done.faults[fault.kind] += 1
        yield fault


def _faults(
    queries: Queries,
    read_raw: ReadRaw,
    done: Verified,
    log: VerifierKey | None,
    witnessed: Sequence[Note],
    witnesses: Sequence[VerifierKey],
    settled: int,
) -> Iterator[Fault]:
    heads: list[Head] = []
    for said in queries.audit_heads(EVERYTHING, 0):
        yield from _stored_head(said, log, heads, done)
    for number, note in enumerate(witnessed, start=1):
        yield from _witnessed_head(number, note, log, witnesses, heads, done)
    check = TreeCheck(heads)
    for entries in read_entries(queries):
        done.entries += len(entries)
        yield from check.add(stored_entries(entries, read_raw))
        yield from _rows(queries, entries)
    yield from check.finish()
    done.root = check.tree.root().hex()
    for event in queries.unentered(EVERYTHING, settled):
        name = evidence_id(event.kind, event.publisher, event.event_id, event.digest)
        yield Fault("unentered", f"{name} has no entry: suyuan audit backfill, if it is older than the audit")


def _stored_head(said: AuditHead, log: VerifierKey | None, heads: list[Head], done: Verified) -> Iterator[Fault]:
    if said.note is None:
        done.roots += 1
        heads.append(Head(said.size, bytes.fromhex(said.root), "a root in the table"))
        return
    done.checkpoints += 1
    heads.append(Head(said.size, bytes.fromhex(said.root), "a checkpoint in the table"))
    if log is None:
        return
    try:
        checkpoint = opened(Note.parse(said.note), log)
    except AuditError as error:
        yield Fault("unsigned", f"the checkpoint of {said.size} entries in the table: {error}")
        return
    heads.append(Head(checkpoint.size, checkpoint.root, "a signed checkpoint"))


def _witnessed_head(
    number: int,
    note: Note,
    log: VerifierKey | None,
    witnesses: Sequence[VerifierKey],
    heads: list[Head],
    done: Verified,
) -> Iterator[Fault]:
    done.witnessed += 1
    try:
        if witnesses:
            note.verified(witnesses)
        checkpoint = _of_note(note, log)
    except AuditError as error:
        yield Fault("unsigned", f"checkpoint {number} of the witness: {error}")
        return
    heads.append(Head(checkpoint.size, checkpoint.root, f"checkpoint {number} of the witness"))


def _of_note(note: Note, log: VerifierKey | None) -> Checkpoint:
    return Checkpoint.parse(note.text) if log is None else opened(note, log)


def _rows(queries: Queries, entries: Sequence[AuditEntry]) -> Iterator[Fault]:
    """What the entries' bytes say beside what is said of them, and beside the rows of their events."""
    for kind in sorted({each.kind for each in entries} & AUDITED):
        these = [each for each in entries if each.kind == kind]
        wanted = OfEntries(kind, these[0].leaf_index, these[-1].leaf_index + 1)
        rows = {
            (row.publisher, row.event_id, row.digest): row.fields for row in queries.audited_events(EVERYTHING, wanted)
        }
        said = _said(kind, these)
        for entry in these:
            name, named = entry_name(entry), (entry.publisher, entry.event_id, entry.digest)
            if said.get(entry.leaf_index) != named:
                yield Fault("edited", f"entry {entry.leaf_index}, {name}: its bytes are of another event")
            elif named not in rows:
                yield Fault("missing", f"{name}: event_{kind} has no row of it")
            elif _digest(kind, rows[named]) != entry.digest:
                yield Fault("edited", f"{name}: its row in event_{kind} says something else")


def _said(kind: str, entries: Sequence[AuditEntry]) -> dict[int, tuple[str, str, str]]:
    """(publisher, event_id, digest) that each entry's bytes say."""
    readable = [each for each in entries if each.raw is not None]
    values = [bytes.fromhex(each.raw or "") for each in readable]
    rows = accepted_run(kind, values, [each.received_at for each in readable]).rows
    if rows.is_empty():
        return {}
    told = digests(contents(rows, [each.name for each in event_schema(kind).fields]))
    named = zip(rows["publisher"].to_list(), rows["event_id"].to_list(), told.to_list(), strict=True)
    return {readable[index].leaf_index: each for index, each in zip(rows["index"].to_list(), named, strict=True)}


def _digest(kind: str, row: dict[str, Any]) -> str:
    """Of what the row says: the digest of its content, computed anew."""
    return digest(content({each.name: row.get(each.name) for each in event_schema(kind).fields}))
