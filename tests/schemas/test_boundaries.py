import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.schemas.boundaries import MAX_ITEMS, proven, walk_of
from suyuan.schemas.events import encode_body
from suyuan.schemas.fields import record_fields
from suyuan.schemas.kinds import KINDS, event_schema


def walk(*types):
    fields = [{"name": f"f{i}", "type": avro} for i, avro in enumerate(types)]
    return walk_of(record_fields({"type": "record", "name": "r", "fields": fields}))


STRINGS = {"type": "array", "items": "string"}
PAIR = {
    "type": "record",
    "name": "p",
    "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": "long"}],
}
ENUM = {"type": "enum", "name": "e", "symbols": ["x", "y"]}
DATE = {"type": "int", "logicalType": "date"}


@given(data=st.data(), kind=st.sampled_from(KINDS))
@settings(deadline=None)
def test_canonical_events_are_proven_and_their_pieces_are_not(events_of, data, kind):
    schema = event_schema(kind)
    body = encode_body(schema, data.draw(events_of(kind)))
    cut = data.draw(st.integers(0, len(body) - 1))
    joined = proven(walk_of(schema.fields), [body, body[:cut], body[cut:], body + b"\x00", body])
    assert joined.tolist()[0] is True
    assert joined.tolist()[1] is False
    assert joined.tolist()[3:] == [False, True]


@given(data=st.data(), kind=st.sampled_from(KINDS))
@settings(deadline=None)
def test_what_is_proven_of_an_event_does_not_depend_on_its_neighbours(events_of, data, kind):
    """What all events of a run have in common makes short work of a field."""
    schema = event_schema(kind)
    bodies = [encode_body(schema, data.draw(events_of(kind))) for _ in range(data.draw(st.integers(1, 4)))]
    for at, body in enumerate(bodies):
        place, byte = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 255))
        bodies[at] = data.draw(st.sampled_from([body, body[:place], body[:place] + bytes([byte]) + body[place + 1 :]]))
    walk = walk_of(schema.fields)
    assert proven(walk, bodies).tolist() == [proven(walk, [body]).item() for body in bodies]


@pytest.mark.parametrize(
    ("avro", "body"),
    [
        ("long", b"\x80\x00"),
        ("long", b"\xff" * 9 + b"\x02"),
        ("long", b"\x80" * 20),
        ("string", b"\x04a"),
        ("string", b"\x01"),
        ("string", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("string", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ("boolean", b"\x02"),
        (DATE, b"\x80\x80\x80\x80\x10"),
        (ENUM, b"\x01"),
        (ENUM, b"\x04"),
        (["null", "string"], b"\x04\x00"),
        (["null", "string"], b"\x01\x00"),
        (["null", "string"], b"\x02"),
        (STRINGS, b""),
        (STRINGS, b"\x02\x02a"),
        (STRINGS, b"\x02\x02a\x02\x02b\x00"),
        (STRINGS, b"\x01\x04\x02a\x00"),
        (STRINGS, b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        ({"type": "array", "items": PAIR}, b"\x02\x02a\x00"),
        (PAIR, b"\x02a"),
    ],
)
def test_anything_but_the_canonical_form_is_not_proven(avro, body):
    """Also not when zero bytes follow, or a neighbour would complete it."""
    assert proven(walk(avro), [body]).tolist() == [False]
    assert proven(walk(avro), [body, b"\x00\x00"]).tolist()[0] is False
    assert proven(walk(avro, avro), [body + b"\x00"]).tolist() == [False]


@pytest.mark.parametrize(
    ("avro", "body"),
    [
        ("long", b"\xff" * 9 + b"\x01"),
        (DATE, b"\xff\xff\xff\xff\x0f"),
        (STRINGS, b"\x00"),
        (STRINGS, b"\x04\x00\x02a\x00"),
        ({"type": "array", "items": PAIR}, b"\x02\x02a\x80\x01\x00"),
        (["null", STRINGS], b"\x02\x00"),
    ],
)
def test_the_canonical_form_is_proven(avro, body):
    assert proven(walk(avro), [body, body]).tolist() == [True, True]


def test_long_arrays_are_left_to_the_slow_way():
    assert proven(walk(STRINGS), [b"\xfe\x01" + b"\x00" * 128]).tolist() == [False]
    assert MAX_ITEMS < 127
