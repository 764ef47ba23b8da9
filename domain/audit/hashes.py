"""Hashes of a Merkle tree as RFC 6962 has them: SHA-256, leaves and inner nodes told apart by their first byte."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()
"""the root of a tree without leaves"""


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry)."""
    return sha256(b"\x00" + entry).digest()


def leaf_hashes(entries: Iterable[bytes]) -> list[bytes]:
    """The leaf hash of each entry."""
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), of the hashes of two subtrees that follow one another."""
    return sha256(b"\x01" + left + right).digest()


def fold(hashes: Iterable[bytes]) -> bytes:
    """The hash over adjacent complete subtrees, given from the left, each larger than the next. EMPTY_ROOT of none."""
    root: bytes | None = None
    for each in reversed(tuple(hashes)):
        root = each if root is None else node_hash(each, root)
    return EMPTY_ROOT if root is None else root
