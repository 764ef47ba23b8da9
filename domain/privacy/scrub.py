"""Free text without the numbers that lead to a person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from suyuan.domain.identifiers.normal_form import BLANKS, DASHES, UNSEEN
from suyuan.domain.identifiers.uscc import is_well_formed
from suyuan.domain.privacy.numbers import is_bank_number, is_identity_number, is_phone

PHONE = "[电话 phone]"
IDENTITY_NUMBER = "[证件号 identity number]"
BANK_NUMBER = "[卡号 bank number]"

_LONGEST = 19
_FEWEST = 7
"""digits of a bank card, and of a telephone without its area code"""
_GROUP = re.compile("[0-9]+")
_GAP = re.compile(rf"(?:{UNSEEN}|[{BLANKS}{DASHES}.·()（）_]){{1,3}}")
_CHECK_X = re.compile(rf"(?:{UNSEEN}|[{BLANKS}{DASHES}])?[XxＸｘ](?![0-9])")
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_CALLED_SO = re.compile(r"(?:电话|座机|手机|固话|热线|tel|phone|mobile)[^0-9\]\n]{0,6}$", re.IGNORECASE)
_LOOKED_BACK = 16
_NAMES = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])|(?<![0-9A-Za-z])p?[0-9a-f]{32,}(?![0-9A-Za-z])")
"""what may be a credit code, and digests and pseudonyms"""


class _Group(NamedTuple):
    digits: str
    start: int
    end: int


def scrub(text: str) -> str:
    """The text with a word in the place of each telephone number (PHONE), identity number (IDENTITY_NUMBER) and bank
    card number (BANK_NUMBER), whatever digits they are written in, also with blanks, dashes, dots and brackets within.

    Credit codes and GTINs stay. Names, addresses and numbers in words stay as well: nothing tells them from others.
    What comes out holds nothing more to scrub.
    """
    plain = _OTHER_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)
    if sum(map(len, _GROUP.findall(plain))) < _FEWEST:
        return text
    parts, after = [], 0
    for start, end, word in _found(plain):
        parts += [text[after:start], word]
        after = end
    return "".join([*parts, text[after:]]) if parts else text


def _found(plain: str) -> Iterator[tuple[int, int, str]]:
    for chain in _chains(plain):
        at = 0
        while at < len(chain):
            for end in range(_furthest(chain, at), at, -1):
                found = _number(plain, chain[at:end])
                if found is not None:
                    yield found
                    at = end
                    break
            else:
                at += 1


def _number(plain: str, groups: list[_Group]) -> tuple[int, int, str] | None:
    """Where the number that these groups are begins and ends, and the word for it."""
    written = [group.digits for group in groups]
    start, end = groups[0].start, groups[-1].end
    number = "".join(written)
    x = _CHECK_X.match(plain, end) if len(number) == 17 else None
    if x is not None and is_identity_number(number + "X"):
        return start, x.end(), IDENTITY_NUMBER
    if is_identity_number(number) and (len(number) == 18 or len(groups) == 1):
        return start, end, IDENTITY_NUMBER
    if is_bank_number(written):
        return start, end, BANK_NUMBER
    plus = plain[start - 1 : start] in {"+", "＋"}
    called_so = _CALLED_SO.search(plain, max(0, start - _LOOKED_BACK), start) is not None
    if is_phone(written, plus=plus, called_so=called_so):
        return start - plus, end, PHONE
    return None


def _chains(plain: str) -> Iterator[list[_Group]]:
    """Groups of digits that may be parts of one number, by what stands between them."""
    names = [name.span() for name in _NAMES.finditer(plain) if _is_name(name[0])]
    chain: list[_Group] = []
    for match in _GROUP.finditer(plain):
        while names and names[0][1] <= match.start():
            names.pop(0)
        inside = bool(names) and names[0][0] <= match.start()
        if chain and (inside or _GAP.fullmatch(plain, chain[-1].end, match.start()) is None):
            yield chain
            chain = []
        if not inside:
            chain.append(_Group(match[0], *match.span()))
    if chain:
        yield chain


def _is_name(word: str) -> bool:
    """Not a number of a person though it is full of digits. Of digits alone, `numbers` tells codes from those."""
    return len(word) > 18 or (not word.isdecimal() and is_well_formed(word) and not is_identity_number(word))


def _furthest(chain: list[_Group], at: int) -> int:
    size, end = 0, at
    while end < len(chain) and size + len(chain[end].digits) <= _LONGEST:
        size += len(chain[end].digits)
        end += 1
    return end
