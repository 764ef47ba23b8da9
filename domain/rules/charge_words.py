"""The reason of a charge (`jurisdiction.py`) as people read it, in Chinese and in English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from suyuan.domain.divisions import last_name

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["zh", "en"]

ARROW = " → "
_WORDS: dict[Language, dict[str, str]] = {
    "zh": {
        "unknown:seller": "卖家所在区划不明",
        "unknown:producer": "生产者所在区划不明",
        "seller": "卖家所在区划 {place}",
        "producer": "生产者所在区划 {place}",
        "successor": "现区划 {place}",
        "level:county": "县级 → {place}",
        "level:city": "市级 → {place}",
        "level:province": "省级 → {place}",
        "level:nation": "国家级 → {place}",
        "handled_by": "由 {place} 办理",
        "circle": "其登记又指回 {place}，到此为止",
        "too_far": "其登记再指向 {place}，已转三次，到此为止",
        "nation": "国家级 {place}",
    },
    "en": {
        "unknown:seller": "seller's division not known",
        "unknown:producer": "producer's division not known",
        "seller": "seller's division {place}",
        "producer": "producer's division {place}",
        "successor": "now {place}",
        "level:county": "county level → {place}",
        "level:city": "city level → {place}",
        "level:province": "province level → {place}",
        "level:nation": "national level → {place}",
        "handled_by": "handled by {place}",
        "circle": "whose record leads back to {place}: it ends here",
        "too_far": "whose record leads on to {place}, after three already: it ends here",
        "nation": "the national bureau {place}",
    },
}


def charge_in_words(why: str, language: Language, names: Mapping[str, str] | None = None) -> str:
    """The reason of a charge in words, one step after the other, as 卖家所在区划 330108 滨江区 → 市级 → 330100 杭州市.

    names: what bureaus are called, by division, as their records say; without: as the table of divisions calls the
    place, in Chinese. A word that is not known, as of a later version, stands as it is.
    """
    return ARROW.join(_step(word, language, names or {}) for word in why.split())


def _step(word: str, language: Language, names: Mapping[str, str]) -> str:
    words = _WORDS[language]
    if word in words:
        return words[word]
    what, _, code = word.rpartition(":")
    if what not in words:
        return word
    name = names.get(code) or last_name(code)
    return words[what].format(place=f"{code} {name}" if name else code)
