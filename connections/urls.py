"""Addresses and URLs without their secrets, for errors, logs and findings."""

from __future__ import annotations

import re

_URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)([^\s\"'<>]*)")
_SECRET_PARAMETER = re.compile(
    r"(?i)([?&;][^=&;#]*(?:pass|pwd|token|secret|key|auth|sig|cred|session|user)[^=&;#]*=)[^&;#\s\"'<>]*"
)
_HIDDEN = "…"


def address_shown(address: str) -> str:
    """One URL or host:port without user, password and secret parameters, however badly it is written."""
    scheme, slashes, rest = address.partition("://") if "://" in address else ("", "", address)
    return _without_parameters(f"{scheme}{slashes}{rest.rpartition('@')[2]}")


def without_secrets(text: str) -> str:
    """A text in which each URL is as `address_shown` returns it."""
    if "://" not in text:
        return text
    return _URL.sub(lambda found: _without_parameters(found[1] + found[2].rpartition("@")[2]), text)


def _without_parameters(url: str) -> str:
    return _SECRET_PARAMETER.sub(rf"\1{_HIDDEN}", url)
