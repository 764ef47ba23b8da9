"""Identifiers for generated markets, and the ways in which people misspell them."""

from __future__ import annotations

from tests.reference.spelling import CREDIT_CODE, last_check, organisation_check

AUTHORITIES = ("91", "91", "91", "92", "A1", "N2", "Y1")
DIVISIONS = ("110105", "310115", "330106", "440305", "110103", "130622", "371202", "990101")


def credit_code(rng):
    """A conforming code; divisions in force, retired, and one that never was."""
    organisation = "".join(rng.choice(CREDIT_CODE) for _ in range(8))
    first17 = rng.choice(AUTHORITIES) + rng.choice(DIVISIONS) + organisation + organisation_check(organisation)
    return first17 + last_check(first17)


def nonconforming_code(rng):
    """Well formed, with one or both check characters wrong."""
    code = credit_code(rng)
    if rng.random() < 0.5:
        other = "".join(c for c in "0123456789X" if c != code[16])
        first17 = code[:16] + rng.choice(other)
        return first17 + rng.choice([last_check(first17), code[17]])
    return code[:17] + rng.choice(CREDIT_CODE.replace(code[17], ""))


def malformed_code(rng):
    """Not a credit code by its length or its characters."""
    code = credit_code(rng)
    too_short_or_long = [code[:17], code + "0", "9" * rng.randint(1, 17)]
    older_numbers = ["110000600037341", "1100006000373"]
    wrong_characters = [
        code[:9] + "I" + code[10:],
        code[:2] + "11010A" + code[8:],
        code[:9] + "中" + code[10:],
    ]
    return rng.choice([*too_short_or_long, *older_numbers, *wrong_characters, "０" * 17])


def gtin(rng):
    """(the shortest spelling, 8 to 14 digits) of a random GTIN."""
    length = rng.choice([8, 12, 13, 13, 14])
    digits = rng.choice("123456789") + "".join(rng.choice("0123456789") for _ in range(length - 2))
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def wrong_gtin(rng):
    """Not a GTIN by its check digit, its length or its characters."""
    right = gtin(rng)
    check = str((int(right[-1]) + rng.randint(1, 9)) % 10)
    return rng.choice(
        [right[:-1] + check, "1" + right[:8], "12345", right[:-1] + "X", "６" + right[1:], "-" + right[1:]]
    )


def written_code(rng, code):
    """The code as somebody typed it."""
    if code is None or rng.random() < 0.7:
        return code
    return rng.choice([code.lower(), f" {code}", f"{code.lower()} ", f"\t{code}\n", f"{code[:3]}\x1f{code[3:]}"])


def written_gtin(rng, number):
    """The GTIN in one of the lengths that can hold it."""
    if number is None or not number.isascii() or not number.isdigit() or rng.random() < 0.4:
        return number
    longer = [number.rjust(length, "0") for length in (8, 12, 13, 14) if length >= len(number)]
    return rng.choice([*longer, f" {longer[-1]} "]) if longer else number


def written_text(rng, text):
    """A lot or licence number with blanks around it."""
    if text is None or rng.random() < 0.8:
        return text
    return rng.choice([f" {text}", f"{text} ", f" {text} "])
