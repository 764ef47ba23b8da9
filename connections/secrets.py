"""Secrets come from a setting or from a file (as container platforms mount them), never from a command line."""

from __future__ import annotations

from pathlib import Path

from suyuan.connections.errors import WrongConnection


def secret(field: str, text: str | None, file: Path | None) -> str | None:
    """The secret: `text`, or what `file` holds without the line end that editors leave; None where neither is given.

    Raises WrongConnection, naming `field` or `<field>_file`.
    """
    if file is None:
        return text
    if text is not None:
        raise WrongConnection(f"{field}_file", f"given, and {field} too: which is it?")
    try:
        found = file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise WrongConnection(f"{field}_file", f"{file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongConnection(f"{field}_file", f"{file}: not UTF-8 text") from None
    if not found:
        raise WrongConnection(f"{field}_file", f"{file}: empty")
    return found


class Hidden(str):
    """A secret as a text that does not show in a repr: client libraries write their configuration to debug logs."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"
