"""Which of two versions of a record is the later one, where they are kept.

Versions come in the order in which their home sent them, but for what a former owner of the home's partition sends
late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from suyuan.domain.records import Event

if TYPE_CHECKING:
    from suyuan.streams.stage import StateView

_EVENT = msgspec.json.Decoder(Event)
_GONE = b"gone\x1f"
"""before the state key of records that were taken away: recency of the latest"""
_GONE_AT = msgspec.json.Decoder(tuple[int, str, str, int])


def looked_for(state_key: bytes) -> tuple[bytes, bytes]:
    """The keys that `keep` reads for a record under this state key, for whoever keeps many and reads all at once."""
    return state_key, _GONE + state_key


def keep(state_key: bytes, record: Event, body: str, state: StateView, *, retracted: bool = False) -> bool:
    """Keep a record under a state key, or with `retracted` remove it, unless a later version is there, or was there and
    was removed. Returns whether this one is the latest. `body`: the record as JSON.
    """
    (_, marker), coming, held = looked_for(state_key), record.recency, state.get(state_key)
    if held is not None and _EVENT.decode(held).recency > coming:
        return False
    gone = state.get(marker)
    if gone is not None and _GONE_AT.decode(gone) >= coming:
        return False
    if retracted:
        state.delete(state_key)
        state.put(marker, msgspec.json.encode(coming))
    else:
        state.put(state_key, body.encode())
    return True
