"""Records of bureaus in a risk partition: the newest of each division, and who is in charge by all of them.

| key | value |
|---|---|
| bureau, division | its newest record, JSON as it came |
| bureaus | digest of all of them, the same in whatever order they came: what is made of them is made once for it |

Parts of keys are joined by U+001F.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec
import polars as pl

from suyuan.domain.divisions import AFTER_ALL_CHANGES, successor
from suyuan.domain.keys import SEPARATOR
from suyuan.domain.records import Bureau
from suyuan.domain.rules.jurisdiction import Bureaus
from suyuan.streams.stages.recency import keep

if TYPE_CHECKING:
    from suyuan.streams.stage import Block, StateView

_DIGEST = b"bureaus"
_PREFIX = f"bureau{SEPARATOR}".encode()
_decode = msgspec.json.Decoder(Bureau).decode
_BYTES = 16
_KNOWN = 8
_known: dict[bytes, Bureaus] = {}
"""by digest; of the same records the same is made, by whichever partition"""


def note_bureaus(block: Block, state: StateView) -> dict[str, int]:
    """Keep the records of bureaus of a block of `risk.record` (block schema `record`). Returns the divisions of which
    the work is done elsewhere now than before, or may have been when the block was done first, and when the log took
    the record in: whoever is in charge by them may be another one.
    """
    rows = block.rows.filter(pl.col("kind") == "bureau").select("key", "received_at", "body")
    if rows.is_empty():
        return {}
    moved: dict[str, int] = {}
    before = digest = int.from_bytes(state.get(_DIGEST) or b"")
    for division, received_at, body in rows.iter_rows():
        key = _PREFIX + division.encode()
        held, record = state.get(key), _decode(body)
        if not keep(key, record, body, state):
            continue
        was = _decode(held) if held is not None else None
        digest ^= _digest(was) ^ _digest(record)
        if block.redelivered or _leads_to(was) != _leads_to(record):
            moved[division] = max(received_at, moved.get(division, 0))
    if digest != before:
        state.put(_DIGEST, digest.to_bytes(_BYTES))
    return moved


def bureaus_in(state: StateView) -> Bureaus:
    """Who is in charge by the records of a partition. Costs a look-up, and a scan where they changed."""
    digest = state.get(_DIGEST) or b""
    found = _known.get(digest)
    if found is None:
        found = Bureaus(_decode(body) for _, body in state.scan(_PREFIX))
        while len(_known) >= _KNOWN:
            _known.pop(next(iter(_known)), None)
        _known[digest] = found
    return found


def _digest(record: Bureau | None) -> int:
    """Of all that a charge asks a record about; digests are combined by exclusive or, so their order is nothing."""
    if record is None:
        return 0
    said = f"{record.division}{SEPARATOR}{record.handled_by or ''}"
    return int.from_bytes(blake2b(said.encode(), digest_size=_BYTES).digest())


def _leads_to(record: Bureau | None) -> str | None:
    """Where a record has a charge go that would not go there without it; None: nowhere."""
    if record is None:
        return None
    in_force = successor(record.division, AFTER_ALL_CHANGES) == record.division
    return record.handled_by or (None if in_force else record.division)
