"""Which encoding a file is in, decided once for the whole file, and its bytes as UTF-8.

Most short Chinese cells in UTF-8 are valid GB18030 too, and a few words in GB18030 are valid UTF-8 by chance, so that
validity alone decides nothing:

1. a byte order mark decides, and so do zeros in every other byte (UTF-16)
2. UTF-8 if all is valid UTF-8, and most of what is beyond ASCII is Chinese or all is not valid GB18030
3. GB18030 if all is not valid UTF-8; or if all is valid as both, but only this reading is common hanzi, and the other
   has rare or combining characters
4. else the file is refused, and both readings are shown
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from suyuan.publishing.files.problems import LONGEST, FileRefusedError

HELD = 4 << 20
"""bytes of a pipe that are held back at most, until its encoding is decided"""
CHUNK = 1 << 18

UTF_8, GB18030 = "utf-8", "gb18030"
_MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES = {UTF_8: "UTF-8", GB18030: "GB18030", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef\U00020000-\U0003ffff]+")
_ASCII = bytes(range(128))
_MARK_BYTES = 4
_EXAMPLES = 40
"""characters shown of each reading"""


@dataclass(frozen=True, slots=True)
class Encoding:
    """`mark`: bytes of the byte order mark."""

    codec: str
    mark: int = 0

    def __str__(self) -> str:
        return _NAMES.get(self.codec, self.codec.upper())


def named(name: str) -> Encoding:
    """The encoding that a person names. Raises LookupError for one that is not known, or is none of text."""
    try:
        codec = codecs.lookup(name)
    except ValueError as error:  # of a name that no codec could have, with a null in it
        raise LookupError(f"unknown encoding: {error}") from None
    "".encode(codec.name)
    alias = {"gb2312": GB18030, "gbk": GB18030, "cp936": GB18030, "utf-8-sig": UTF_8, "utf-16": "utf-16-le"}
    return Encoding(alias.get(codec.name, codec.name))


def marked(head: bytes) -> Encoding | None:
    """What the first bytes say by themselves."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, len(mark))
    even, odd = head[::2].count(0), head[1::2].count(0)
    for codec, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros * 10 > len(head) and zeros > 20 * others:
            return Encoding(codec)
    return None


Pieces = Callable[[], Iterable[bytes]]
"""gives the bytes from the beginning, in any portions"""


def judge(pieces: Pieces, *, complete: bool = True) -> Encoding | str:
    """The encoding of all the bytes, or why neither reading is the right one beyond doubt. `complete`: nothing more
    will come, so that a character that has only begun is an error.

    Lines that are no text in either reading are refused one by one whichever is right, and do not count here.
    """
    utf_8 = _Reading(UTF_8, _is_rare, pieces, complete=complete)
    if utf_8.valid and utf_8.chinese * 2 >= utf_8.beyond:
        return Encoding(UTF_8)
    gb18030 = _Reading(GB18030, _is_uncommon, pieces, complete=complete)
    if not utf_8.valid and not gb18030.valid:
        left = _legible(pieces)
        utf_8 = _Reading(UTF_8, _is_rare, left, complete=complete)
        gb18030 = _Reading(GB18030, _is_uncommon, left, complete=complete)
    if utf_8.valid and (utf_8.chinese * 2 >= utf_8.beyond or not gb18030.valid):
        return Encoding(UTF_8)
    if gb18030.valid and (not utf_8.valid or (gb18030.hanzi and not gb18030.odd and utf_8.odd)):
        return Encoding(GB18030)
    if utf_8.valid or gb18030.valid:
        return (
            f"may be UTF-8 ({utf_8.example!r}) or GB18030 ({gb18030.example!r}): "
            "say which is right with --encoding utf-8 or --encoding gb18030"
        )
    return (
        f"neither UTF-8 ({utf_8.example!r}) nor GB18030 ({gb18030.example!r}) throughout: name its encoding with "
        "--encoding, as --encoding utf-8; records that are no text in it are then refused one by one"
    )


class _Reading:
    """What a text looks like in one encoding. Only the beginning where it is not valid in it."""

    def __init__(self, codec: str, is_odd: Callable[[str], bool], pieces: Pieces, *, complete: bool) -> None:
        self._is_odd = is_odd
        self.valid = True
        self.beyond = 0
        """characters that are not ASCII"""
        self.chinese = 0
        self.hanzi = False
        self.odd = False
        self.example = ""
        decoder = codecs.getincrementaldecoder(codec)()
        try:
            for piece in pieces():
                self._look(decoder.decode(piece))
            self._look(decoder.decode(b"", complete))
        except UnicodeDecodeError as error:
            self.valid = False
            self._look(error.object[: error.start].decode(codec, "ignore"))

    def _look(self, text: str) -> None:
        if text.isascii():
            return
        beyond = text.encode().translate(None, _ASCII).decode()
        self.beyond += len(beyond)
        self.chinese += sum(map(len, _CHINESE.findall(beyond)))
        if len(self.example) < _EXAMPLES:
            words = _BEYOND_ASCII.findall(text[: 1 << 12]) or [beyond]
            self.example = " ".join([self.example, *words]).strip()[:_EXAMPLES]
        if not (self.odd and self.hanzi):
            different = set(beyond)
            self.odd = self.odd or any(map(self._is_odd, different))
            self.hanzi = self.hanzi or any("\u4e00" <= each <= "\u9fff" for each in different)


