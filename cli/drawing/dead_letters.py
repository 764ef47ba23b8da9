"""Dead letters on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from suyuan.cli.drawing.records import Column, Records
from suyuan.cli.drawing.words import clean, moment

_DUMPED = 4096
"""bytes of a payload that are drawn"""
_OUTCOMES = {None: "not in the tables yet", "dead": "a dead letter again"}


def identity(letter: Mapping[str, Any]) -> str:
    """What names it, as `Place` reads it."""
    return f"{letter['topic']}:{letter['source_partition']}:{letter['source_offset']}"


_COLUMNS = (Column("id"), Column("received"), Column("bytes", right=True), Column("state"), Column("reason", "text"))


def draw_dead_letters(letters: Iterable[Mapping[str, Any]]) -> Records:
    """One of each."""
    return Records(
        _COLUMNS,
        (
            {
                "id": clean(identity(letter)),
                "received": moment(letter["received_at"]),
                "bytes": f"{letter['payload_bytes']:,}",
                "state": "replayed" if letter["replays"] else "open",
                "reason": reason(letter),
            }
            for letter in letters
        ),
    )


def reason(letter: Mapping[str, Any]) -> str:
    """Field and reason."""
    return clean(f"{letter['field']}: {letter['reason']}" if letter["field"] else letter["reason"])


def draw_dead_letter(letter: Mapping[str, Any], replays: Iterable[Mapping[str, Any]], payload: bytes) -> Iterator[str]:
    """All about one, line by line."""
    key = letter["key"]
    yield f"id         {clean(identity(letter))}"
    yield f"received   {moment(letter['received_at'])}"
    yield f"kind       {clean(letter['kind'])}"
    yield f"reason     {reason(letter)}"
    yield f"key        {'none' if key is None else _text(bytes.fromhex(key))}"
    yield f"bytes      {letter['payload_bytes']:,}"
    if letter["withheld"]:
        yield f"withheld   key and bytes, since a {clean(letter['kind'])} may name a person; only the topic has them"
        yield f"sha256     {letter['sha256'] or 'not known'}"
    for replay in replays:
        offset = replay["replayed_offset"]
        where = f"partition {replay['replayed_partition']}" + ("" if offset is None else f" at offset {offset}")
        how = "corrected, to" if replay["edited"] else "to"
        told = _OUTCOMES.get(replay["outcome"], replay["outcome"])
        yield f"replayed   {moment(replay['replayed_at'])} {how} {where}: {told}"
    if letter["withheld"]:
        return
    yield ""
    for at in range(0, min(len(payload), _DUMPED), 16):
        part = payload[at : at + 16]
        seen = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        yield f"{at:08x}  {part.hex(' '):47}  {seen}"
    if letter["payload_bytes"] > _DUMPED:
        yield f"… {letter['payload_bytes'] - _DUMPED:,} bytes more; --as raw writes all of them"


def _text(data: bytes) -> str:
    return clean(data.decode("utf-8", "replace"))
