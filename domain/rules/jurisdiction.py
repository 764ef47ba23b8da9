"""The bureau in charge of what a rule says, and how it was found.

A bureau is named by its administrative division (GB/T 2260), or by the code of a development zone. Which it is depends
on the rule, the two divisions and the bureau records alone: not on the day on which it is asked.

The reason is a text that is the same in every language: words joined by blanks, each `what:code`, in the order in which
they were arrived at.

    reason = {unknown} ( party [successor] [level] {handled_by} [stop]  |  nation )

| word                 | says                                                                                |
|----------------------|-------------------------------------------------------------------------------------|
| `unknown:producer`   | the producer's division is not known; so with seller                                |
| `seller:330103`      | it is the seller's division, as it stands in the chain; so with producer            |
| `successor:330105`   | the division that took the place of that one, which is no more                      |
| `level:city:330100`  | the one that it lies in, of the level that the rule asks for                        |
| `handled_by:330191`  | the record of the bureau before names this one                                      |
| `circle:330100`      | the record of the bureau before names one that the way came by: it goes no further  |
| `too_far:330102`     | the record of the bureau before names this one, after three already: the same       |
| `nation:100000`      | neither division is known: the national bureau                                      |

The code of the last word is the bureau in charge, but that of a stop (circle, too_far), which is the one not taken.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from suyuan.domain.divisions import AFTER_ALL_CHANGES, NATION, at_level, successor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from suyuan.domain.divisions import Level
    from suyuan.domain.records import Bureau
    from suyuan.domain.rules.rule import Jurisdiction

NOBODY = f"nation:{NATION}"
"""the last word of a reason where neither division is known"""
MOST_STEPS = 3
"""from bureau to bureau by `handled_by`"""
_NO_CODE = re.compile(r"[^0-9A-Za-z]")


class Charge(NamedTuple):
    """`bureau`: the division, or zone, of the bureau in charge; `why`: the reason, in the words above."""

    bureau: str
    why: str


class Bureaus:
    """The bureau records of now, and who is in charge by them. Answers are kept: of a million findings few differ in
    what is asked. Two of the same records are not equal; whoever makes one keeps it.
    """

    def __init__(self, records: Iterable[Bureau] = ()) -> None:
        self.records: Mapping[str, Bureau] = {record.division: record for record in records}
        self.charge = lru_cache(maxsize=1 << 14)(self._charge)

    def _charge(
        self, jurisdiction: Jurisdiction, level: Level, seller_division: str | None, producer_division: str | None
    ) -> Charge:
        return charge(jurisdiction, level, seller_division, producer_division, self.records)


def charge(
    jurisdiction: Jurisdiction,
    level: Level,
    seller_division: str | None,
    producer_division: str | None,
    bureaus: Mapping[str, Bureau],
) -> Charge:
    """Who is in charge under a rule's `jurisdiction` and `level`, of a chain with these divisions.

    It is the bureau of the division of the party that the rule names, or where that is not known, of the other. A
    division that is no more is followed to its successor, unless there is a record of its bureau (a zone, which the
    table of divisions does not know, or a bureau that was merged): that is asked first. Of the division of the level
    wanted, the bureau's record may name another one that does its work, and so on, three times at most and never back.

    bureaus: by division
    """
    divisions = {"seller": seller_division, "producer": producer_division}
    words: list[str] = []
    for party in (jurisdiction, "seller" if jurisdiction == "producer" else "producer"):
        division = divisions[party]
        heir = successor(division, AFTER_ALL_CHANGES) if division else None
        if division and division in bureaus and level == "county" and heir != division:
            words.append(f"{party}:{division}")
            return _handled(division, words, bureaus)
        if division and heir:
            words.append(f"{party}:{_NO_CODE.sub('', division)}")
            if heir != division:
                words.append(f"successor:{heir}")
            placed = at_level(heir, level, AFTER_ALL_CHANGES)
            if placed != heir:
                words.append(f"level:{level}:{placed}")
            return _handled(placed, words, bureaus)
        words.append(f"unknown:{party}")
    return Charge(NATION, " ".join([*words, NOBODY]))


def _handled(division: str, words: list[str], bureaus: Mapping[str, Bureau]) -> Charge:
    """The charge, where the bureau of that division leads to."""
    way = [division]
    while (record := bureaus.get(way[-1])) is not None and record.handled_by is not None:
        if record.handled_by in way:
            words.append(f"circle:{record.handled_by}")
            break
        if len(way) > MOST_STEPS:
            words.append(f"too_far:{record.handled_by}")
            break
        words.append(f"handled_by:{record.handled_by}")
        way.append(record.handled_by)
    return Charge(way[-1], " ".join(words))
