"""Identifiers for generated markets, and the ways in which people, spreadsheets and copied pages spoil them."""

from __future__ import annotations

from tests.reference.spelling import CREDIT_CODE, is_restricted, last_check, organisation_check

AUTHORITIES = ("91", "91", "91", "92", "A1", "N2", "Y1")
NOTHING = ("", " ", "/", "—", "无", "N/A", r"\N", "null", "\u200b")
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
    return rng.choice([*too_short_or_long, *older_numbers, *wrong_characters, "〇" * 18])


def gtin(rng):
    """(the shortest spelling, 8 to 14 digits) of a random GTIN that names a product."""
    length = rng.choice([8, 12, 13, 13, 14])
    while True:
        digits = rng.choice("136789") + "".join(rng.choice("0123456789") for _ in range(length - 2))
        number = digits + check_digit(digits)
        if not is_restricted(number.rjust(14, "0")):
            return number


def restricted_gtin(rng):
    """One that names none."""
    length, first = rng.choice([(8, "2"), (12, "4"), (12, "2"), (13, "20"), (13, "29"), (13, "98"), (14, "104")])
    digits = first + "".join(rng.choice("0123456789") for _ in range(length - 1 - len(first)))
    return digits + check_digit(digits)


def check_digit(digits):
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def wrong_gtin(rng):
    """Not a GTIN by its check digit, its length or its characters."""
    right = gtin(rng)
    check = str((int(right[-1]) + rng.randint(1, 9)) % 10)
    return rng.choice(
        [right[:-1] + check, "1" + right[:8], "12345", right[:-1] + "X", "٦" + right[1:], "+" + right[1:], "0" * 13]
    )


def written_code(rng, code):
    """The code as somebody typed it."""
    if code is None or rng.random() < 0.7:
        return code
    parted = [f"{code[:3]}{gap}{code[3:]}" for gap in ("\x1f", " ", "-", "\u2014", "\u3000")]
    return rng.choice([code.lower(), f"{code.lower()} ", f"\t{code}\r\n", full_width(code), *parted, *hidden(code)])


def written_gtin(rng, number):
    """The GTIN in one of the lengths that can hold it."""
    if number is None or not number.isascii() or not number.isdigit() or rng.random() < 0.4:
        return number
    longer = [number.rjust(length, "0") for length in (8, 12, 13, 14) if length >= len(number)]
    if not longer:
        return number
    parted = [f"{number[0]} {number[1:]}", f"{number[:-1]}-{number[-1]}"]
    return rng.choice([*longer, f" {longer[-1]} ", full_width(number), *parted, *hidden(number)])


def written_text(rng, text):
    """A lot or a category: of the same width and case, or not."""
    if text is None or rng.random() < 0.8:
        return text
    return rng.choice([f" {text}", f"{text}\r\n", f"\u3000{text} ", full_width(text), *hidden(text)])


def written_number(rng, number):
    """Any other number, with what cannot be seen within it or around it."""
    return number if rng.random() < 0.9 else rng.choice([f" {number}", f"{number}\n", *hidden(number)])


def written_nothing(rng):
    """What people put into a cell that they have nothing for."""
    return rng.choice([None, None, rng.choice(NOTHING)])


def hidden(text):
    """With characters that nobody sees."""
    return [f"{before}{text}{after}" for before, after in (("\ufeff", ""), ("\u202d", "\u202c"), ("\xa0", "\u200b"))]


def full_width(text):
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
