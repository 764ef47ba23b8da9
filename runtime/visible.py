"""Text from outside as a terminal may show it: nothing in it steers the screen, hides, or turns the order around."""

from __future__ import annotations

import re

from rich.cells import cell_len

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001-\U000e007f]"
)
"""control and format characters (Cc, Cf), line and paragraph separators, halves of pairs"""
_UNSEEN_OF_LINES = re.compile(_UNSEEN.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))
_ELLIPSIS = "…"


def visible(text: str, *, lines: bool = False) -> str:
    r"""With control and format characters as escapes: \u001b, \u202e. `lines`: line ends are line ends."""
    return (_UNSEEN_OF_LINES if lines else _UNSEEN).sub(_escape, text)


def visible_json(text: str) -> str:
    """JSON that means the same, with no such character in it but line ends."""
    return _UNSEEN_OF_LINES.sub(_json_escape, text)


def encodable(text: str, encoding: str | None) -> str:
    """The same with escapes for what the encoding does not have, as a GBK terminal has no ✗."""
    if encoding is None or text.isascii() or encoding.lower().startswith("utf"):
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def encodable_json(text: str, encoding: str | None) -> str:
    """JSON that means the same, with escapes for what the encoding does not have."""
    if encodable(text, encoding) == text:
        return text
    return "".join(each if encodable(each, encoding) == each else _json_units(each) for each in text)


def shortened(text: str, most: int) -> str:
    """The text, or its beginning and end around an ellipsis, in at most so many columns."""
    if len(text) <= most and cell_len(text) <= most:
        return text
    head = _within(text, (most - 1) // 2)
    tail = _within(text[: -most - 1 : -1], most - 1 - cell_len(head))[::-1]
    return f"{head}{_ELLIPSIS}{tail}"


def _within(text: str, most: int) -> str:
    """As much of the beginning as goes into so many columns."""
    part = text[:most]
    while cell_len(part) > most:
        part = part[:-1]
    return part


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    return _json_units(found[0])


def _json_units(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
