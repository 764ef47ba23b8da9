"""Secrets as they may stand in the log: AES-256-GCM by a key that is not there."""

from __future__ import annotations

from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from suyuan.access.keys import Chance
from suyuan.errors import ErrorKind, SuyuanError

KEY_BYTES = 32
_NONCE_BYTES = 12


class CannotUnseal(SuyuanError):
    """Another key sealed it, for another subscription, or it was changed."""

    kind = ErrorKind.CONFIGURATION


class Seal:
    """By one key of KEY_BYTES. What is sealed for a subscription opens for no other."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, subscription: str, secret: str, chance: Chance) -> str:
        """Text for the log."""
        nonce = chance(_NONCE_BYTES)
        return b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), subscription.encode())).decode()

    def unseal(self, subscription: str, sealed: str) -> str:
        """The secret. Raises CannotUnseal."""
        try:
            data = b64decode(sealed, validate=True)
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], subscription.encode()).decode()
        except (InvalidTag, ValueError):
            raise CannotUnseal(
                f"the secret of webhook {subscription} was sealed by another key than this process has: "
                "SUYUAN_SEAL_KEY is the same for all portals and jobs of a system"
            ) from None
