"""Notes in the log: written once, and erased by a message that takes the place of what was written.

What the topic had of an erased note goes when it is compacted: at once in a data folder, in Kafka within
`Topic.compacted_within`. The row of the table is replaced as 0017_notes.sql says. What was copied out of either, as
backups are, is not reached.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from suyuan.domain.alerts.notes import Note, erased
from suyuan.eventlog.log import Log
from suyuan.publishing.control import put_control
from suyuan.publishing.files.embedded import EmbeddedOutlet
from suyuan.publishing.files.outlet import Outlet
from suyuan.schemas.blocks import block_schema, encode_block

CONTROL = "note"
"""what the topic of notes is called as a kind"""
TOPIC = f"in.{CONTROL}"


def append_note(outlet: Outlet, note: Note) -> None:
    """Into the log; durable on return. Raises SuyuanError."""
    schema = block_schema("note")
    row = pl.DataFrame({name: [getattr(note, name)] for name in schema}, schema=schema)
    put_control(outlet, CONTROL, note.note_id, encode_block("note", row))


def erase_note(outlet: Outlet, note_id: str, now: int) -> None:
    """Erase a note, whether it was ever there or not: from now on nobody is shown it. Raises SuyuanError."""
    append_note(outlet, erased(note_id, now))


def erase_note_in_folder(folder: Path, partitions: int, note_id: str, now: int, *, fsync: bool) -> None:
    """The same in the log of a data folder, also beside a running process; on return it has the text no more. Raises
    SuyuanError.
    """
    with Log.open(folder, role="publish", fsync="always" if fsync else "interval") as log:
        erase_note(EmbeddedOutlet(log, partitions), note_id, now)
        log.compact(TOPIC, thorough=True)
