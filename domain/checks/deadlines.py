"""The days that there are for something after a spot check, each with the source that it is from
(`deadlines.toml`). An operator has a file of their own where rules differ.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec


class Deadline(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`working`: days on which offices are open, by the calendar in force."""

    days: int
    working: bool
    source: str


class Deadlines(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`told`: whom the result concerns, after it; `objection`: after being told; `mended` and `rechecked`: after the
    order to mend.
    """

    told: Deadline
    objection: Deadline
    mended: Deadline
    rechecked: Deadline


def read_deadlines(text: str) -> Deadlines:
    """Those of a file. Raises msgspec.DecodeError."""
    return msgspec.toml.decode(text, type=Deadlines)


@cache
def built_in_deadlines() -> Deadlines:
    """The defaults."""
    return read_deadlines(resources.files(__package__).joinpath("deadlines.toml").read_text(encoding="utf-8"))
