"""Normal forms of identifiers, worked out the slow way and without the product's own code."""

from __future__ import annotations

import unicodedata
from functools import cache

CREDIT_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"
NOTHING = {
    "/", "//", "-", "--", "–", "—", "——", "无", "空", "没有", "暂无", "不详", "未知", "未标注", "见包装", "见瓶身",
    "n/a", "na", "#n/a", "null", "\\n", "none", "nan",
}  # fmt: skip
"""words for nothing, in lower case"""


@cache
def text_form(text):
    """A lot or a category as it is compared; None when nothing is left, or a word for nothing."""
    if text is None:
        return None
    for end in ("\r\n", "\r", "\n", "\t"):
        text = text.replace(end, " ")
    text = unicodedata.normalize("NFKC", without(text, "Cc", "Cf")).strip()
    return None if not text or text.lower() in NOTHING else text


@cache
def code_form(text):
    """A credit code or a licence number as it is compared."""
    text = dense(text_form(text))
    return text and unicodedata.normalize("NFKC", "".join(c.upper() if "a" <= c <= "z" else c for c in text))


@cache
def gtin_form(text):
    """14 digits when it is a GTIN, else the text without blanks and dashes."""
    text = dense(text_form(text))
    return text.rjust(14, "0") if is_gtin(text) else text


@cache
def number_form(text):
    """Other numbers: without what cannot be seen around and within; None when nothing is left."""
    return None if text is None else without(text, "Cc", "Cf").strip() or None


def dense(text):
    """Without blanks and dashes."""
    if text is None:
        return None
    text = without(text, "Zs", "Zl", "Zp", "Pd").replace("\N{MINUS SIGN}", "")
    return None if not text or text.lower() in NOTHING else text


def without(text, *categories):
    return "".join(c for c in text if unicodedata.category(c) not in categories)


def is_gtin(text):
    if text is None or len(text) not in {8, 12, 13, 14} or any(c not in "0123456789" for c in text):
        return False
    total = 0
    for place, digit in enumerate(reversed(text)):
        total += int(digit) * (3 if place % 2 else 1)
    return total % 10 == 0 and set(text) != {"0"}


def is_restricted(gtin):
    """Whether the 14 digits name no product in the world: numbers for use inside one company, or for coupons."""
    if gtin.startswith("000000"):
        return gtin[6] in "02"
    return gtin[1:3] in {"02", "04", "05", "98", "99"} or gtin[1] == "2"


def has_code_format(code):
    return len(code) == 18 and all(c in CREDIT_CODE for c in code) and all(c in "0123456789" for c in code[2:8])


def has_good_checks(code):
    return code[16] == organisation_check(code[8:16]) and code[17] == last_check(code[:17])


def organisation_check(first8):
    total = 0
    for c, weight in zip(first8, [3, 7, 9, 10, 5, 8, 4, 2], strict=True):
        total += (int(c) if c in "0123456789" else ord(c) - ord("A") + 10) * weight
    return "0123456789X0"[11 - total % 11]


def last_check(first17):
    total, weight = 0, 1
    for c in first17:
        total += CREDIT_CODE.index(c) * weight
        weight = weight * 3 % 31
    return (CREDIT_CODE + "0")[31 - total % 31]
