"""What webhooks are sent by: the seal of their secrets, the addresses that are open, TLS."""

from __future__ import annotations

import hashlib
import ssl

from suyuan.connections.errors import WrongConnection
from suyuan.connections.tls import client_context
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.operations.webhooks.addresses import Allowed
from suyuan.operations.webhooks.sealing import Seal
from suyuan.runtime.made_secret import given_or_made, given_or_there
from suyuan.runtime.settings import Settings

_KEY = ("seal_key", "seal.key")
"""its setting, and its file in the portal's folder"""


def webhook_seal(settings: Settings) -> Seal:
    """The same for all processes with these settings. Raises SuyuanError, CONFIGURATION."""
    return _seal(given_or_made(settings, *_KEY))


def present_webhook_seal(settings: Settings) -> Seal | None:
    """The same, for who only looks: None where there is no key yet. Raises SuyuanError, CONFIGURATION; OSError where it
    may not be read.
    """
    found = given_or_there(settings, *_KEY)
    return None if found is None else _seal(found)


def _seal(key: bytes) -> Seal:
    return Seal(hashlib.sha256(key).digest())


def webhook_addresses(settings: Settings) -> Allowed:
    """Raises SuyuanError, CONFIGURATION."""
    return Allowed.of(settings.webhook_allow)


def webhook_tls(settings: Settings) -> ssl.SSLContext:
    """Raises SuyuanError, CONFIGURATION."""
    try:
        return client_context(settings.webhook_ca_file)
    except WrongConnection as error:
        raise SuyuanError(
            f"bad configuration: SUYUAN_WEBHOOK_CA_FILE: {error.reason}", ErrorKind.CONFIGURATION
        ) from None
