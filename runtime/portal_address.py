"""Where the portal is reached."""

from __future__ import annotations

from suyuan.runtime.settings import Settings


def portal_address(settings: Settings) -> str:
    """By which browsers reach it."""
    host = settings.portal_host
    scheme = "http" if settings.portal_certificate_file is None else "https"
    return settings.portal_origin or f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.portal_port}"
