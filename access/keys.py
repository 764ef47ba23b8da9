"""API keys: `sy_<id>_<secret>`. The id is no secret; of the secret nobody keeps more than its SHA-256.

256 bits of chance need no slow hash: nobody can try them out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Callable
from typing import NamedTuple

ID_LENGTH, SECRET_LENGTH = 12, 43
_KEY = re.compile(rf"sy_([a-z2-7]{{{ID_LENGTH}}})_([A-Za-z0-9_-]{{{SECRET_LENGTH}}})")

Chance = Callable[[int], bytes]
"""so many bytes that nobody can guess (`secrets.token_bytes`)"""


class Key(NamedTuple):
    """A key's two parts."""

    id: str
    secret: str

    def __str__(self) -> str:
        return f"sy_{self.id}_{self.secret}"


def new_key(chance: Chance) -> Key:
    """One that nobody has had before."""
    return Key(new_id(chance), new_secret(chance))


def new_id(chance: Chance) -> str:
    """60 bits, in letters that nobody mistakes for each other."""
    return b32encode(chance(8)).decode().lower()[:ID_LENGTH]


def new_secret(chance: Chance) -> str:
    """256 bits."""
    return urlsafe_b64encode(chance(32)).decode().rstrip("=")


def parse_key(text: str) -> Key | None:
    """Of `str(Key)`; None for what is none."""
    found = _KEY.fullmatch(text)
    return None if found is None else Key(*found.groups())


def digest(secret: str) -> str:
    """SHA-256, hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, kept: str) -> bool:
    """Whether it is the secret of that digest; takes as long for a wrong one."""
    return hmac.compare_digest(digest(secret), kept)
