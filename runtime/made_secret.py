"""Secrets that nobody gave: made once in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from suyuan.connections.errors import WrongConnection
from suyuan.connections.secrets import secret
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.settings import Settings

SHORTEST = 32
FOLDER = "portal"
"""of the data folder"""


def portal_folder(settings: Settings) -> Path:
    """The portal's own folder in the data folder; made where there is none, for nobody else to read."""
    folder = settings.data / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def given_or_made(settings: Settings, name: str, file: str) -> bytes:
    """What the settings `name` or `name`_file say, else what stands in a file of the portal's folder, which is made
    where there is none. Raises SuyuanError, CONFIGURATION.
    """
    found = _given(settings, name)
    return _made(portal_folder(settings) / file) if found is None else found


def given_or_there(settings: Settings, name: str, file: str) -> bytes | None:
    """The same, for who only looks: None where nobody has given or made it. Raises SuyuanError, CONFIGURATION; OSError
    where it may not be read.
    """
    found, made = _given(settings, name), settings.data / FOLDER / file
    return made.read_bytes() if found is None and made.exists() else found


def _given(settings: Settings, name: str) -> bytes | None:
    given: SecretStr | None = getattr(settings, name)
    try:
        found = secret(name, None if given is None else given.get_secret_value(), getattr(settings, f"{name}_file"))
    except WrongConnection as error:
        raise SuyuanError(
            f"bad configuration: SUYUAN_{error.field.upper()}: {error.reason}", ErrorKind.CONFIGURATION
        ) from None
    if found is not None and len(found) < SHORTEST:
        raise SuyuanError(
            f"bad configuration: SUYUAN_{name.upper()}: shorter than {SHORTEST} characters", ErrorKind.CONFIGURATION
        )
    return None if found is None else found.encode()


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
