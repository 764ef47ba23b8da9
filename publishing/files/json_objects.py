"""JSON objects that are not one to a line: in an array, spread over lines, one behind the other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from suyuan.publishing.files.encoding import Bytes
from suyuan.publishing.files.lines import Mark
from suyuan.publishing.files.problems import LONGEST

_CHUNK = 1 << 18
_STRUCTURE = re.compile(rb'["{}\[\]]')
_IN_TEXT = re.compile(rb'["\\]')
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:')
_BLANK_COLONS = (b" :", b"\t:", b"\n:", b"\r:")
_EPCIS = re.compile(rb'"type"\s*:\s*"EPCIS(?:Query)?Document"')


class Objects:
    """(line on which it begins, its bytes) of each object at the top, or within an array at the top; a mark in the
    place of one that is longer than a record may be. What stands between objects and is none comes as it is.
    """

    def __init__(self, head: bytes, stream: Bytes) -> None:
        self._head = head
        self._stream = stream
        self.terminated = True
        """after the last object: whether it had an end, or the file may be cut off"""

    def __iter__(self) -> Iterator[tuple[int, bytes | Mark]]:
        line, began = 1, 1
        depth = 0
        in_text, escaped, skipping = False, False, False
        kept = b""
        chunk = self._head
        while True:
            if not chunk:
                if self._stream.would_wait():
                    yield line, Mark.PAUSE
                chunk = self._stream.read(_CHUNK)
                if not chunk:
                    break
            start = at = 0
            if escaped:
                at, escaped = 1, False
            while True:
                match = (_IN_TEXT if in_text else _STRUCTURE).search(chunk, at)
                if match is None:
                    break
                at = match.end()
                sign = match[0]
                if in_text:
                    if sign == b"\\":
                        escaped = at == len(chunk)
                        at += 1
                    else:
                        in_text = False
                elif sign == b'"':
                    in_text = True
                elif sign in b"{[":
                    if depth == 0:
                        line += chunk.count(b"\n", start, at)
                        yield from _between(line, kept + chunk[start : at - 1])
                        depth = 1 if sign == b"{" else 0  # else it is the array around all
                        start, kept, began = at - depth, b"", line
                    else:
                        depth += 1
                elif depth > 1:
                    depth -= 1
                elif depth == 1:
                    size = len(kept) + at - start
                    line += chunk.count(b"\n", start, at)
                    yield began, Mark.TOO_LONG if skipping or size > LONGEST else kept + chunk[start:at]
                    start, kept, depth, skipping = at, b"", 0, False
                else:
                    line += chunk.count(b"\n", start, at)
                    yield from _between(line, kept + chunk[start : at - 1])
                    start, kept = at, b""
            line += chunk.count(b"\n", start)
            kept = b"" if skipping else kept + chunk[start:]
            if len(kept) > LONGEST:
                kept, skipping = b"", True
            chunk = b""
        if skipping:
            yield began, Mark.TOO_LONG
        elif depth:
            self.terminated = False
            yield began, kept
        else:
            yield from _between(line, kept)


def _between(line: int, text: bytes) -> Iterator[tuple[int, bytes]]:
    """What is neither blank nor a comma is no object, and told. `line`: on which it ends."""
    left = text.lstrip(b" \t\r\n,")
    if left:
        yield line - left.count(b"\n"), left.rstrip(b" \t\r\n,")


def is_one_to_a_line(head: bytes) -> bool:
    """By the first lines: whether each line is an object of its own."""
    text = head.lstrip()
    if text.startswith(b"["):
        return text[1:].lstrip()[:1] not in (b"{", b"]", b"")
    first, _, rest = text.partition(b"\n")
    if len(first) == len(text) and len(head) > LONGEST:
        return True
    try:
        json.loads(first)
    except (ValueError, RecursionError) as error:
        if "Extra data" in str(error):
            return False
        following = rest.lstrip(b"\r\n")
        return not following or following.startswith(b"{") or not text.startswith(b"{")
    return True


def repeated_key(text: bytes) -> str | None:
    """A key that stands twice in one object of a JSON text, at any depth; None where there is none."""
    if _has_each_key_once(text):
        return None
    keys = _KEY.findall(text)
    if len(set(keys)) == len(keys) and b"\\" not in b"".join(keys):
        return None
    found: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) < len(pairs):
            names = [name for name, _ in pairs]
            found.extend(name for name in mapping if names.count(name) > 1)
        return mapping

    try:
        json.loads(text, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return None
    return found[0] if found else None


def _has_each_key_once(text: bytes) -> bool:
    """A quick look, four times as fast, that most objects pass: of one without others in it, in which no blank stands
    before a colon, each key ends in `":`, and so do no more texts than it has keys.
    """
    if text.count(b"{") != 1 or any(blank in text for blank in _BLANK_COLONS):
        return False
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(found, dict) and len(found) == text.count(b'":')


def is_epcis(text: bytes) -> bool:
    """Whether it is a document of EPCIS 2.0."""
    return _EPCIS.search(text) is not None
