"""Normal form in ClickHouse: the same as `normal_form`, for texts that are compared there with stored ones."""

from __future__ import annotations

from typing import Literal

from suyuan.domain.identifiers.gtin import LENGTHS
from suyuan.domain.identifiers.normal_form import BLANKS, BLANKS_AND_DASHES, LINE_END, NOTHING, UNSEEN

Form = Literal["code", "gtin", "text", "number"]
"""code: of licence numbers too; text: of lots and categories"""


def normal_form_sql(form: Form, text: str) -> str:
    """SQL expression for the normal form of `text`, an expression of a String or a Nullable(String); NULL: absent."""
    unseen = _without(_pattern(UNSEEN), text)
    if form == "number":
        return f"nullIf({_trimmed(unseen)}, '')"
    plain = f"replaceRegexpAll({text}, {_pattern(LINE_END)}, ' ')"
    bare = _unless_nothing(_trimmed(f"normalizeUTF8NFKC({_without(_pattern(UNSEEN), plain)})"))
    if form == "text":
        return bare
    compact = f"normalizeUTF8NFKC({_unless_nothing(_without(_pattern(BLANKS_AND_DASHES), bare))})"
    return f"normalizeUTF8NFKC(upper({compact}))" if form == "code" else _padded(compact)


def _without(pattern: str, text: str) -> str:
    return f"replaceRegexpAll({text}, {pattern}, '')"


def _trimmed(text: str) -> str:
    for pattern in (f"^[{BLANKS}]+", f"[{BLANKS}]+$"):
        text = f"replaceRegexpOne({text}, {_pattern(pattern)}, '')"
    return text


def _unless_nothing(text: str) -> str:
    words = ", ".join(_quoted(word) for word in sorted({"", *NOTHING}))
    return _let("t", text, f"if(has([{words}], t), NULL, t)")


def _padded(number: str) -> str:
    lengths = ", ".join(map(str, LENGTHS))
    digit = "(reinterpretAsUInt8(substring(leftPad(assumeNotNull(t), 14, '0'), i, 1)) - 48)"
    total = f"arraySum(i -> {digit} * if(i % 2 = 1, 3, 1), range(1, 15))"
    valid = f"match(t, '^[0-9]+$') AND match(t, '[1-9]') AND length(t) IN ({lengths}) AND {total} % 10 = 0"
    return _let("t", number, f"if({valid}, leftPad(t, 14, '0'), t)")


def _let(name: str, value: str, expression: str) -> str:
    """SQL expression that computes `value` once under a name."""
    return f"arrayMap({name} -> {expression}, [{value}])[1]"


def _pattern(pattern: str) -> str:
    """A regular expression for RE2, in plain ASCII."""
    return _quoted("".join(c if " " <= c <= "~" else f"\\x{{{ord(c):x}}}" for c in pattern))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
