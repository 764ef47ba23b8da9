"""Which role somebody has by what an identity provider says of them: a TOML file.

    claim = "groups"

    [[role]]
    value = "hangzhou-market-supervision"
    role = "regulator"
    division = "3301"

The first entry whose value the claim is, or holds, counts; who has none does not come in.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from suyuan.access.principal import Role, kinds_of, scope_of
from suyuan.errors import ErrorKind, SuyuanError


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value of the claim and what it stands for, as in `access.events.Given`."""

    value: str
    role: Role
    division: str | None = None
    code: str | None = None
    kinds: tuple[str, ...] = ()


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    role: tuple[Entry, ...]
    claim: str = "groups"

    def of(self, claims: Mapping[str, Any]) -> Entry | None:
        """What somebody of these claims is; None: nothing here."""
        said = claims.get(self.claim)
        values = said if isinstance(said, list) else [said]
        return next((entry for entry in self.role if entry.value in values), None)


def read_roles(file: Path) -> Roles:
    """Raises SuyuanError, CONFIGURATION, naming the entry at fault."""
    try:
        roles = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Roles)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise _bad(f"{file}: {error}") from None
    for entry in roles.role:
        try:
            scope_of(entry.role, entry.division, entry.code)
            kinds_of(entry.role, entry.kinds)
        except SuyuanError as error:
            raise _bad(f"{file}: {entry.value!r}: {error}") from None
    return roles


def _bad(reason: str) -> SuyuanError:
    return SuyuanError(f"bad configuration: SUYUAN_OIDC_ROLES: {reason}", ErrorKind.CONFIGURATION)
