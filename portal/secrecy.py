"""How the portal is reached from other machines: over TLS, its own or a proxy's, or not at all."""

from __future__ import annotations

import ipaddress
import ssl

from suyuan.connections.addresses import is_loopback
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.portal.middleware.proxy import Network
from suyuan.runtime.settings import Settings


def proxies_of(settings: Settings) -> tuple[Network, ...]:
    """Raises SuyuanError, CONFIGURATION."""
    try:
        names = (each.strip() for each in settings.portal_proxy.split(","))
        return tuple(ipaddress.ip_network(name, strict=False) for name in names if name)
    except ValueError as error:
        raise _bad("portal_proxy", f"{error}: addresses or networks, separated by commas") from None


def verify(settings: Settings) -> None:
    """Raises SuyuanError, CONFIGURATION, for what would be read on the way, or files that do not fit."""
    certificate, key = settings.portal_certificate_file, settings.portal_key_file
    if certificate is None:
        if key is not None:
            raise _bad("portal_key_file", "given without SUYUAN_PORTAL_CERTIFICATE_FILE")
        if not is_loopback(settings.portal_host) and not proxies_of(settings):
            raise _bad(
                "portal_host",
                f"{settings.portal_host} would be spoken to in plaintext from other machines: name a certificate "
                "(SUYUAN_PORTAL_CERTIFICATE_FILE), or the proxy that adds TLS (SUYUAN_PORTAL_PROXY)",
            )
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise _bad("portal_certificate_file", f"{certificate}: {error}") from None


def _bad(field: str, reason: str) -> SuyuanError:
    return SuyuanError(f"bad configuration: SUYUAN_{field.upper()}: {reason}", ErrorKind.CONFIGURATION)
