"""A digest of the keys that a state has, in two numbers that are kept up to date while keys come and go."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_MODULUS = 1 << 64


@dataclass(frozen=True, slots=True)
class KeyDigest:
    """How many keys a set has, and the sum of their BLAKE2b-64 hashes modulo 2^64. Equal sets have equal digests,
    whatever order their keys came in; unequal ones have equal digests by a chance of 2^-64.
    """

    count: int = 0
    total: int = 0

    @classmethod
    def of(cls, keys: Sequence[bytes]) -> KeyDigest:
        """The digest of these keys, each of which is named once. Costs 0.5 us a key."""
        return cls(len(keys), int(hashes_of(keys).sum(dtype=np.uint64)))

    def changed(self, came: KeyDigest, went: KeyDigest) -> KeyDigest:
        """The digest with the keys `came`, which were not in the set, and without the keys `went`, which were."""
        return KeyDigest(self.count + came.count - went.count, (self.total + came.total - went.total) % _MODULUS)


def hashes_of(keys: Sequence[bytes]) -> np.ndarray:
    """BLAKE2b-64 of each key, as unsigned numbers."""
    return np.frombuffer(b"".join([blake2b(key, digest_size=8).digest() for key in keys]), "<u8")
