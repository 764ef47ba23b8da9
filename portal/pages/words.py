"""What pages say, in Chinese and in English: `words/zh.toml`, `words/en.toml`, and of a page's own
`words/<page>.zh.toml`, `words/<page>.en.toml`.

A text is named by its place in the file, `gap.lot_recalled`. `{name}` in it is filled in by whoever says it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from suyuan.domain.rules.catalogue import built_in_rules

LANGUAGES = ("zh", "en")
"""the first is that of whoever asks for none"""
TAGS = {"zh": "zh-CN", "en": "en"}
"""of each language, as `lang` has it"""


class UnknownWord(LookupError):
    """A page wants to say something for which there are no words."""


class Words:
    """The texts of one language."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __call__(self, key: str, **values: Any) -> str:
        """The text of that name. Raises UnknownWord."""
        text = self._texts.get(key)
        if text is None:
            raise UnknownWord(f"no word {key!r} in {self.language}")
        return text.format_map(values) if values else text

    def of(self, group: str, name: object) -> str:
        """The word of a value that data have, `of("verdict", "broken")`; the value itself where there is none."""
        return self._texts.get(f"{group}.{name}", "" if name is None else str(name))


@cache
def words(language: str) -> Words:
    """All texts of a language; titles of rules are those of the rules that ship with the product. Raises ValueError
    for a text that two files have.
    """
    texts = {f"rule.{rule.id}": getattr(rule, f"title_{language}") for rule in built_in_rules()}
    for file in sorted(files(__package__).joinpath("words").iterdir(), key=lambda file: file.name):
        if file.name == f"{language}.toml" or file.name.endswith(f".{language}.toml"):
            for key, text in _flat(tomllib.loads(file.read_text(encoding="utf-8"))):
                if key in texts:
                    raise ValueError(f"{file.name}: {key} is said elsewhere too")
                texts[key] = text
    return Words(language, texts)


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
