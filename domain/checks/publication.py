"""The public files of a check, which `operations/spot_checks/verify.py` and `verify_log.py` read.

| file               | holds                                                                             |
|--------------------|-----------------------------------------------------------------------------------|
| `publication.json` | plan, freeze, randomness and draw under these names, as one canonical text          |
| `frame.ndjson.gz`  | the frame (`frame.py`); its hashes are of the lines, so it may be packed in any way |
| `orders.ndjson`    | the orders, a canonical text and a line feed each                                   |
| `proofs.json`      | where plan and freeze are in the log, and a signed checkpoint of it that holds both |
| `verify.py`        | what draws all of it again                                                        |
| `verify_log.py`    | what checks the proofs, and the signatures by keys that it is given                 |
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from suyuan.domain.checks.bodies import Body, Draw, Freeze, Hash, Plan, Randomness

PUBLICATION, FRAME, ORDERS, PROOFS = "publication.json", "frame.ndjson.gz", "orders.ndjson", "proofs.json"
VERIFY, VERIFY_LOG = "verify.py", "verify_log.py"
FILES = (PUBLICATION, FRAME, ORDERS, PROOFS, VERIFY, VERIFY_LOG)

Bytes = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2})*$")]


class Publication(Body, frozen=True, kw_only=True):
    """What `publication.json` holds; `bodies.canonical` makes its text."""

    plan: Plan
    freeze: Freeze
    randomness: Randomness
    draw: Draw


class LogEntry(Body, frozen=True, kw_only=True):
    """Where an act is in the log. The entry's bytes are `before`, the act's canonical text and `after`; `path`: the
    proof of inclusion, from the leaves up, in the tree of the checkpoint. Bytes are in hex.
    """

    leaf_index: Annotated[int, msgspec.Meta(ge=0)]
    before: Bytes
    after: Bytes
    path: tuple[Hash, ...]


class Proofs(Body, frozen=True, kw_only=True):
    """What `proofs.json` holds: a signed note with the entries that are in its tree, or why there is none (`missing`).
    Whose signatures it has is for whoever has their keys to say.
    """

    checkpoint: str | None = None
    plan: LogEntry | None = None
    freeze: LogEntry | None = None
    missing: str | None = None
