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
from itertools import islice
from typing import NamedTuple

from suyuan.domain.audit.hashes import leaf_hashes
from suyuan.domain.audit.tree import Frontier
from suyuan.domain.checks.bodies import Rows
from suyuan.errors import ErrorKind, SuyuanError

_CODES = str.maketrans({each: f"%{ord(each):02X}" for each in '%/"\\' + "".join(map(chr, [*range(32), 127]))})
_PART = 4096
"""lines that are read at once"""
_TEXT = rb'[^"\\\x00-\x1f\x7f]+'
LINE = re.compile(
    rb'{"id":"(%b)","parties":\[((?:"%b"(?:,"%b")*)?)\],"stratum":"(%b)","weight":([1-9]|1[0-6])}' % ((_TEXT,) * 4)
)
"""id, parties (with their quotation marks), stratum and weight of a line"""
_LINES = re.compile(rb"(?m)^%b\n" % LINE.pattern)


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
    tree, hashed = Frontier(), sha256()
    for part in parts(frame):
        for place, (_, _, stratum, _) in enumerate(part.rows, 1):
            if stratum not in counts:
                said = f"line {tree.size + place}: stratum {stratum.decode()!r} is none of the plan's"
                raise FrameError(f"{said}: leave the row out")
            counts[stratum] += 1
        hashed.update(part.text)
        tree = tree.append(leaf_hashes(part.lines))[0]
    counted = tuple(Rows(stratum=name.decode(), rows=rows) for name, rows in counts.items())
    return Summary(tree.size, counted, hashed.hexdigest(), tree.root().hex())


class Part(NamedTuple):
    """Lines of a frame that follow one another. `text`: the lines with their ends; `rows`: id, parties, stratum and
    weight of each, as they stand there.
    """

    lines: list[bytes]
    text: bytes
    rows: list[tuple[bytes, bytes, bytes, bytes]]


def parts(frame: Iterable[bytes]) -> Iterator[Part]:
    """A frame, a few thousand lines at a time: one expression reads them all at once. Raises FrameError for a line that
    is none, or is not behind the one before it.
    """
    left, before, first = iter(frame), b"", 1
    while lines := list(islice(left, _PART)):
        text = b"\n".join(lines) + b"\n"
        rows = _LINES.findall(text)
        if len(rows) != len(lines):
            _refuse(lines, first)
        for place, (name, *_) in enumerate(rows, first):
            if name <= before:
                raise FrameError(f"line {place}: id {name.decode()} is not behind the one before it: sort, each once")
            before = name
        first += len(lines)
        yield Part(lines, text, rows)


def _refuse(lines: list[bytes], first: int) -> None:
    for number, text in enumerate(lines, first):
        if not LINE.fullmatch(text):
            raise FrameError(f"line {number} is no line of a frame: {text[:200].decode(errors='replace')}")
