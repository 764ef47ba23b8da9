"""Normal form of identifiers, one text at a time: what is compared, and shown, whatever people typed or exported.

1. each tab or line end becomes a blank, other control and format characters go
2. NFKC: full width becomes plain
3. trimmed
4. nothing left, or a word for nothing: absent
5. codes, GTINs and licence numbers lose blanks and dashes; then 4 again
6. codes and licence numbers in capitals, a-z alone: Unicode's rules differ between versions and libraries, and would
   make valid codes of ligatures. NFKC again, since what 5 took out may have kept two characters apart
7. a GTIN with a right check digit: 14 characters (`gtin.py`)

Other numbers lose control and format characters and are trimmed, nothing else. The characters are listed here and not
asked of a library, so that columns (`normal_form_columns.py`) and ClickHouse (`normal_form_sql.py`) mean the same.
"""

from __future__ import annotations

import re
import string
import unicodedata
from itertools import product

import polars as pl

_WORDS = (
    *("/", "//", "-", "--", "–", "—", "——"),
    *("无", "空", "没有", "暂无", "不详", "未知", "未标注", "见包装", "见瓶身"),
    *("N/A", "NA", "#N/A", "NULL", "\\N", "NONE", "NAN"),
)
NOTHING = frozenset("".join(letters) for word in _WORDS for letters in product(*({c.lower(), c.upper()} for c in word)))
"""words for nothing, in any case"""

LINE_END = "\r\n|[\t\n\r]"
UNSEEN = (
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Cc and Cf of Unicode 17"""
BLANKS = " \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""Zs, Zl, Zp"""
DASHES = (
    "\u058a\u05be\u1400\u1806\u2010-\u2015\u2212\u2e17\u2e1a\u2e3a\u2e3b\u2e40\u2e5d\u301c\u3030\u30a0\ufe31\ufe32"
    "\ufe58\ufe63\uff0d\U00010d6e\U00010ead\\-"
)
"""Pd, and the minus sign"""
BLANKS_AND_DASHES = f"[{BLANKS}{DASHES}]"

_LINE_END = re.compile(LINE_END)
_UNSEEN = re.compile(UNSEEN)
_BLANKS_AND_DASHES = re.compile(BLANKS_AND_DASHES)
_CAPITALS = {ord(letter): letter.upper() for letter in string.ascii_lowercase}
_PLAIN = re.compile(r"[ -~\u4e00-\u9fff]*")
"""what steps 1 and 2 leave alone"""


def text_form(text: str | None) -> str | None:
    """Normal form of lots and categories: steps 1 to 4. None: absent."""
    if text is None:
        return None
    if _PLAIN.fullmatch(text) is None:
        text = _nfkc(_UNSEEN.sub("", _LINE_END.sub(" ", text)))
    text = text.strip()
    return None if not text or text in NOTHING else text


def compact_form(text: str | None) -> str | None:
    """Normal form of GTINs before step 7: steps 1 to 5, and NFKC again. None: absent."""
    text = text_form(text)
    if text is None or (text.isascii() and text.isalnum()):
        return text
    text = _BLANKS_AND_DASHES.sub("", text)
    if not text or text in NOTHING:
        return None
    return text if text.isascii() else _nfkc(text)


def code_form(text: str | None) -> str | None:
    """Normal form of codes and licence numbers: steps 1 to 6. None: absent."""
    text = compact_form(text)
    if text is None or text.isascii():
        return text and text.upper()
    return _nfkc(text.translate(_CAPITALS))


def number_form(text: str | None) -> str | None:
    """Normal form of other numbers: without control and format characters, trimmed. None when nothing is left."""
    if text is None:
        return None
    return (text if _PLAIN.fullmatch(text) else _UNSEEN.sub("", text)).strip() or None


def _nfkc(text: str) -> str:
    # a character that is new to polars and unknown here: a column and a single text must agree
    if any(unicodedata.category(c) == "Cn" for c in text):
        return str(pl.Series([text]).str.normalize("NFKC").item())
    return unicodedata.normalize("NFKC", text)
