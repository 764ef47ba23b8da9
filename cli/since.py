"""Moments that options name: so long ago, a day in China, or a time."""

from __future__ import annotations

import re
import time

from suyuan.errors import ErrorKind, SuyuanError
from suyuan.schemas.instants import day, instant

WHEN = "90m, 12h, 3d, a day in China, or a time with its offset from UTC"
"""how to write one, for the help of an option"""

_AGO = re.compile(r"(\d{1,6})([smhd])", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def since_ms(text: str) -> int:
    """Ms since the epoch. Raises SuyuanError, of the option --since."""
    ago = _AGO.fullmatch(text)
    if ago:
        return time.time_ns() // 1_000_000 - int(ago[1]) * _UNITS[ago[2]] * 1000
    try:
        return instant(f"{day(text)}T00:00+08:00" if len(text) == 10 else text)
    except ValueError as error:
        raise SuyuanError(f"--since {text}: {error}; or so long ago: 90m, 12h, 3d", ErrorKind.USAGE) from None
