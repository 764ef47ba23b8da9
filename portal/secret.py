"""What a portal signs with: from a setting, or made once in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from suyuan.connections.errors import WrongConnection
from suyuan.connections.secrets import secret
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.settings import Settings

SHORTEST = 32


def signing_secret(settings: Settings) -> bytes:
    """Raises SuyuanError, CONFIGURATION."""
    given = settings.portal_secret
    try:
        found = secret(
            "portal_secret", None if given is None else given.get_secret_value(), settings.portal_secret_file
        )
    except WrongConnection as error:
        raise SuyuanError(
            f"bad configuration: SUYUAN_{error.field.upper()}: {error.reason}", ErrorKind.CONFIGURATION
        ) from None
    if found is not None:
        if len(found) < SHORTEST:
            raise SuyuanError(
                f"bad configuration: SUYUAN_PORTAL_SECRET: shorter than {SHORTEST} characters", ErrorKind.CONFIGURATION
            )
        return found.encode()
    return _made(portal_folder(settings) / "cookie.key")


def portal_folder(settings: Settings) -> Path:
    """The portal's own folder in the data folder; made where there is none, for nobody else to read."""
    folder = settings.data / "portal"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def uploads_folder(settings: Settings) -> Path:
    """Where uploaded files are, until they are published, and what is said of them."""
    return settings.portal_uploads or portal_folder(settings) / "uploads"


def _made(file: Path) -> bytes:
    """What the file holds; of several processes that make it, one's counts."""
    if not file.exists():
        mine = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        mine.touch(0o600)
        mine.write_bytes(secrets.token_bytes(32))
        try:
            os.link(mine, file)
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return file.read_bytes()
