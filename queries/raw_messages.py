"""What a message that is no accepted event says of itself all the same, as SQL expressions of column `payload`.

Every kind of events begins with `event_id` and `publisher` (Avro texts: the length, doubled, as a varint of one or two
bytes, then UTF-8), behind a frame of five bytes. Of what is no event the expressions give some text or other.
"""

from __future__ import annotations

from suyuan.schemas.framing import HEADER_BYTES


def _byte(at: str) -> str:
    return f"toInt64(reinterpretAsUInt8(substring(payload, {at}, 1)))"


def _begin(at: str) -> str:
    """Where a text begins whose length is at a place."""
    return f"({at} + if({_byte(at)} < 128, 1, 2))"


def _length(at: str) -> str:
    first, second = _byte(at), _byte(f"{at} + 1")
    return f"intDiv(if({first} < 128, {first}, {first} - 128 + 128 * {second}), 2)"


def _text(at: str) -> str:
    return f"substring(payload, {_begin(at)}, {_length(at)})"


_FIRST = str(HEADER_BYTES + 1)
_SECOND = f"({_begin(_FIRST)} + {_length(_FIRST)})"
EVENT_ID = _text(_FIRST)
PUBLISHER = f"upper(trimBoth({_text(_SECOND)}))"
"""in capitals, without blanks around it"""
