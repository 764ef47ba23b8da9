"""People who complain in tests, and the search for what would lead to them, in any bytes and in many disguises."""

from __future__ import annotations

import base64
from functools import cache
from itertools import count
from typing import NamedTuple

from suyuan.domain.privacy.numbers import identity_check

_NUMBERS = count(1)
_SURNAMES = "欧阳", "尉迟", "慕容", "皇甫", "令狐", "宇文", "鲜于", "轩辕", "公孙", "澹台"
_GIVEN = "骞翯", "飏焱", "曦玥", "翊铄", "琬琰", "珩璟", "霁霏", "熠燊", "祺麒", "昶旻"
_BEGIN = 5
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")


class Person(NamedTuple):
    """Somebody whose name and numbers nobody else has."""

    name: str
    phone: str
    identity: str
    card: str

    @property
    def told(self) -> str:
        """Their numbers as people write them into a text."""
        phone = f"{self.phone[:3]} {self.phone[3:7]}-{self.phone[7:]}"
        return f"退款到{self.card}，身份证{self.identity}，电话{self.phone}或 {phone}"


def person() -> Person:
    """Another one each time."""
    number = next(_NUMBERS)
    first = f"330106199{number % 10}0{1 + number % 9}1{number % 10}{700 + number:03}"
    card = f"62220212{45_670_000 + number:08}"
    total = sum(sum(divmod(int(digit) * (2 - at % 2), 10)) for at, digit in enumerate(reversed(card)))
    name = _SURNAMES[number % 10] + _GIVEN[number // 10 % 10] + _GIVEN[number % 10][0]
    return Person(name, f"139{86_420_000 + number:08}", first + identity_check(first), card + str(-total % 10))


def traces(text: str) -> set[bytes]:
    """What is in bytes that hold the text: in every encoding, as JSON escapes it, and any of these in hex or Base64."""
    plain = {text.encode(encoding) for encoding in ENCODINGS}
    plain.add(text.encode("unicode_escape"))
    found = set(plain)
    for each in plain:
        found |= {each.hex().encode(), each.hex().upper().encode()}
        for skipped in range(3):
            packed = base64.b64encode(b"\0" * skipped + each)
            found.add(packed[(skipped * 8 + 5) // 6 : (skipped + len(each)) * 8 // 6])
    return found


def found_in(held: bytes, people) -> list[str]:
    """Which of their names and numbers are there."""
    missing = {begin for begin in _begins(tuple(people)) if begin not in held}  # most are: one look for many
    return [
        text
        for each in people
        for text, looked_for in _traces_of(each)
        if any(trace[:_BEGIN] not in missing and trace in held for trace in looked_for)
    ]


@cache
def _traces_of(who: Person) -> list[tuple[str, set[bytes]]]:
    texts = (who.name, who.phone, who.identity, who.card, f"{who.phone[3:7]}-{who.phone[7:]}")
    return [(text, traces(text)) for text in texts]


@cache
def _begins(people: tuple[Person, ...]) -> set[bytes]:
    return {trace[:_BEGIN] for each in people for _, looked_for in _traces_of(each) for trace in looked_for}
