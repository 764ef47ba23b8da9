"""Names of other libraries that are no part of what these promise to keep.

Each library's stand in one module, `<library>_internals.py`: it alone uses them, behind functions with types, and its
`NAMES` says why. An upgrade that takes one away fails `tests/test_private_names.py`, by name.
"""

from __future__ import annotations

from typing import NamedTuple


class PrivateName(NamedTuple):
    """`owner`: module or class that has the name (dotted). `why`: what it is used for, and what public way is
    missing.
    """

    owner: str
    name: str
    why: str
