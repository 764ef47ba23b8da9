from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from suyuan.streams.state.key_digest import KeyDigest
from suyuan.streams.state.position import Position, decode_position, encode_position
from suyuan.streams.transport.life import Life

AT = ("in.listing", 3)
AGAIN = st.tuples(st.booleans(), st.integers(0, 30), st.integers(0, 20))
"""(another log, or the end of this one lost; first offset; events read then)"""


@given(st.lists(AGAIN, max_size=6), st.booleans())
def test_what_orders_the_versions_of_a_listing_goes_on_rising_over_every_life(lives, rebuilt):
    position, greatest, log = Position(1), -1, 0
    for another, first_offset, events in lives:
        log += another
        first = 0 if another else min(first_offset, position.life(AT).reached)
        position = position.begun_anew(AT, str(log), first, 0)
        if rebuilt:
            position = position.forgotten()
        for offset in range(first, first + events):
            position = position.advanced(1, {AT: offset}, lambda _, log=log: str(log))
            assert position.life(AT).passed + offset > greatest
            greatest = position.life(AT).passed + offset
        assert position.applied.get(AT, -1) < first + events
        position = decode_position(encode_position(position))
        assert position.life(AT).log == str(log)


def test_what_others_saw_of_a_log_counts():
    position = Position(1, {AT: 4}).begun_anew(AT, "log", 5, reached=20)
    assert position == Position(1, {AT: 4}, {AT: Life("log", 15, 5)})


def test_the_position_of_a_former_version():
    position = decode_position(b'{"format":1,"epoch":2,"applied":[["in.listing",3,41]]}')
    assert position == Position(2, {AT: 41})
    assert position.life(AT) == Life(reached=42)
    assert position.advanced(2, {AT: 42}, lambda _: "log").life(AT) == Life("log", 0, 43)


def test_a_digest_of_keys_by_another_hash_is_not_compared():
    position = decode_position(b'{"format":3,"epoch":2,"applied":[],"keys":[1911,8]}')
    assert position.keys is None
    assert decode_position(encode_position(Position(2, keys=KeyDigest(1911, 8)))).keys == KeyDigest(1911, 8)
