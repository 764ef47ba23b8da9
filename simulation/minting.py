"""New identifiers, each once: credit codes, GTINs, licence numbers, event ids."""

from __future__ import annotations

from hashlib import blake2b

from stdnum import ean
from stdnum.iso7064 import mod_11_10

from suyuan.domain.identifiers.uscc import ALPHABET, check_character, organisation_check_character

_BODY = len(ALPHABET) ** 6
_GTIN_BODY = 10**9
_SCATTER = 48_271
"""coprime to 31 and 10: a counter times this, modulo the size, meets every number once"""


def pseudonym(number: int) -> str:
    """The pseudonym of the consumer of that number: the same each time, and nobody's name."""
    return f"p{blake2b(f'consumer {number}'.encode(), digest_size=16).hexdigest()}"


class Mint:
    """Counters behind every identifier. Two mints give the same identifiers in the same order."""

    def __init__(self, first: int = 1) -> None:
        self._codes = self._gtins = self._licences = self._numbers = first

    def credit_code(self, division: str, kind: str = "91") -> str:
        """A valid GB 32100-2015 code of an enterprise (91) or authority (11) registered in a division."""
        at = self._codes * _SCATTER % _BODY
        self._codes += 1
        body = ""
        for _ in range(6):
            at, digit = divmod(at, len(ALPHABET))
            body = ALPHABET[digit] + body
        organisation = "MA" + body
        first = f"{kind}{division}{organisation}{organisation_check_character(organisation)}"
        return first + check_character(first)

    def gtin(self) -> str:
        """A GTIN-13 with a Chinese prefix (690-699)."""
        return self._gtin("69")

    def gtin_of_a_shop(self) -> str:
        """A GTIN-13 for use inside one company (20-29)."""
        return self._gtin("21")

    def _gtin(self, prefix: str) -> str:
        body = f"{prefix}{self._gtins * _SCATTER % _GTIN_BODY:010d}"
        self._gtins += 1
        return body + str(ean.calc_check_digit(body))

    def licence_no(self, scheme: str, division: str) -> str:
        """A food production licence (SC; last digit ISO 7064 MOD 11,10), or another scheme's free text."""
        self._licences += 1
        serial = self._licences
        if scheme != "SC":
            return f"{scheme}{division[:4]}{serial:07d}"
        body = f"1{serial // 10_000 % 100:02d}{division}{serial % 10_000:04d}"
        return f"SC{body}{mod_11_10.calc_check_digit(body)}"

    def number(self, prefix: str) -> str:
        """A running number for what has one: event, shipment, report, listing."""
        self._numbers += 1
        return f"{prefix}{self._numbers:08d}"


def wrong_check(code: str) -> str:
    """The same credit code with another check character: what a forger types."""
    return code[:17] + ALPHABET[(ALPHABET.index(code[17]) + 7) % len(ALPHABET)]
