"""The key that names of people become pseudonyms by: given, or made once in the data folder."""

from __future__ import annotations

import secrets

from suyuan.domain.privacy.pseudonym import SHORTEST_KEY, Pseudonyms
from suyuan.errors import ErrorKind, SuyuanError
from suyuan.runtime.made_secret import FOLDER, given, given_or_made
from suyuan.runtime.settings import Settings

_NAME, _FILE = "pseudonym_key", "pseudonym.key"
"""its setting, and its file in the portal's folder"""


def made_pseudonyms(settings: Settings) -> Pseudonyms:
    """By the key that was given, else by the data folder's, which is made where there is none. Raises SuyuanError,
    CONFIGURATION.
    """
    file = settings.data / FOLDER / _FILE
    try:
        key = given_or_made(settings, _NAME, _FILE, as_text=True)
    except OSError as error:
        raise SuyuanError(
            f"{file}: {error.strerror}: names of who complained become pseudonyms by it. Publish as the user who runs "
            "the system, or name a key with SUYUAN_PSEUDONYM_KEY_FILE",
            ErrorKind.CONFIGURATION,
        ) from None
    if len(key) < SHORTEST_KEY:
        raise SuyuanError(
            f"{file}: damaged: put it back from a backup. Without it names get other pseudonyms; remove it, and a new "
            "one is made",
            ErrorKind.CONFIGURATION,
        )
    return Pseudonyms(key)


def given_pseudonyms(settings: Settings) -> Pseudonyms:
    """By the key that was given: data folders of several machines would each have another one. Raises SuyuanError,
    CONFIGURATION.
    """
    key = given(settings, _NAME)
    if key is None:
        raise SuyuanError(
            "SUYUAN_PSEUDONYM_KEY_FILE is not set: names of who complained come in here, and no key makes pseudonyms "
            "of them. Name a file of 32 characters or more (openssl rand -hex 32), the same wherever names come in; "
            "or publish pseudonyms",
            ErrorKind.CONFIGURATION,
        )
    return Pseudonyms(key)


def verify_given_key(settings: Settings) -> None:
    """That a key that was given can be used; nothing where none was. Raises SuyuanError, CONFIGURATION."""
    given(settings, _NAME)


def trial_pseudonyms(settings: Settings) -> Pseudonyms:
    """For a check that writes nothing down: as `given_pseudonyms` in a cluster; else by the key that was given, or by
    one that nobody keeps. Raises SuyuanError, CONFIGURATION.
    """
    if settings.kafka:
        return given_pseudonyms(settings)
    return Pseudonyms(given(settings, _NAME) or secrets.token_bytes(SHORTEST_KEY))
