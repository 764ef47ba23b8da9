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


def given_or_made(settings: Settings, name: str, file: str, *, as_text: bool = False) -> bytes:
    """What the settings `name` or `name`_file say, else what stands in a file of the portal's folder, which is made
    where there is none; `as_text`: of 64 hex digits, so that the file can be given elsewhere. Raises SuyuanError,
    CONFIGURATION.
    """
    found = given(settings, name)
    return _made(portal_folder(settings) / file, as_text=as_text) if found is None else found


def given_or_there(settings: Settings, name: str, file: str) -> bytes | None:
    """The same, for who only looks: None where nobody has given or made it. Raises SuyuanError, CONFIGURATION; OSError
    where it may not be read.
    """
    found, made = given(settings, name), settings.data / FOLDER / file
    return made.read_bytes() if found is None and made.exists() else found


def given(settings: Settings, name: str) -> bytes | None:
    """What the settings `name` or `name`_file say, None where they say nothing. Raises SuyuanError, CONFIGURATION."""
    text: SecretStr | None = getattr(settings, name)
    try:
        found = secret(name, None if text is None else text.get_secret_value(), getattr(settings, f"{name}_file"))
    except WrongConnection as error:
        raise SuyuanError(
            f"bad configuration: SUYUAN_{error.field.upper()}: {error.reason}", ErrorKind.CONFIGURATION
        ) from None
    if found is not None and len(found) < SHORTEST:
        file = getattr(settings, f"{name}_file")
        where = "" if file is None else f" in {file}"
        raise SuyuanError(
            f"bad configuration: SUYUAN_{name.upper()}: shorter than {SHORTEST} characters{where}: make one by "
            f"openssl rand -hex {SHORTEST}",
            ErrorKind.CONFIGURATION,
        )
    return None if found is None else found.encode()


def _made(file: Path, *, as_text: bool) -> bytes:
    """What the file holds; of several processes that make it, one's counts."""
    if not file.exists():
        mine = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
        mine.touch(0o600)
        with mine.open("wb") as written:
            written.write(secrets.token_hex(32).encode() if as_text else secrets.token_bytes(32))
            written.flush()
            os.fsync(written.fileno())  # what it has made outlives a loss of power, so the key does too
        try:
            os.link(mine, file)
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return file.read_bytes()
