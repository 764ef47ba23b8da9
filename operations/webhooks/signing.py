"""Signatures of the Standard Webhooks specification: HMAC-SHA256 of id, time and body, by secrets `whsec_...`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from suyuan.access.keys import Chance
from suyuan.errors import ErrorKind, SuyuanError

PREFIX = "whsec_"
SECRET_BYTES = 32
SHORTEST, LONGEST = 24, 64
"""bytes of a secret that the specification allows"""


def new_secret(chance: Chance) -> str:
    """One that nobody has had before."""
    return PREFIX + base64.b64encode(chance(SECRET_BYTES)).decode()


def secret_bytes(secret: str) -> bytes:
    """What is signed by. Raises SuyuanError, USAGE."""
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        found = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(found) <= LONGEST:
        raise SuyuanError(
            f"no secret of a webhook: {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64", ErrorKind.USAGE
        )
    return found


def signed_headers(delivery: str, now: int, body: bytes, secrets: Sequence[str]) -> Mapping[str, str]:
    """The three headers of an attempt. `delivery`: its webhook-id; `now`: ms UTC; each of the secrets signs."""
    seconds = str(now // 1000)
    signed = b".".join((delivery.encode(), seconds.encode(), body))
    signatures = (hmac.digest(secret_bytes(secret), signed, hashlib.sha256) for secret in secrets)
    return {
        "webhook-id": delivery,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode()}" for each in signatures),
    }
