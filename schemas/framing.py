"""Confluent's wire framing of one event: byte 0x00, schema id as a big-endian int32, the Avro body.

00 00 00 00 0b  04 45 31 ...
magic  id 11    body (a `day` event whose event_id is "E1")
"""

from __future__ import annotations

import struct

from suyuan.errors import SuyuanError

HEADER_BYTES = 5
MAX_EVENT_BYTES = 1 << 20
"""bytes of a whole message, header included"""

_HEADER = struct.Struct(">bi")
_BEFORE_JSON = b"\xef\xbb\xbf \t\r\n"
_JSON = (b"{", b"[", b'"')


class UnreadableEvent(SuyuanError, ValueError):
    """The bytes are not an event. `field`: the one at fault, where there is one."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(f"{field}: {reason}" if field else reason)
        self.reason = reason
        self.field = field


def frame_header(schema_id: int) -> bytes:
    """The five bytes before the body."""
    return _HEADER.pack(0, schema_id)


def frame(schema_id: int, body: bytes) -> bytes:
    """The message of a body."""
    return frame_header(schema_id) + body


def unframe(value: bytes) -> tuple[int, bytes]:
    """(schema id, body) of a message. Raises UnreadableEvent."""
    if not value:
        raise UnreadableEvent("empty")
    if len(value) > MAX_EVENT_BYTES:
        raise UnreadableEvent(f"too large: {len(value)} bytes, at most {MAX_EVENT_BYTES}")
    if value[:8].lstrip(_BEFORE_JSON)[:1] in _JSON:
        raise UnreadableEvent(
            "this is JSON; expected is Avro in Confluent's framing (byte 0x00, the schema's id in four bytes, the Avro "
            "body): send it with suyuan publish or suyuan.publishing, or with an Avro serialiser"
        )
    if value[0] != 0:
        raise UnreadableEvent(f"wrong magic byte 0x{value[0]:02x}, not 0x00")
    if len(value) < HEADER_BYTES:
        raise UnreadableEvent("shorter than its header of 5 bytes")
    return _HEADER.unpack_from(value)[1], value[HEADER_BYTES:]
