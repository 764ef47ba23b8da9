"""Where reading stops is said by the messages alone: not by how they came together, nor by restarts."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.domain.keys import SEPARATOR
from suyuan.streams.dead_letter_limit import DeadLetterLimit, TooManyDeadLetters, Unreadable, Verdict
from suyuan.streams.stages.dead_letters import publisher_in_key
from tests.streams.results import outcomes
from tests.streams.stages.part import Part, encoded
from tests.streams.stages.published import event
from tests.streams.world import World

SMALL = DeadLetterLimit(share=0.5, window=20)


def poisoned(unreadable):
    """Messages of in.lot, one per flag: unreadable where it is set."""
    return [b"\x00\x00\x00\x00\x63" if bad else encoded(event("lot", lot=f"L{n}")) for n, bad in enumerate(unreadable)]


def stop_of(unreadable, limit):
    """The first unreadable message that is one too many, by the definition; None: there is none."""
    for at, bad in enumerate(unreadable):
        if bad and sum(unreadable[max(0, at - limit.window + 1) : at + 1]) > limit.share * limit.window:
            return at
    return None


def verdicts(unreadable, limit, chance):
    """Of [(offset, publisher)], in order, up to the first that is one too many; cut anywhere by restarts."""
    account, found = Unreadable(limit), []
    for offset, publisher in unreadable:
        if chance.random() < 0.3:
            account = Unreadable(limit, account.dump())
        found.append(account.note(offset, publisher))
        if found[-1] is Verdict.BEYOND:
            break
        assert account.count <= limit.window
    return found


@given(st.lists(st.booleans(), max_size=80), st.integers(1, 12), st.sampled_from([0.1, 0.5, 0.75, 1.0]), st.randoms())
def test_the_first_beyond_is_that_of_the_definition_however_it_is_cut(unreadable, window, share, chance):
    limit = DeadLetterLimit(share, window)
    offsets = np.flatnonzero(unreadable).tolist()
    found = verdicts([(offset, None) for offset in offsets], limit, chance)
    assert Verdict.SET_ASIDE not in found
    stop = stop_of(unreadable, limit)
    assert (offsets[len(found) - 1] if Verdict.BEYOND in found else None) == stop


@given(st.lists(st.sampled_from([None, "good", "good", "X", "Y", "Z"]), max_size=120), st.randoms())
def test_what_is_set_aside_does_not_depend_on_how_it_is_cut(messages, chance):
    unreadable = [(at, name) for at, name in enumerate(messages) if name != "good"]
    limit = DeadLetterLimit(0.5, 12)
    whole = verdicts(unreadable, limit, random.Random(0))
    assert verdicts(unreadable, limit, chance) == whole
    if len({name for _, name in unreadable}) == 1 and unreadable[0][1] is not None:
        assert Verdict.BEYOND not in whole, "one alone never stops the others"


def judged(messages, limit=SMALL):
    """Verdicts of a list of publishers; "good" can be read."""
    return verdicts([(at, name) for at, name in enumerate(messages) if name != "good"], limit, random.Random(1))


def test_a_publisher_that_floods_is_set_aside_and_let_back_when_it_mends():
    assert judged(["X"] * 1000) == [Verdict.COUNTED] * 10 + [Verdict.SET_ASIDE] * 990
    strays = judged((["X"] * 9 + ["Y"] + ["good"] * 5) * 30)
    assert Verdict.BEYOND not in strays, "strays of others are none too many"
    assert strays.count(Verdict.SET_ASIDE) > 200
    mended = judged(["X"] * 100 + ["good"] * 40 + ["Y"] * 100)
    assert mended[100:] == [Verdict.COUNTED] * 10 + [Verdict.SET_ASIDE] * 90, "then it may be another one's turn"


@pytest.mark.parametrize(
    "messages",
    [
        ["X", "Y"] * 500,
        ["X", "X", "X", "X", "Y"] * 500,  # one has the most, and the fault is everybody's
        ["X"] * 400 + ["Y"] * 400,
        [f"made up {number}" for number in range(1000)],
        [None] * 20,
    ],
)
def test_where_several_are_beyond_reading_stops(messages):
    assert Verdict.BEYOND in judged(messages)


def test_what_is_remembered_is_bounded_whatever_names_keys_hold():
    limit = DeadLetterLimit()
    account = Unreadable(limit)
    for offset in range(20_000):
        if offset % 5 < 2:  # 40 %
            account.note(offset, f"{offset:064}")
    assert len(account.dump()) < 100_000
    for offset in range(20_000, 40_000):
        account.note(offset, "X")
    assert len(account.dump()) < 100_000


@pytest.mark.parametrize("seed", range(6))
def test_what_is_done_before_the_stop_does_not_depend_on_batches_and_kills(seed):
    chance = random.Random(17)
    unreadable = [chance.random() < (0.1 if n < 150 else 0.8) for n in range(300)]
    stop = stop_of(unreadable, SMALL)
    batches = [(1, 3, 9), (5000,), (2, 40)][seed % 3]
    world = World(1, seed, crashes=0.3 * (seed % 2), batches=batches, dead_letter_limit=SMALL)
    for value in poisoned(unreadable):
        world.publish("in.lot", 0, None, value)
    for _ in range(3):  # the process starts again, and stops at the same place
        with pytest.raises(TooManyDeadLetters) as caught:
            world.drain()
        assert (caught.value.topic, caught.value.partition, caught.value.offset) == ("in.lot", 0, stop)
        assert world.position["in.lot", 0] <= stop
    found = outcomes(world)
    assert found == {("in.lot", 0, n): "dead" if unreadable[n] else "accepted" for n in range(stop)}


def test_one_in_a_thousand_and_a_small_file_of_errors_stop_nothing():
    limit, chance = DeadLetterLimit(), random.Random(1)
    nobodys = [(offset, None) for offset in range(0, 1_000_000, 1000)]
    assert set(verdicts(nobodys, limit, chance)) == {Verdict.COUNTED}
    assert verdicts([(n, None) for n in range(500)], limit, chance) == [Verdict.COUNTED] * 500
    assert verdicts([(n, None) for n in range(600)], limit, chance) == [Verdict.COUNTED] * 500 + [Verdict.BEYOND]
    every = [(n, None) for n in range(5000)]
    assert set(verdicts(every, DeadLetterLimit(share=1.0), chance)) == {Verdict.COUNTED}


def test_the_message_says_what_where_and_what_to_do():
    part = Part("intake", dead_letter_limit=SMALL)
    part.events("lot", *poisoned([True] * 8))
    with pytest.raises(TooManyDeadLetters) as caught:
        part.events("lot", *poisoned([True] * 8))
    said = str(caught.value)
    for piece in ("in.lot-0", "11 of the last 20", "offsets 0 to 10", "unknown schema id 99", "--accept-poison"):
        assert piece in said


def test_the_topics_of_a_partition_are_counted_apart():
    part = Part("intake", dead_letter_limit=SMALL)
    part.events("lot", *poisoned([True] * 8))
    part.events("recall", *poisoned([True] * 8))


def test_it_says_whose_they_are():
    world = World(1, dead_letter_limit=SMALL)
    for number in range(40):
        world.publish("in.listing", 0, f"P{number % 5}{SEPARATOR}L{number}".encode(), b"hello")
    with pytest.raises(TooManyDeadLetters, match=r"offsets 0 to 10, of P0 3, P1 2, P2 2 and 2 more publishers, mostly"):
        world.drain()


@pytest.mark.parametrize(
    ("kind", "key", "publisher"),
    [
        ("listing", b"P1\x1fL1", "P1"),
        ("lot", b"C1\x1fG\x1fL", "C1"),
        ("complaint", b"12315\x1f1", None),
        ("entity", b"C1", None),
        ("listing", None, None),
        ("listing", b"P1", None),
        ("listing", b"\x1fL1", None),
        ("listing", b"\xff\x1fL1", None),
        ("listing", b"a\nb\x1fL1", None),
        ("listing", b"x" * 65 + b"\x1fL1", None),
    ],
)
def test_keys_name_publishers(kind, key, publisher):
    assert publisher_in_key(kind, key) == publisher
