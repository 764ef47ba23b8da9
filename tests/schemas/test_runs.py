import resource
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.schemas import runs
from suyuan.schemas.events import decode_event, encode_event
from suyuan.schemas.framing import MAX_EVENT_BYTES, UnreadableEvent, frame
from suyuan.schemas.kinds import KINDS, event_schema
from suyuan.schemas.runs import decode_run


def outcome(kind, message):
    """What the message gives when read alone: the event, or None."""
    try:
        found, event = decode_event(message or b"")
    except UnreadableEvent:
        return None
    return event if found == kind else None


def rows_of(run):
    return {row.pop("index"): row for row in run.rows.to_dicts()}


def alone(kind, messages):
    events = ((index, outcome(kind, message)) for index, message in enumerate(messages))
    return {index: event for index, event in events if event is not None}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_run_is_its_messages_each_read_alone(events_of, data, kind):
    events = data.draw(st.lists(events_of(kind), max_size=6))
    run = decode_run(kind, [encode_event(kind, event) for event in events])
    assert run.failures == []
    assert run.rows.drop("index").to_dicts() == events
    assert run.rows["index"].to_list() == list(range(len(events)))
    assert dict(run.rows.schema).keys() == {"index", *(field.name for field in event_schema(kind).fields)}


def test_realistic_events_of_every_kind(market):
    for kind, events in market.items():
        run = decode_run(kind, [encode_event(kind, event) for event in events])
        assert run.failures == []
        assert run.rows.drop("index").to_dicts() == events


MUTATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, 10**6), st.integers(0, 255)),
        st.tuples(st.just("cut"), st.integers(0, 10**6), st.integers(1, 20)),
        st.tuples(st.just("insert"), st.integers(0, 10**6), st.binary(min_size=1, max_size=12)),
    ),
    min_size=1,
    max_size=3,
)


def mutated(message, mutations):
    out = bytearray(message)
    for how, place, what in mutations:
        at = place % (len(out) + 1)
        if how == "set":
            out[at : at + 1] = bytes([what])
        elif how == "cut":
            del out[at : at + what]
        else:
            out[at:at] = what
    return bytes(out)


@settings(max_examples=250, deadline=None)
@given(kind=st.sampled_from(("listing", "lot", "recall", "inspection", "day")), data=st.data())
def test_a_damaged_message_never_touches_its_neighbours(market, kind, data):
    pool = market[kind][:12]
    messages = [encode_event(kind, event) for event in pool]
    for victim in data.draw(st.lists(st.integers(0, len(pool) - 1), min_size=1, max_size=3)):
        messages[victim] = mutated(messages[victim], data.draw(MUTATIONS))
    run = decode_run(kind, messages)
    assert rows_of(run) == alone(kind, messages)
    failed = [failure.index for failure in run.failures]
    assert sorted(failed + run.rows["index"].to_list()) == list(range(len(messages)))
    assert failed == sorted(failed)


def test_a_short_and_a_long_message_do_not_make_up_for_each_other(market):
    """Cut anywhere: the total length stays right, the boundary is wrong."""
    first, second, third = (encode_event("shipment", event) for event in market["shipment"][:3])
    for cut in range(1, len(first) - 5):
        run = decode_run("shipment", [first[:-cut], second[:5] + first[-cut:] + second[5:], third])
        assert [failure.index for failure in run.failures][:1] == [0]
        assert rows_of(run)[2] == market["shipment"][2]


@pytest.mark.parametrize(
    ("message", "reason", "field"),
    [
        (None, "null value", None),
        (b"", "empty", None),
        (b"\x00\x00", "shorter", None),
        (b"\x07" + b"\x00" * 20, "magic", None),
        (b'{"kind": "day", "event_id": "E1"}', "this is JSON; expected is Avro", None),
        (b"\xef\xbb\xbf\n [1]", "this is JSON; expected is Avro", None),
        (b"\x00\x00\x00\x7f\xff" + b"\x00" * 20, "unknown schema id 32767", None),
        (b"\x00\x00\x00\x00\x0b" + b"x" * MAX_EVENT_BYTES, "too large", None),
        (frame(2, b"\x04E1\x02P\x02\x02C\x02n\x00\x00"), "entity event among day events", None),
        (frame(11, b"\x06\xff\xfe\xfd\x02P\x02\x02"), "UTF-8", "event_id"),
        (frame(11, b"\x04E1\x02P\x02\xfe\xff\xff\xff\x0f"), "outside 0001", "date"),
        (frame(11, b"\x04E1\x02P\x02\x80\x80\x80\x80\x20"), "outside 0001", "date"),
    ],
)
def test_the_culprit_alone_fails_with_reason_and_field(market, message, reason, field):
    good = [encode_event("day", event) for event in market["day"][:3]]
    run = decode_run("day", [good[0], message, *good[1:]])
    (failure,) = run.failures
    assert (failure.index, failure.field) == (1, field)
    assert reason in failure.reason
    assert rows_of(run) == dict(zip((0, 2, 3), market["day"][:3], strict=True))


