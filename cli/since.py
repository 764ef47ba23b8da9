"""Moments that options name: so long ago or from now, a day in China, or a time."""

from __future__ import annotations

import re
import time

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.schemas.instants import day, instant

WHEN = "90m, 12h, 3d, a day in China, or a time with its offset from UTC"
"""how to write one, for the help of an option"""

_LENGTH = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def since_ms(text: str) -> int:
    """Ms since the epoch. Raises SuyuanError, of the option --since."""
    return _moment(text, -1, "--since", "so long ago")


def until_ms(text: str) -> int:
    """The same, of the option --until: 12h is so long from now."""
    return _moment(text, 1, "--until", "so long from now")


def _moment(text: str, way: int, option: str, span: str) -> int:
    length = _LENGTH.fullmatch(text)
    if length:
        return time.time_ns() // 1_000_000 + way * int(length[1]) * _UNITS[length[2]] * 1000
    try:
        return instant(f"{day(text)}T00:00+08:00" if len(text) == 10 else text)
    except ValueError as error:
        raise SuyuanError(f"{option} {text}: {error}; or {span}: 90m, 12h, 3d", ErrorKind.USAGE) from None
