"""Ids of alerts, as they are read; `subject.py` makes them.

An alert about one listing has 32 hex digits. Of any other subject each bureau concerned has an alert of its own: 32 hex
digits of the rule and the subject, `-`, the bureau's division.
"""

from __future__ import annotations

import re

_ALERT = re.compile(r"[0-9a-f]{32}(-[0-9]{6})?")
_SEPARATOR = "-"


def is_alert_id(text: str) -> bool:
    """Whether some alert can be called so."""
    return _ALERT.fullmatch(text) is not None


def bureau_of(alert_id: str) -> str | None:
    """The bureau whose alert it is; None: it is about one listing, and keeps its id when the bureau changes."""
    return alert_id.partition(_SEPARATOR)[2] or None