def test_values_beyond_a_list_fail(market):
    complaint = market["complaint"][0]
    messages = [encode_event("complaint", complaint | {"channel": c}) for c in ("12315", "110", "other")]
    run = decode_run("complaint", messages)
    assert [(f.index, f.field) for f in run.failures] == [(1, "channel")]
    assert run.rows["channel"].to_list() == ["12315", "other"]


def test_arrays_in_several_or_sized_blocks_are_taken_as_avro_allows_them(market):
    recall = market["recall"][0]
    canonical = encode_event("recall", recall | {"lots": ["L1", "L2"]})
    for array in (b"\x02\x04L1\x02\x04L2\x00", b"\x03\x0c\x04L1\x04L2\x00"):
        other = canonical.replace(b"\x04\x04L1\x04L2\x00", array)
        assert other != canonical
        run = decode_run("recall", [canonical, other, canonical])
        assert run.failures == []
        assert run.rows["lots"].to_list() == [["L1", "L2"]] * 3


def test_long_arrays_are_taken(market):
    lots = [f"L{i}" for i in range(1000)]
    run = decode_run("recall", [encode_event("recall", market["recall"][0] | {"lots": lots})] * 2)
    assert run.rows["lots"].to_list() == [lots, lots]


def test_nothing_but_poison(market):
    poison = encode_event("day", market["day"][0]).replace(b"E", b"\xff")
    run = decode_run("day", [poison] * 100)
    assert run.rows.is_empty()
    assert [failure.index for failure in run.failures] == list(range(100))
    assert {failure.field for failure in run.failures} == {"event_id"}


def test_a_run_larger_than_one_block(market, monkeypatch):
    monkeypatch.setattr(runs, "MAX_BLOCK_BYTES", 1000)
    events = market["listing"][:40]
    run = decode_run("listing", [encode_event("listing", event) for event in events])
    assert run.rows.drop("index").to_dicts() == events


def test_an_event_of_the_largest_size(market):
    event = market["listing"][0] | {"title": ""}
    title = "题" * ((MAX_EVENT_BYTES - len(encode_event("listing", event)) - 3) // 3)
    run = decode_run("listing", [encode_event("listing", event | {"title": title})])
    assert run.rows["title"].to_list() == [title]


HOSTILE = """
from pathlib import Path
from suyuan.schemas.framing import frame
from suyuan.schemas.runs import decode_run

def varint(n):
    raw, out = (n << 1) ^ (n >> 63), bytearray()
    while raw > 0x7F:
        out.append(raw & 0x7F | 0x80)
        raw >>= 7
    return bytes([*out, raw])

numbers = [1 << e for e in (20, 31, 40, 50, 62)] + [(1 << 63) - 1, -1, -(1 << 31), -(1 << 62), -(1 << 63)]
head = b"\\x04E1\\x02P\\x02"
for n in map(varint, numbers):
    recall = head + b"\\x02R\\x02C\\x02G"
    lot = head + b"\\x02C\\x02G\\x02L\\x02\\x00\\x02"
    bodies = {"lot": [lot + n, lot + n + b"\\x02" * 99]}
    bodies["recall"] = [n, n + b"xyz", recall + n, recall + n + b"\\x02L" * 9]
    bodies["recall"] += [recall + varint(-2) + n + b"\\x02A\\x02B\\x00"]
    for kind, number in (("recall", 8), ("lot", 5)):
        run = decode_run(kind, [frame(number, body) for body in bodies[kind]])
        assert run.rows.is_empty() and len(run.failures) == len(bodies[kind]), run
# not ru_maxrss, which begins at what the process that started this one had
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(status["VmHWM"].split()[0])
"""


def test_hostile_lengths_neither_crash_nor_take_memory():
    limit = 8 << 30

    def confined():
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-c", HOSTILE], capture_output=True, text=True, check=False, preexec_fn=confined
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert int(done.stdout) < 400_000  # KiB
