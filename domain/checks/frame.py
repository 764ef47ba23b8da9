r"""The frame: what is drawn from, as a file that anybody can read.

A line for each listing, in the byte order of ids, each once:

    {"id":"91330106MABQWU0B72/100002","parties":["9133…","9144…"],"stratum":"330106","weight":3}

`id`: platform and listing; `parties`: codes of all whom an officer must have no interest in (seller, producer,
platform), sorted, each once; `weight`: 1 to 16. No text holds `"`, `\` or a control character, which in ids are
percent-encoded: so a line is what it says byte by byte, and a ticket is drawn by the id as it stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from suyuan.domain.audit.hashes import leaf_hash
from suyuan.domain.audit.tree import Frontier
from suyuan.domain.checks.bodies import Rows
from suyuan.errors import ErrorKind, SuyuanError

_CODES = str.maketrans({each: f"%{ord(each):02X}" for each in '%/"\\' + "".join(map(chr, [*range(32), 127]))})
_BATCH = 4096
"""leaves that are joined at once"""
_TEXT = rb'[^"\\\x00-\x1f\x7f]+'
LINE = re.compile(
    rb'{"id":"(%b)","parties":\[((?:"%b"(?:,"%b")*)?)\],"stratum":"(%b)","weight":([1-9]|1[0-6])}' % ((_TEXT,) * 4)
)
"""id, parties (with their quotation marks), stratum and weight of a line"""


class FrameError(SuyuanError, ValueError):
    """A line that no frame has, and which it is, from 1 on."""

    kind = ErrorKind.USAGE


class Row(NamedTuple):
    """What a line says."""

    id: str
    parties: tuple[str, ...]
    stratum: str
    weight: int


class Summary(NamedTuple):
    """What is said of a whole frame. `sha256`: of all lines with their ends; `root`: over lines without."""

    rows: int
    strata: tuple[Rows, ...]
    sha256: str
    root: str


def frame_id(platform_code: str, listing_id: str) -> str:
    """What a listing is called in a frame."""
    return f"{platform_code.translate(_CODES)}/{listing_id.translate(_CODES)}"


def line(row: Row) -> bytes:
    """The line of a row, without its end. Raises FrameError for what no line can say."""
    parties = ",".join(f'"{each}"' for each in sorted({*row.parties}))
    text = f'{{"id":"{row.id}","parties":[{parties}],"stratum":"{row.stratum}","weight":{row.weight}}}'.encode()
    if not LINE.fullmatch(text):
        raise FrameError(f"no line of a frame: {text[:200].decode()}: percent-encode ids, weights are 1 to 16")
    return text


def lines(rows: Iterable[Row]) -> list[bytes]:
    """The lines of a small frame, in their order."""
    return [line(row) for row in sorted(rows, key=lambda row: row.id.encode())]


def parse(text: bytes) -> Row:
    """The row of a line. Raises FrameError."""
    found = LINE.fullmatch(text)
    if not found:
        raise FrameError(f"no line of a frame: {text[:200].decode(errors='replace')}")
    name, parties, stratum, weight = found.groups()
    return Row(name.decode(), codes(parties), stratum.decode(), int(weight))


def codes(parties: bytes) -> tuple[str, ...]:
    """The codes in a line's list of parties."""
    return tuple(each.decode() for each in parties[1:-1].split(b'","')) if parties else ()


def summary(frame: Iterable[bytes], strata: Iterable[str]) -> Summary:
    """What is said of a frame of a plan with these strata: one pass, in memory that does not grow. Raises FrameError
    for a line that is none, is not behind the one before it, or is of no stratum of the plan.
    """
    counts = {each.encode(): 0 for each in strata}
    tree, leaves, hashed, number = Frontier(), [], sha256(), 0
    for number, (text, found) in enumerate(ordered(frame), 1):
        if found[3] not in counts:
            raise FrameError(f"line {number}: stratum {found[3].decode()!r} is none of the plan's: leave the row out")
        counts[found[3]] += 1
        hashed.update(text + b"\n")
        leaves.append(leaf_hash(text))
        if len(leaves) == _BATCH:
            tree, leaves = tree.append(leaves)[0], []
    counted = tuple(Rows(stratum=name.decode(), rows=rows) for name, rows in counts.items())
    return Summary(number, counted, hashed.hexdigest(), tree.append(leaves)[0].root().hex())


def ordered(frame: Iterable[bytes]) -> Iterator[tuple[bytes, re.Match[bytes]]]:
    """Each line and its parts. Raises FrameError for one that is none, or is not behind the one before it."""
    before = b""
    for number, text in enumerate(frame, 1):
        found = LINE.fullmatch(text)
        if not found:
            raise FrameError(f"line {number} is no line of a frame: {text[:200].decode(errors='replace')}")
        name = found[1]
        if name <= before:
            raise FrameError(f"line {number}: id {name.decode()} is not behind the one before it: sort, each once")
        before = name
        yield text, found
