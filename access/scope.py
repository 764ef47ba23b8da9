"""What somebody may see."""

from __future__ import annotations

import re

import msgspec

from suyuan.errors import ErrorKind, SuyuanError

_PREFIX = re.compile(r"[0-9]{0,6}")
_CODE = re.compile(r"[^\s]{1,64}")


class Everything(msgspec.Struct, frozen=True, tag="everything"):
    """All rows of all kinds."""


class Division(msgspec.Struct, frozen=True, tag="division"):
    """What happens in an administrative division. `prefix`: first digits of its code: 33 is a province, 3301 a city in
    it, none the whole country, which what has no known division is in too.
    """

    prefix: str

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix):
            raise SuyuanError(f"{self.prefix!r} is no division: up to six digits", ErrorKind.USAGE)


class Platform(msgspec.Struct, frozen=True, tag="platform"):
    """What is offered on a platform. `code`: its credit code."""

    code: str

    def __post_init__(self) -> None:
        _check_code(self.code, "platform")


class Publisher(msgspec.Struct, frozen=True, tag="publisher"):
    """What somebody published. `code`: the publisher's credit code."""

    code: str

    def __post_init__(self) -> None:
        _check_code(self.code, "publisher")


Part = Everything | Division | Platform | Publisher


class Scope(msgspec.Struct, frozen=True):
    """What any of the parts allows; nothing where there are none."""

    parts: tuple[Part, ...]

    @property
    def is_everything(self) -> bool:
        """Whether nothing is outside of it."""
        return any(isinstance(part, Everything) for part in self.parts)

    @property
    def divisions(self) -> tuple[str, ...]:
        """Prefixes."""
        return tuple(part.prefix for part in self.parts if isinstance(part, Division))

    @property
    def platforms(self) -> tuple[str, ...]:
        """Codes."""
        return tuple(part.code for part in self.parts if isinstance(part, Platform))

    @property
    def publishers(self) -> tuple[str, ...]:
        """Codes."""
        return tuple(part.code for part in self.parts if isinstance(part, Publisher))

    def __str__(self) -> str:
        return " or ".join(_said(part) for part in self.parts) or "nothing"


EVERYTHING = Scope((Everything(),))
"""of whoever has the data folder or the server's password"""


class OutsideScope(SuyuanError):
    """Somebody asked what nobody can answer for what they may see."""

    kind = ErrorKind.USAGE

    @classmethod
    def of(cls, scope: Scope, what: str) -> OutsideScope:
        """`what`: the rows that were asked for."""
        return cls(f"{what} cannot be told for {scope}: that takes a scope of everything")


def _said(part: Part) -> str:
    match part:
        case Everything():
            return "everything"
        case Division(prefix):
            return f"division {prefix}" if prefix else "the whole country"
        case Platform(code):
            return f"platform {code}"
        case Publisher(code):
            return f"publisher {code}"


def _check_code(code: str, what: str) -> None:
    if not _CODE.fullmatch(code):
        raise SuyuanError(f"{code!r} is no code of a {what}", ErrorKind.USAGE)
