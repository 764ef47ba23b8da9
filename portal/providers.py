"""The identity provider that people sign in by, where one is named and what that takes is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.settings import Settings

if TYPE_CHECKING:
    from suyuan.portal.oidc import Provider


def provider_of(settings: Settings, clock: Callable[[], float]) -> Provider | None:
    """None: none is named. Raises SuyuanError, CONFIGURATION."""
    if not settings.oidc_issuer:
        return None
    try:
        from suyuan.portal.oidc import Provider  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise SuyuanError(
            f"SUYUAN_OIDC_ISSUER is set, and {error.name} is not installed: pip install 'suyuan[oidc]'",
            ErrorKind.CONFIGURATION,
        ) from None
    return Provider(settings, clock)
