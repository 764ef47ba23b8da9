"""The public files of a check, which `operations/spot_checks/verify.py` reads.

| file               | holds                                                                             |
|--------------------|-----------------------------------------------------------------------------------|
| `publication.json` | plan, freeze, randomness and draw under these names, as one canonical text          |
| `frame.ndjson.gz`  | the frame (`frame.py`); its hashes are of the lines, so it may be packed in any way |
| `orders.ndjson`    | the orders, a canonical text and a line feed each                                   |
| `verify.py`        | what draws all of it again                                                        |
"""

from __future__ import annotations

from suyuan.domain.checks.bodies import Body, Draw, Freeze, Plan, Randomness

PUBLICATION, FRAME, ORDERS, VERIFY = "publication.json", "frame.ndjson.gz", "orders.ndjson", "verify.py"
FILES = (PUBLICATION, FRAME, ORDERS, VERIFY)


class Publication(Body, frozen=True, kw_only=True):
    """What `publication.json` holds; `bodies.canonical` makes its text."""

    plan: Plan
    freeze: Freeze
    randomness: Randomness
    draw: Draw
