"""Cells that a spreadsheet has spoilt: damage to a number that was text. It is not fraud, and cannot be undone.

A guess from the look of a cell, in normal form or raw: for messages to publishers and on alerts, not for verdicts.
"""

from __future__ import annotations

import re

_DAMAGE = {
    r"[0-9](?:\.[0-9]+E\+?|E\+)[0-9]{1,3}": "a spreadsheet has turned it into a rounded number",
    r"[1-9][0-9]{14}00+": "a spreadsheet has rounded it to 15 digits",
    r"[0-9]+\.0+": "a number type has added a decimal part",
    r"=.*": "it is written as a spreadsheet's formula",
    r"'.*": "a spreadsheet's apostrophe stands before it",
    r"#(?:REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|#+)": "it is a spreadsheet's error",
}
_REMEDIES = {"'.*": "write the number alone", "=.*": "write the number alone"}
_REMEDY = "export the column as text"
_FLAGS = re.ASCII | re.IGNORECASE
_PATTERNS = [(re.compile(pattern, _FLAGS), what, _REMEDIES.get(pattern, _REMEDY)) for pattern, what in _DAMAGE.items()]
_SPOILT = re.compile("|".join(f"(?:{pattern})" for pattern in _DAMAGE), _FLAGS)


def damage(text: str) -> tuple[str, str] | None:
    """(what a spreadsheet did to a cell, what to do about it), or None where it does not look so."""
    if not looks_spoilt(text):
        return None
    return next(((what, remedy) for pattern, what, remedy in _PATTERNS if pattern.fullmatch(text)), None)


def looks_spoilt(text: str) -> bool:
    """Whether `damage` finds something in a cell."""
    if text.isalnum() and not text.endswith("00"):  # most cells: a tenth of the time of the patterns
        return False
    return _SPOILT.fullmatch(text) is not None
