"""Which format and which kind of event a file holds, by its name."""

from __future__ import annotations

import re
from pathlib import Path

from suyuan.schemas.kinds import KINDS

_PLURALS = {f"{kind}s": kind for kind in KINDS} | {"entities": "entity", "penalties": "penalty"}
_BY_NAME = {kind: kind for kind in KINDS} | _PLURALS
_CSV, _JSONL = {".csv"}, {".jsonl", ".ndjson", ".json"}


def kind_of(name: str) -> str | None:
    """'listing.csv', 'export/listings-2026.csv.gz' -> 'listing'; None where the name does not begin with a
    kind.
    """
    word = re.match(r"[a-z]+", Path(name).name.lower())
    return _BY_NAME.get(word[0]) if word else None


def is_csv(name: str, first: bytes) -> bool:
    """By suffix (.gz aside), else by the first line: JSON objects begin with a brace."""
    suffixes = set(Path(name.lower().removesuffix(".gz")).suffixes[-1:])
    if suffixes & (_CSV | _JSONL):
        return bool(suffixes & _CSV)
    return not first.lstrip().startswith(b"{")
