"""Administrative divisions of China (GB/T 2260), with the years in which each code was in use.

The table is python-stdnum's `cn/loc`, made from the tables of Wikipedia. It names years, not days, and no
successors: these are inferred from names (see `successor`).
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import polars as pl
from stdnum import numdb

Level = Literal["county", "city", "province", "nation"]

NATION = "100000"
"""The whole country: the division of codes that a national authority registers."""
AFTER_ALL_CHANGES = dt.date.max
"""A day on which every change that the table knows of has happened: what is asked of this day has the same answer
whenever it is asked."""

_PART = re.compile(r"(?:\[(\d*)-(\d*)\])?(.+)")
_HEADINGS = {
    "市辖区",
    "县",
    "省直辖县级行政单位",
    "省直辖县级行政区划",
    "自治区直辖县级行政单位",
    "自治区直辖县级行政区划",
}
"""What stands in place of a prefecture above counties that lie directly in their province, and above districts."""
_COLLECTIVE = {*_HEADINGS, "郊区", "城区", "矿区", "市区"}
"""Headings and words for a part of a town: not names that say which place is meant."""
_DAUGHTERS = {"44": "46", "51": "50"}
"""Provinces that were parted from another: Hainan from Guangdong (1988), Chongqing from Sichuan (1997)."""
_RENAMED = {
    "152300": "150500",  # 哲里木盟, 通辽市
    "152400": "150400",  # 昭乌达盟, 赤峰市
    "152700": "150600",  # 伊克昭盟, 鄂尔多斯市
    "342200": "341300",  # 宿县地区, 宿州市
    "342300": "341100",  # 滁县地区, 滁州市
    "352500": "350600",  # 龙溪地区, 漳州市
    "422600": "420300",  # 郧阳地区, 十堰市
    "432900": "431100",  # 零陵地区, 永州市
    "500234": "500154",  # 开县, 开州区
    "511200": "500101",  # 万县市, 万州区
    "512200": "511200",  # 万县地区, 万县市
    "513000": "511700",  # 达川地区, 达州市
    "642100": "640300",  # 银南地区, 吴忠市
}
"""Where the name did not carry on either."""
_PEOPLES = (
    "各族|蒙古族|回族|藏族|维吾尔|苗族|彝族|壮族|布依族|朝鲜族|满族|侗族|瑶族|白族|土家族|哈尼族|哈萨克|傣族|黎族|傈僳族|佤族|畲族|"
    "拉祜族|水族|东乡族|纳西族|景颇族|柯尔克孜|土族|达斡尔族|仫佬族|羌族|布朗族|撒拉族|毛南族|仡佬族|锡伯|塔吉克|怒族|"
    "鄂温克族|裕固族|独龙族|鄂伦春|普米族|德昂族|保安族"
)
_RANK = re.compile(rf"(?<=..)(?:{_PEOPLES})*(?:自治州|自治县|自治旗|新区|地区|区|县|市|盟|旗|州)$")


@dataclass(frozen=True, slots=True)
class Term:
    """A name that a code had from one year to another, both included; None where open."""

    name: str
    since: int | None
    until: int | None

    def covers(self, year: int) -> bool:
        """Whether the code bore this name in that year."""
        return (self.since is None or self.since <= year) and (self.until is None or year <= self.until)


def was_ever_division(code: str) -> bool:
    """Whether the six digits are or ever were a division."""
    return code in _terms()


def division_name(code: str, on: dt.date) -> str | None:
    """Name of a division on a day; None when the code was not in force in that year.

    In the year of a change, the newer name.
    """
    term = next((term for term in reversed(_terms().get(code, ())) if term.covers(on.year)), None)
    return term.name if term else None


def last_name(code: str) -> str | None:
    """Name of a division, of a retired one the last that it had; None for what never was one."""
    terms = _terms().get(code)
    return terms[-1].name if terms else None


@lru_cache(maxsize=16_384)
def successor(code: str, on: dt.date) -> str | None:
    """The division in force on a day that takes the place of a code: the code itself while it is in force.

    Else the one that carried its name on in the next year, within the prefecture if one does, or the only one of its
    level in the province (110221 昌平县 -> 110114 昌平区); and on from there, if that retired too. Where no name was
    carried on (merged districts, unknown codes): the prefecture (xxxx00) or its successor, then the province. None when
    not even the province is known.
    """
    tried: set[str] = set()
    current: str | None = code
    while current and current not in tried:
        if division_name(current, on):
            return current
        tried.add(current)
        current = _namesake(current, on.year)
    prefecture, province = f"{code[:4]}00", f"{code[:2]}0000"
    if prefecture != code and prefecture in _terms():
        above = successor(prefecture, on)
        if above and division_name(above, on) not in _COLLECTIVE:
            return above
    return province if division_name(province, on) else None


def at_level(code: str, level: Level, on: dt.date) -> str:
    """The division of a level that a division in force lies in; itself where it is of that level, or of a higher one.

    Districts of the four municipalities, and counties directly in a province, lie in no city: it is the province then.
    Headings of the table (330101 and 110100 市辖区, 469000 省直辖县级行政单位) are no places: it is the one around it.
    """
    prefecture, province = f"{code[:4]}00", f"{code[:2]}0000"
    if level == "nation":
        return NATION
    if level == "province":
        return province
    for here in (code, prefecture) if level == "county" else (prefecture,):
        name = division_name(here, on)
        if name is not None and name not in _HEADINGS:
            return here
    return province


def provinces(on: dt.date) -> list[str]:
    """First two digits of every province in force on a day, and of the whole country: those of the codes that have a
    `successor` then. The others have none.
    """
    return sorted(code[:2] for code in _terms() if code.endswith("0000") and division_name(code, on))


def division_of_code(code: str | None, on: dt.date) -> str | None:
    """Division in force on a day for a credit code (its characters 3-8); None where there is none."""
    return successor(code[2:8], on) if code else None


def successors(divisions: pl.Series, on: dt.date) -> pl.Series:
    """`successor` of each division of a text column, worked out once for each distinct value."""
    distinct = divisions.unique().drop_nulls()
    current = pl.Series([successor(code, on) for code in distinct], dtype=pl.String)
    return divisions.replace_strict(distinct, current, default=None, return_dtype=pl.String)


def divisions_of_codes(codes: pl.Series, on: dt.date) -> pl.Series:
    """`division_of_code` of each credit code of a text column."""
    return successors(codes.str.slice(2, 6), on)


@cache
def _terms() -> dict[str, tuple[Term, ...]]:
    """Names of every code, oldest first."""
    terms: dict[str, tuple[Term, ...]] = {NATION: (Term("国家", None, None),)}
    for _, province, _, _, counties in numdb.get("cn/loc").prefixes:
        for _, low, _, properties, _ in counties:
            terms[province + low] = tuple(map(_term, properties["county"].split(",")))
    return terms


def _term(text: str) -> Term:
    match = _PART.fullmatch(text)
    if match is None:
        raise ValueError(f"not a dated name of a division: {text!r}")
    since, until, name = match.groups()
    return Term(name, int(since) if since else None, int(until) if until else None)


@cache
def _namesakes() -> dict[tuple[str, str], list[tuple[str, Term]]]:
    """Codes and their terms by (province, name without rank)."""
    found: dict[tuple[str, str], list[tuple[str, Term]]] = defaultdict(list)
    for code, terms in _terms().items():
        for term in terms:
            found[code[:2], _stem(term.name)].append((code, term))
    return found


def _stem(name: str) -> str:
    return _RANK.sub("", name)


def _namesake(code: str, year: int) -> str | None:
    """The code that carried the name on in the year of, or after, the retirement of this one."""
    ended = [term for term in _terms().get(code, ()) if term.until is not None and term.until <= year]
    if not ended or ended[-1].name in _COLLECTIVE:
        return None
    if code in _RENAMED:
        return _RENAMED[code]
    last = ended[-1]
    after = (last.until or 0) + 1
    for province in (code[:2], _DAUGHTERS.get(code[:2], "")):
        namesakes = _namesakes().get((province, _stem(last.name)), ())
        heirs = {heir: term.name for heir, term in namesakes if heir != code and term.covers(after)}
        near = [heir for heir in heirs if heir[:4] == code[:4]]
        level = [heir for heir in heirs if _is_prefecture(heir) == _is_prefecture(code)]
        unchanged = [heir for heir in level if heirs[heir] == last.name]
        for choice in (near, unchanged, level, list(heirs)):
            if len(choice) == 1:
                return choice[0]
    return None


def _is_prefecture(code: str) -> bool:
    return code.endswith("00")
