"""Pseudonyms of people: the same for the same person each time, and nothing leads back without the key."""

from __future__ import annotations

import hmac
import re
import unicodedata

from suyuan.domain.identifiers.normal_form import BLANKS, DASHES, NOTHING, UNSEEN

SHORTEST_KEY = 32
"""bytes"""

_PSEUDONYM = re.compile(r"p[0-9a-f]{32}")
_UNSEEN_AND_BLANKS = re.compile(rf"{UNSEEN}|[{BLANKS}]")
_MIDDLE_DOTS = re.compile("[·•‧∙⋅・]")
_BETWEEN_DIGITS = re.compile(rf"(?<=[0-9])[{DASHES}.]+(?=[0-9])")
_NUMBER_ALONE = re.compile(rf"[0-9{DASHES}.()+]*[0-9][0-9{DASHES}.()+]*")
_NO_DIGITS = re.compile("[^0-9]")
_MOBILE_WITH_COUNTRY = re.compile("(?:86|0086)(1[3-9][0-9]{9})")


def is_pseudonym(text: str) -> bool:
    """Whether it is one as it stands: p and 32 of 0-9a-f."""
    return _PSEUDONYM.fullmatch(text) is not None


def identity_form(text: str) -> str | None:
    """What a person is called by, in the form that pseudonyms are made of; None where nothing or a word for nothing is
    left.

    1. NFKC (full width becomes plain), without control and format characters, without blanks, in small letters, the
       dots within names of one kind
    2. without dashes and dots between digits
    3. of a number alone its digits, of a mobile number without the country's 86
    """
    plain = unicodedata.normalize("NFKC", _UNSEEN_AND_BLANKS.sub("", unicodedata.normalize("NFKC", text)).casefold())
    plain = _BETWEEN_DIGITS.sub("", _MIDDLE_DOTS.sub("·", plain))
    if not plain or plain in NOTHING:
        return None
    if _NUMBER_ALONE.fullmatch(plain) is None:
        return plain
    digits = _NO_DIGITS.sub("", plain)
    mobile = _MOBILE_WITH_COUNTRY.fullmatch(digits)
    return mobile[1] if mobile else digits


class Pseudonyms:
    """Makes pseudonyms under one key, which it shows to nobody. Whoever knows the key can try every name and number, so
    it is a secret; another key makes other pseudonyms. For any number of threads.
    """

    __slots__ = ("_mac",)

    def __init__(self, key: bytes) -> None:
        """Raises ValueError for a key of less than SHORTEST_KEY bytes."""
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"a key of less than {SHORTEST_KEY} bytes")
        self._mac = hmac.new(key, digestmod="sha256")

    def of(self, identity: str) -> str | None:
        """`p` and the first 32 hex digits of HMAC-SHA-256 of the normal form; what is a pseudonym stays one. None where
        it says nobody.
        """
        plain = identity_form(identity)
        if plain is None or is_pseudonym(plain):
            return plain
        mac = self._mac.copy()
        mac.update(plain.encode("utf-8", "surrogatepass"))
        return f"p{mac.hexdigest()[:32]}"
