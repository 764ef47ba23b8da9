"""What would mend each gap: a text for the platform that shows the listing, in Chinese and in English."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Mending:
    """`fields`: of the listing, that the platform may have to publish anew; none where only others can mend it.
    `how_*`: what to do; `proof_*`: what shows that it is mended.
    """

    fields: tuple[str, ...]
    how_zh: str
    how_en: str
    proof_zh: str
    proof_en: str

    def how(self, language: str) -> str:
        """In zh or en."""
        return self.how_zh if language == "zh" else self.how_en

    def proof(self, language: str) -> str:
        """In zh or en."""
        return self.proof_zh if language == "zh" else self.proof_en


@cache
def mendings() -> Mapping[str, Mending]:
    """By gap, for all that there are."""
    text = files(__package__).joinpath("mending.toml").read_text(encoding="utf-8")
    return MappingProxyType(
        {gap: Mending(tuple(table.pop("fields")), **table) for gap, table in tomllib.loads(text).items()}
    )
