"""What a portal signs with: from a setting, or made once in the data folder."""

from __future__ import annotations

from pathlib import Path

from suyuan.runtime.made_secret import given_or_made, portal_folder
from suyuan.runtime.settings import Settings


def signing_secret(settings: Settings) -> bytes:
    """Raises SuyuanError, CONFIGURATION."""
    return given_or_made(settings, "portal_secret", "cookie.key")


def uploads_folder(settings: Settings) -> Path:
    """Where uploaded files are, until they are published, and what is said of them."""
    return settings.portal_uploads or portal_folder(settings) / "uploads"