def _legible(pieces: Pieces) -> Pieces:
    """The lines that are text in one reading at least; nothing of those that are longer than a record may be."""

    def left() -> Iterator[bytes]:
        rest = b""
        for piece in pieces():
            *lines, rest = (rest + piece).split(b"\n")
            rest = rest if len(rest) <= LONGEST else b"\xff"  # never text again, whatever is to come
            yield b"".join(line + b"\n" for line in lines if _is_legible(line))
        if _is_legible(rest):
            yield rest

    return left


def _is_legible(line: bytes) -> bool:
    return line.isascii() or _decodes(line, UTF_8) or _decodes(line, GB18030)


def _decodes(line: bytes, codec: str) -> bool:
    try:
        line.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _is_rare(character: str) -> bool:
    """In the reading as UTF-8: what neither a Chinese nor a western European text has."""
    if unicodedata.combining(character):
        return True
    return ord(character) > 0xFF and not _encodable(character, "gb2312")


def _is_uncommon(character: str) -> bool:
    """In the reading as GB18030: what is beyond the 6,763 hanzi and the signs of GB 2312."""
    return character > "\x7f" and not _encodable(character, "gb2312")


def _encodable(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


class Bytes(Protocol):
    """See `suyuan.publishing.files.sources.Source`."""

    def read(self, size: int) -> bytes:
        """The next bytes, b"" at the end."""

    def would_wait(self) -> bool:
        """Whether nothing is there right now."""


class Rewindable(Bytes, Protocol):
    """A file can be read twice, a pipe once."""

    @property
    def rewindable(self) -> bool:
        """Whether it is a file."""

    def rewind(self) -> None:
        """Read from the beginning again."""


class Utf8:
    """The bytes of a source as UTF-8, without a byte order mark.

    A file is read through once before the first byte comes out. Of a pipe all that is ASCII comes out at once; from the
    first other byte on up to `HELD` bytes are held back until they decide. Bytes that are no text in the encoding come
    out as bytes that are no UTF-8 either. Iteration raises FileRefusedError where there is no verdict.
    """

    def __init__(self, source: Rewindable, encoding: Encoding | None = None) -> None:
        self._source = source
        self._begun = False
        self.encoding = encoding
        """None as long as it is not decided"""
        self._held: list[bytes] = []
        self._decoder: codecs.IncrementalDecoder | None = None
        self._ended = False

    def read(self, size: int) -> bytes:
        """The next bytes, b"" at the end."""
        if not self._begun:
            self._begin()
        while not self._ended:
            chunk = self._held.pop(0) if self._held else self._source.read(size)
            self._ended = not chunk
            if self.encoding is None and not chunk.isascii():
                self._decide_pipe(chunk)
                continue
            if self._decoder is None:
                return chunk
            if converted := self._decoder.decode(chunk, self._ended).encode(UTF_8, "surrogateescape"):
                return converted
        return b""

    def would_wait(self) -> bool:
        """Whether nothing is there right now."""
        return not self._held and not self._ended and self._source.would_wait()

    def _begin(self) -> None:
        self._begun = True
        head = b""
        while len(head) < _MARK_BYTES and (more := self._source.read(CHUNK)):
            head += more
        said = marked(head)
        if self.encoding is None or (said is not None and said.mark and said.codec[:6] == self.encoding.codec[:6]):
            self._set(said)
        else:
            self._set(self.encoding)
        if self.encoding is None and self._source.rewindable:
            self._set(self._judged(judge(self._whole)))
            self._source.rewind()
        else:
            head = head[self.encoding.mark if self.encoding else 0 :]
            self._held = [head] if head else []

    def _whole(self) -> Iterator[bytes]:
        self._source.rewind()
        while chunk := self._source.read(CHUNK):
            yield chunk

    def _judged(self, verdict: Encoding | str) -> Encoding:
        if isinstance(verdict, str):
            raise FileRefusedError(verdict)
        return verdict

    def _decide_pipe(self, chunk: bytes) -> None:
        held: list[bytes] = []
        size = judged = 0
        while True:
            held.append(chunk)
            size += len(chunk)
            enough = not chunk or size >= HELD
            if enough or (self._source.would_wait() and size >= 2 * judged):
                judged = size
                verdict = judge(lambda: held, complete=not chunk)
                if enough or isinstance(verdict, Encoding):
                    break
            chunk = self._source.read(CHUNK)
        self._set(self._judged(verdict))
        self._held = [*held, *self._held]

    def _set(self, encoding: Encoding | None) -> None:
        self.encoding = encoding
        if encoding is not None and encoding.codec != UTF_8:
            self._decoder = codecs.getincrementaldecoder(encoding.codec)("suyuan-spoilt")


def _spoilt(error: UnicodeError) -> tuple[str, int]:
    """Puts a surrogate in the place of bytes that are no text: it becomes a byte that is no UTF-8."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error("suyuan-spoilt", _spoilt)
