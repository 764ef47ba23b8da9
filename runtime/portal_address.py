"""Where the portal is reached."""

from __future__ import annotations

from suyuan.runtime.settings import Settings


def portal_address(settings: Settings) -> str | None:
    """By which browsers reach it; None: no portal is served."""
    if not settings.portal_port:
        return None
    host = settings.portal_host
    return settings.portal_origin or f"http://{f'[{host}]' if ':' in host else host}:{settings.portal_port}"
